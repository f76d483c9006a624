package report

import (
	"io"
	"time"

	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/explain"
)

// jsonReport is what -o json writes: every field is always there.
type jsonReport struct {
	Made        time.Time        `json:"made"`
	Summary     summary          `json:"summary"`
	Connections []jsonConnection `json:"connections"`
	Workloads   []jsonWorkload   `json:"workloads"`
	Findings    []audit.Finding  `json:"findings"`
}

type jsonConnection struct {
	// Client names one of the clients, Namespaces all that fare alike; [] stands for every other namespace.
	Client     string      `json:"client"`
	Namespaces []string    `json:"namespaces"`
	Host       string      `json:"host"`
	Port       uint32      `json:"port"`
	State      audit.State `json:"state"`
	Gateway    string      `json:"gateway"`
	DecidedBy  string      `json:"decidedBy"`
	Why        string      `json:"why"`
	Exempt     string      `json:"exempt"`
	Was        audit.State `json:"was"`
	Policy     string      `json:"policy"`
	Fix        string      `json:"fix"`
	Path       any         `json:"path"`
}

type jsonWorkload struct {
	Namespace string       `json:"namespace"`
	Service   string       `json:"service"`
	Admits    audit.Admits `json:"admits"`
	MTLS      string       `json:"mtls"`
	DecidedBy []string     `json:"decidedBy"`
}

func writeJSON(w io.Writer, r report) error {
	out := jsonReport{Made: r.made.UTC(), Summary: r.summary(), Connections: []jsonConnection{}, Workloads: []jsonWorkload{}, Findings: append([]audit.Finding{}, r.findings...)}
	for _, c := range r.connections {
		remedy, _ := r.remedies.For(c)
		out.Connections = append(out.Connections, jsonConnection{
			Client: c.Client.String(), Namespaces: append([]string{}, c.Namespaces...), Host: c.Host, Port: c.Port, State: c.State, Gateway: c.Gateway,
			DecidedBy: c.DecidedBy(), Why: why(c), Exempt: c.Exempt, Was: r.was(c), Policy: remedy.Policy, Fix: remedy.Fix, Path: explain.JSON(c.Path),
		})
	}
	for _, l := range r.workloads {
		out.Workloads = append(out.Workloads, jsonWorkload{l.Service.Namespace, l.Service.Name, l.Admits, l.MTLS, append([]string{}, l.DecidedBy...)})
	}
	return cli.WriteJSON(w, out)
}

package report

import (
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/internal/verified"
)

// summary is a report in figures.
type summary struct {
	Namespaces int `json:"namespaces"`
	// Ports are those of external hosts, BadPorts those to which anything leaves that somebody should do something about.
	Ports    int `json:"ports"`
	BadPorts int `json:"badPorts"`
	// Connections are what clients that fare alike send to one port, by state; those that are exempt are in Exempt alone.
	Connections map[audit.State]int  `json:"connections"`
	Exempt      int                  `json:"exempt"`
	Workloads   map[audit.Admits]int `json:"workloads"`
	Findings    map[string]int       `json:"findings"`
	// Overdue are the findings that wait for a partner for longer than they may.
	Overdue int `json:"overdue,omitempty"`
	// Verified is what a watch of the cluster's proxies found last, where it is asked for.
	Verified *verified.Round `json:"verified,omitempty"`
}

func (r report) summary() summary {
	s := summary{Namespaces: len(r.namespaces), Connections: map[audit.State]int{}, Workloads: map[audit.Admits]int{}, Findings: map[string]int{}, Verified: r.verified}
	type port struct {
		host string
		port uint32
	}
	ports := map[port]bool{}
	for _, c := range r.connections {
		at := port{c.Host, c.Port}
		if ports[at] = ports[at] || c.Bad(); c.Exempt != "" {
			s.Exempt++
		} else {
			s.Connections[c.State]++
		}
	}
	s.Ports = len(ports)
	for _, bad := range ports {
		if bad {
			s.BadPorts++
		}
	}
	for _, w := range r.workloads {
		s.Workloads[w.Admits]++
	}
	for _, f := range r.findings {
		if s.Findings[string(f.Action)]++; f.Overdue(r.made) {
			s.Overdue++
		}
	}
	return s
}

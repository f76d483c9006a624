package check

import (
	"io"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// jsonFinding is a Finding as the contract of `tlsward check -o json` has it: every field is always there.
type jsonFinding struct {
	Policy    string          `json:"policy"`
	Action    v1alpha1.Action `json:"action"`
	Object    jsonObject      `json:"object"`
	Client    string          `json:"client"`
	Host      string          `json:"host"`
	Port      uint32          `json:"port"`
	Message   string          `json:"message"`
	DecidedBy string          `json:"decidedBy"`
	// DecidedByFile and DecidedByLine are "" and 0 for an object of no file.
	DecidedByFile string `json:"decidedByFile"`
	DecidedByLine int    `json:"decidedByLine"`
	Fix           string `json:"fix"`
	File          string `json:"file"`
	Line          int    `json:"line"`
}

type jsonObject struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
}

// WriteJSON writes the findings as a JSON list, which is [] if there are none.
func WriteJSON(w io.Writer, findings []Finding) error { return cli.WriteJSON(w, toJSON(findings)) }

func toJSON(findings []Finding) []jsonFinding {
	list := make([]jsonFinding, 0, len(findings))
	for _, f := range findings {
		list = append(list, findingToJSON(f))
	}
	return list
}

func findingToJSON(f Finding) jsonFinding {
	head := f.Object.Head
	file, line := f.DecidedAt()
	return jsonFinding{
		Policy: f.Policy, Action: f.Action,
		Object: jsonObject{head.APIVersion, head.Kind, f.Object.Ref.Namespace, f.Object.Ref.Name},
		Client: f.Client, Host: f.Host, Port: f.Port,
		Message: admission.MergeClients([]policies.Violation{f.Violation})[0].Message, DecidedBy: f.DecidedBy, DecidedByFile: file, DecidedByLine: line, Fix: f.Fix,
		File: f.Object.File, Line: f.Line(),
	}
}

package check

import (
	"io"
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
)

// reportVersion is raised when a field of jsonReport changes its meaning or goes. New fields do not raise it.
const reportVersion = 1

// jsonReport is what `tlsward check -o json-report` writes: the list of `-o json`, with what was done beside it.
type jsonReport struct {
	Version  int           `json:"version"`
	Program  string        `json:"program"` // its version
	Summary  jsonSummary   `json:"summary"`
	Findings []jsonFinding `json:"findings"`
	// Errors name the objects that could not be read, with file and line.
	Errors []string `json:"errors"`
}

// jsonSummary counts as the text does: findings that differ in the client alone, which are several in the list, are one.
type jsonSummary struct {
	Objects   int `json:"objects"`   // that were judged
	Unread    int `json:"unread"`    // that could not be read
	Completed int `json:"completed"` // of the judged ones, by what the mutating webhook fills in
	Denials   int `json:"denials"`
	Warnings  int `json:"warnings"`
	Audited   int `json:"audited"`
	Known     int `json:"known"`    // findings of the baseline, which are left out
	PassedBy  int `json:"passedBy"` // documents that are no Kubernetes objects
}

func writeJSONReport(w io.Writer, r report, version string) error {
	errs := []string{}
	if r.broken != nil {
		errs = strings.Split(r.broken.Error(), "\n")
	}
	findings := Together(r.findings)
	return cli.WriteJSON(w, jsonReport{Version: reportVersion, Program: version, Findings: toJSON(r.findings), Errors: errs, Summary: jsonSummary{
		Objects: len(r.objects), Unread: r.lost, Completed: offline.Completed(r.objects), Denials: count(findings, v1alpha1.Deny), Warnings: count(findings, v1alpha1.Warn),
		Audited: count(findings, v1alpha1.Audit), Known: r.known, PassedBy: r.passedBy}})
}

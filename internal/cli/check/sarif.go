package check

import (
	"io"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/policies"
)

// The parts of SARIF 2.1.0 that are written (OASIS, "Static Analysis Results Interchange Format").
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	ColumnKind  string            `json:"columnKind"`
	Results     []sarifResult     `json:"results"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

// sarifNotification tells of an object that could not be read.
type sarifNotification struct {
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string      `json:"id"`
	ShortDescription sarifText   `json:"shortDescription"`
	FullDescription  sarifText   `json:"fullDescription"`
	HelpURI          string      `json:"helpUri,omitempty"`
	Configuration    sarifConfig `json:"defaultConfiguration"`
}

type sarifConfig struct {
	Level string `json:"level"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex int             `json:"ruleIndex"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
	Fixes     []sarifFix      `json:"fixes,omitempty"`
}

type sarifLocation struct {
	Physical *sarifPhysical `json:"physicalLocation,omitempty"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
	EndLine     int `json:"endLine,omitempty"`
	EndColumn   int `json:"endColumn,omitempty"`
}

type sarifLogical struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind"`
}

// WriteSARIF writes the findings as a SARIF 2.1.0 log, with all policies as its rules. version is the program's.
func WriteSARIF(w io.Writer, r report, all []policies.Policy, version string) error {
	run := sarifRun{
		Tool: sarifTool{Driver: sarifDriver{Name: "tlsward", Version: version,
			InformationURI: "https://github.com/tlsward/tlsward", Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{invocation(r.unread)},
		ColumnKind:  "unicodeCodePoints",
		Results:     []sarifResult{},
	}
	for _, p := range all {
		rule := sarifRule{ID: p.ID, ShortDescription: sarifText{p.Title}, FullDescription: sarifText{p.Description},
			Configuration: sarifConfig{level(p.Action)}}
		if len(p.Links) > 0 {
			rule.HelpURI = p.Links[0].URL
		}
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule)
	}
	for _, f := range Together(r.findings) {
		result := result(f, all)
		result.Fixes = sarifFixes(r.mesh, f)
		run.Results = append(run.Results, result)
	}
	return cli.WriteJSON(w, sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{run},
	})
}

func invocation(broken []unread) sarifInvocation {
	i := sarifInvocation{Successful: len(broken) == 0}
	for _, u := range broken {
		n := sarifNotification{Level: "error", Message: sarifText{"could not be read: " + u.text}}
		if u.line > 0 && u.file != manifests.Stdin {
			n.Locations = []sarifLocation{{Physical: &sarifPhysical{sarifArtifact{uri(u.file)}, sarifRegion{StartLine: u.line}}}}
		}
		i.Notifications = append(i.Notifications, n)
	}
	return i
}

func result(f Finding, all []policies.Policy) sarifResult {
	text := f.Message
	if f.DecidedBy != "" {
		text += "\nDecided by: " + f.DecidedBy
	}
	if f.Fix != "" {
		text += "\nFix:\n" + f.Fix
	}
	location := sarifLocation{Logical: []sarifLogical{{FullyQualifiedName: f.Object.Ref.String(), Kind: "resource"}}}
	if f.Object.File != manifests.Stdin && f.Object.Line > 0 {
		location.Physical = &sarifPhysical{sarifArtifact{uri(f.Object.File)}, sarifRegion{StartLine: f.Line()}}
	}
	return sarifResult{
		RuleID:    f.Policy,
		RuleIndex: slices.IndexFunc(all, func(p policies.Policy) bool { return p.ID == f.Policy }),
		Level:     level(f.Action),
		Message:   sarifText{text},
		Locations: []sarifLocation{location},
	}
}

// level returns the SARIF level (section 3.27.10) of an action.
func level(action v1alpha1.Action) string {
	switch action {
	case v1alpha1.Deny:
		return "error"
	case v1alpha1.Warn:
		return "warning"
	case v1alpha1.Audit:
		return "note"
	}
	return "none"
}

// uri returns a file's name as a URI reference: a relative path stays relative, an absolute one gets the scheme file.
func uri(name string) string {
	u := url.URL{Path: filepath.ToSlash(filepath.Clean(name))}
	if filepath.IsAbs(name) {
		u.Scheme = "file"
	}
	return u.String()
}

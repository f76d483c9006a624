package check

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// baseline are findings that are known.
type baseline map[identity]v1alpha1.Action

// identity tells findings apart from one run to the next: what moves with every edit, as a line, is not part of it.
type identity struct {
	policy string
	object jsonObject
	client string
	host   string
	port   uint32
	field  string // of an unknown field
}

func identityOf(f jsonFinding) identity {
	id := identity{policy: f.Policy, object: f.Object, client: f.Client, host: f.Host, port: f.Port}
	id.object.APIVersion = ""
	if f.Policy == UnknownField {
		id.field = f.DecidedBy
	}
	return id
}

// readBaseline reads what `-o json-report` wrote, or `-o json`; none for no file.
func readBaseline(name string) (baseline, error) {
	known := baseline{}
	if name == "" {
		return known, nil
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("--baseline: %w", err)
	}
	var list []jsonFinding
	if err := json.Unmarshal(raw, &list); err != nil {
		var report jsonReport
		if err := json.Unmarshal(raw, &report); err != nil {
			return nil, fmt.Errorf("--baseline: %s is not what `tlsward check -o json-report` writes: %w", name, err)
		}
		if report.Version != reportVersion {
			return nil, fmt.Errorf("--baseline: %s: version %d, want %d", name, report.Version, reportVersion)
		}
		list = report.Findings
	}
	for _, f := range list {
		if id := identityOf(f); known[id] != v1alpha1.Deny {
			known[id] = f.Action
		}
	}
	return known, nil
}

// leaveOut returns the findings without those that are known, and those. A warning that has become a denial is new.
func (b baseline) leaveOut(findings []Finding) (left, known []Finding) {
	for _, f := range findings {
		if action, ok := b[identityOf(findingToJSON(f))]; ok && (action == f.Action || action == v1alpha1.Deny) {
			known = append(known, f)
		} else {
			left = append(left, f)
		}
	}
	return left, known
}

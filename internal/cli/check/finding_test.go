package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// load returns the mesh of a file and the evaluator of the default configuration.
func load(t *testing.T, path string) (*offline.Mesh, *admission.Evaluator) {
	t.Helper()
	s := offline.Source{Paths: []string{path}, Namespace: "default"}
	evaluator, err := s.Evaluator(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Read(t.Context(), evaluator, cli.Streams{ProgressAfter: time.Hour, Err: &strings.Builder{}})
	if err != nil {
		t.Fatal(err)
	}
	return m, evaluator
}

// TestFindingsHaveOneOrder validates often, since objects are validated at the same time: by object as the files have
// them, and those of one object denials first.
func TestFindingsHaveOneOrder(t *testing.T) {
	m, evaluator := load(t, "testdata/several.yaml")
	want := []string{
		"5: warn tls-pending", "5: warn tls-pending",
		"17: warn tls-pending", "17: warn tls-pending",
		"31: deny sni-mismatch", "31: deny sni-mismatch", "31: warn unverified-server", "31: warn unverified-server",
		"33: deny sni-mismatch", "33: deny sni-mismatch", "33: warn unverified-server", "33: warn unverified-server",
	}
	for range 20 {
		findings, err := Validate(t.Context(), evaluator, m)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range findings {
			got = append(got, fmt.Sprintf("%d: %s %s", f.Line(), f.Action, f.Policy))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestValidateNamesEachObjectThatItCannotDecideOn(t *testing.T) {
	m, evaluator := load(t, "testdata/clean.yaml")
	m.Objects[0].Stored, m.Objects[1].Stored = []byte(`{"kind": 1}`), []byte("{")
	findings, err := Validate(t.Context(), evaluator, m)
	if err == nil || findings != nil {
		t.Fatalf("got %v, %v", findings, err)
	}
	for _, want := range []string{"testdata/clean.yaml:1: ServiceEntry shop/pay: ", "testdata/clean.yaml:9: DestinationRule shop/pay: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

func TestValidateStopsWhenItIsInterrupted(t *testing.T) {
	m, evaluator := load(t, "testdata/denied.yaml")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if findings, err := Validate(ctx, evaluator, m); !errors.Is(err, context.Canceled) || findings != nil {
		t.Errorf("got %v, %v", findings, err)
	}
}

func TestLineOfAFinding(t *testing.T) {
	m, _ := load(t, "testdata/denied.yaml")
	entry, rule := m.Objects[0], m.Objects[1]
	tests := []struct {
		name      string
		object    *offline.Object
		decidedBy string
		want      int
	}{
		{"the field of the object", rule, "DestinationRule shop/pay spec.trafficPolicy.tls.mode", 19},
		{"a field that is not written down", rule, "DestinationRule shop/pay spec.trafficPolicy.tls.sni", 18},
		{"a field of another object", entry, "DestinationRule shop/pay spec.trafficPolicy.tls.mode", 2},
		{"no field", rule, "DestinationRule shop/pay", 10},
		{"nothing decided", entry, "", 2},
	}
	for _, test := range tests {
		f := Finding{Object: test.object, Violation: policies.Violation{DecidedBy: test.decidedBy}}
		if got := f.Line(); got != test.want {
			t.Errorf("%s: line %d, want %d", test.name, got, test.want)
		}
	}
}

// An object that asks too much of a review is denied, and the others are checked as well.
func TestRunDeniesAnObjectOverTheLimits(t *testing.T) {
	var over strings.Builder
	over.WriteString("{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: over}, spec: {hosts: [pay.example], http: [{match: [")
	for i := range 300 {
		fmt.Fprintf(&over, "{sourceLabels: {padding-%d: x}}, ", i)
	}
	over.WriteString("], route: [{destination: {host: pay.example}}]}]}}\n---\n")
	stdout, stderr, err := run(t, Options{Source: offline.Source{Paths: []string{"-"}}, Output: "json"}, over.String()+read(t, "testdata/denied.yaml"))
	if !errors.Is(err, cli.ErrIssuesFound) || stderr != "" {
		t.Fatalf("%v, stderr %q", err, stderr)
	}
	var found []jsonFinding
	if err := json.Unmarshal([]byte(stdout), &found); err != nil {
		t.Fatal(err)
	}
	if f := found[0]; f.Object.Name != "over" || f.Policy != ReviewLimit || f.Action != "deny" || f.Line != 1 || !strings.Contains(f.Message, "300 selectors") {
		t.Errorf("got %+v", f)
	}
	if len(found) < 2 || !slices.ContainsFunc(found[1:], func(f jsonFinding) bool { return f.Action == "deny" && f.Policy != ReviewLimit }) {
		t.Errorf("the others were not checked: %s", stdout)
	}
}

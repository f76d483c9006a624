package test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

func TestRunnerKeepsEvaluators(t *testing.T) {
	var r Runner
	var got []*admission.Evaluator
	strict := v1alpha1.DefaultConfig()
	strict.Strict = true
	for _, c := range []*v1alpha1.Config{v1alpha1.DefaultConfig(), strict, v1alpha1.DefaultConfig()} {
		evaluator, err := r.evaluator(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, evaluator)
	}
	if got[0] != got[2] || got[0] == got[1] || !got[1].Config.Strict {
		t.Errorf("one for each configuration: %p %p %p", got[0], got[1], got[2])
	}
}

func TestRunnerRunsTheCasesThatAreWanted(t *testing.T) {
	found, err := Find(nil, "testdata/suites/fails.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		want func(string) bool
		runs []string
	}{
		{"all", nil, []string{"right", "wrong decision", "wrong mutation and warnings", "wrong in its second step"}},
		{"one", func(name string) bool { return name == "right" }, []string{"right"}},
	}
	var r Runner
	for _, test := range tests {
		results, err := r.Run(t.Context(), found.Suites[0], test.want)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range results {
			got = append(got, r.Name)
			if r.Failed() == (r.Name == "right") || r.Suite != "fails" || r.File != "testdata/suites/fails.yaml" || r.Line == 0 {
				t.Errorf("got %+v", r)
			}
		}
		if !slices.Equal(got, test.runs) {
			t.Errorf("%s: ran %v, want %v", test.name, got, test.runs)
		}
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Run(interrupted, found.Suites[0], nil); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// TestStepsBuildOnEachOther: an admitted object is there in the next step, a denied one is not.
func TestStepsBuildOnEachOther(t *testing.T) {
	entry := func(created, host string) []byte {
		return []byte(`{"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "a", "namespace": "shop"` + created + `},
			"spec": {"hosts": ["` + host + `"], "ports": [{"number": 443, "name": "https", "protocol": "HTTPS"}], "resolution": "DNS"}}`)
	}
	rule := []byte(`{"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": "r", "namespace": "shop"},
		"spec": {"host": "a.example", "trafficPolicy": {"tls": {"mode": "SIMPLE", "sni": "other.example"}}}}`)
	unread := []byte(`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}`)
	old, err := mesh.Decode(entry(`, "creationTimestamp": "2024-01-01T00:00:00Z"`, "a.example"))
	if err != nil {
		t.Fatal(err)
	}
	ref := old.Ref
	given := mesh.New(mesh.DefaultSettings(), old)
	empty := mesh.New(mesh.DefaultSettings())
	tests := []struct {
		name    string
		before  *mesh.Snapshot
		step    v1alpha1.SuiteReview
		allowed bool
		hosts   []string // of those that are asked for, the ones that the mesh has after it
	}{
		{"created", empty, v1alpha1.SuiteReview{Operation: policies.Create, Object: entry("", "a.example")}, true, []string{"a.example"}},
		{"updated", given, v1alpha1.SuiteReview{Operation: policies.Update, Object: entry("", "b.example"), OldObject: entry("", "a.example")}, true, []string{"b.example"}},
		{"deleted", given, v1alpha1.SuiteReview{Operation: policies.Delete, OldObject: entry("", "a.example")}, true, nil},
		{"not of the mesh", given, v1alpha1.SuiteReview{Operation: policies.Create, Object: unread}, true, []string{"a.example"}},
		{"unreadable", given, v1alpha1.SuiteReview{Operation: policies.Create, Object: []byte("{")}, false, []string{"a.example"}},
		{"denied", given, v1alpha1.SuiteReview{Operation: policies.Create, Object: rule}, false, []string{"a.example"}},
	}
	var r Runner
	evaluator, err := r.evaluator(t.Context(), v1alpha1.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, after, err := review(t.Context(), evaluator, test.before, v1alpha1.SuiteStep{SuiteReview: test.step})
			if err != nil {
				t.Fatal(err)
			}
			if got.allowed != test.allowed {
				t.Errorf("allowed: %v; %+v", got.allowed, got)
			}
			var hosts []string
			for _, host := range []string{"a.example", "b.example"} {
				if len(after.Ports(host)) > 0 {
					hosts = append(hosts, host)
				}
			}
			if !slices.Equal(hosts, test.hosts) {
				t.Errorf("hosts %v, want %v", hosts, test.hosts)
			}
			if test.name == "updated" && !after.Get(ref).Created.Equal(old.Created) {
				t.Error("an update makes an object younger")
			}
			if test.name == "denied" && after.Get(mesh.Ref{Kind: mesh.KindDestinationRule, Namespace: "shop", Name: "r"}) != nil {
				t.Error("a denied object is in the mesh")
			}
		})
	}
}

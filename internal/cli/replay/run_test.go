package replay

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/golden"
)

func TestRun(t *testing.T) {
	const policies, lenient, mesh = "testdata/policy", "testdata/lenient.config.yaml", "testdata/mesh.yaml"
	tests := []struct {
		name string
		Options
		err error
	}{
		{"a new policy", Options{Source: offline.Source{Policies: []string{policies}}}, cli.ErrIssuesFound},
		{"the policy is in force", Options{Source: offline.Source{Policies: []string{policies}}, Baseline: []string{policies}}, nil},
		{"a new configuration", Options{NewConfig: lenient}, nil},
		{"a configuration back", Options{Source: offline.Source{Config: lenient}, NewConfig: "testdata/default.config.yaml"}, cli.ErrIssuesFound},
		{"a new policy, and the configuration stays", Options{Source: offline.Source{Config: lenient, Policies: []string{policies}}}, cli.ErrIssuesFound},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, output := range []string{"text", "json"} {
				test.Paths, test.Namespace, test.Output = []string{mesh}, "default", output
				var out, errs strings.Builder
				err := Run(t.Context(), test.Options, cli.Streams{ProgressAfter: time.Hour, Out: &out, Err: &errs})
				if !errors.Is(err, test.err) || errs.Len() > 0 {
					t.Errorf("%v, want %v; stderr %s", err, test.err, errs.String())
				}
				name := strings.ReplaceAll(strings.ReplaceAll(test.name, ",", ""), " ", "-")
				golden.Equal(t, filepath.Join("testdata", name+"."+output+".golden"), out.String())
			}
		})
	}
}

func TestRunReadsStandardInput(t *testing.T) {
	entry := "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a}, spec: {hosts: [a.example], ports: [{number: 443, name: https, protocol: HTTPS}]}}"
	o := Options{Source: offline.Source{Paths: []string{"-"}, Namespace: "mine", Policies: []string{"testdata/policy"}}, Output: "text"}
	var out strings.Builder
	err := Run(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, In: strings.NewReader(entry), Out: &out, Err: &out})
	if want := "newly denied: ServiceEntry mine/a (standard input:1): owned\n"; !errors.Is(err, cli.ErrIssuesFound) || !strings.Contains(out.String(), want) {
		t.Errorf("%v, no %q in\n%s", err, want, out.String())
	}
}

func TestRunCannotReplay(t *testing.T) {
	mesh, policies := []string{"testdata/mesh.yaml"}, []string{"testdata/policy"}
	tests := []struct {
		name string
		Options
		want string
	}{
		{"an unknown output", Options{Source: offline.Source{Paths: mesh, Policies: policies}, Output: "sarif"}, `--output: want text, json, have "sarif"`},
		{"nothing new", Options{Source: offline.Source{Paths: mesh}, Output: "text"}, "name what is new: --policies or --new-config"},
		{"no such file", Options{Source: offline.Source{Paths: []string{"none.yaml"}, Policies: policies}, Output: "text"}, "none.yaml"},
		{"no cluster", Options{Source: offline.Source{Kubeconfig: "none.kubeconfig", Policies: policies}, Output: "text"}, "find the cluster (--kubeconfig, --context; or -f PATH for manifests alone): stat none.kubeconfig"},
		{"a broken baseline", Options{Source: offline.Source{Paths: mesh, Policies: policies}, Baseline: []string{"none"}, Output: "text"}, "policies: stat none"},
		{"broken new policies", Options{Source: offline.Source{Paths: mesh, Policies: []string{"none"}}, Output: "text"}, "policies: stat none"},
		{"a broken configuration", Options{Source: offline.Source{Paths: mesh, Config: "testdata/mesh.yaml", Policies: policies}, Output: "text"}, "testdata/mesh.yaml: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			err := Run(t.Context(), test.Options, cli.Streams{ProgressAfter: time.Hour, Out: &out, Err: &out})
			if err == nil || errors.Is(err, cli.ErrIssuesFound) || !strings.Contains(err.Error(), test.want) || out.Len() > 0 {
				t.Errorf("got %v and %q, want %q", err, out.String(), test.want)
			}
		})
	}
}

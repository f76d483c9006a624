package check

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
)

const (
	bankEntry = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: bank, namespace: default}
spec: {hosts: [api.bank.example], ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}], resolution: DNS}
---`
	bankRule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: bank, namespace: default}
spec: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, sni: api.bank.example}}}
---`
	plainEntry = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: plain, namespace: default}
spec: {hosts: [plain.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: plain, namespace: default}
spec: {host: plain.example.com, trafficPolicy: {tls: {mode: DISABLE}}}
---`
)

func TestRunAgainst(t *testing.T) {
	tests := []struct {
		name, before, after string
		want                []string // that the output has
		err                 error
	}{
		{"nothing changed", bankEntry + bankRule + plainEntry, plainEntry + bankEntry + bankRule, []string{"0 objects checked: 0 denials"}, nil},
		{"what the webhook adds is no change", bankEntry + strings.Replace(bankRule, "mode: SIMPLE, sni: api.bank.example", "mode: SIMPLE", 1),
			bankEntry + strings.Replace(bankRule, "mode: SIMPLE, sni: api.bank.example", "mode: SIMPLE", 1), []string{"0 objects checked"}, nil},
		{"an object that is new", bankEntry + bankRule, bankEntry + bankRule + plainEntry,
			[]string{"plaintext-egress ServiceEntry default/plain", "2 objects checked"}, cli.ErrIssuesFound},
		{"an object that changed", bankEntry + bankRule, bankEntry + strings.Replace(bankRule, "SIMPLE, sni: api.bank.example", "DISABLE", 1),
			[]string{"plaintext-egress DestinationRule default/bank", "1 object checked"}, cli.ErrIssuesFound},
		{"an object that is gone", bankEntry + bankRule + plainEntry, bankEntry + plainEntry,
			[]string{"before.yaml:7: deny plaintext-egress DestinationRule default/bank", "1 object checked"}, cli.ErrIssuesFound},
		{"all of a host is gone", bankEntry + bankRule + plainEntry, plainEntry, []string{"2 objects checked: 0 denials"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			before, after := filepath.Join(dir, "before.yaml"), filepath.Join(dir, "after.yaml")
			for path, text := range map[string]string{before: test.before, after: test.after} {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			o := Options{Source: offline.Source{Paths: []string{after}}, Against: before, Output: "text"}
			stdout, stderr, err := run(t, o, "")
			if !errors.Is(err, test.err) || stderr != "" {
				t.Errorf("error %v, want %v; stderr %q", err, test.err, stderr)
			}
			for _, want := range test.want {
				if !strings.Contains(stdout, want) {
					t.Errorf("no %q in:\n%s", want, stdout)
				}
			}
		})
	}
}

func TestRunAgainstRefuses(t *testing.T) {
	tests := []struct{ name, path, against, want string }{
		{"no manifests", "", "x", "--against: name the manifests that are new: -f PATH"},
		{"standard input has no revisions", "-", "no-such-revision",
			"--against no-such-revision: it is no directory or file, and as a git revision: standard input has no revisions"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := Options{Against: test.against, Output: "text"}
			if test.path != "" {
				o.Paths = []string{test.path}
			}
			if _, _, err := run(t, o, ""); err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

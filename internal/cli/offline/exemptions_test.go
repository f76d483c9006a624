package offline

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Exemptions among the files are in force for what is judged; one that cannot be obeyed is an error with its line, beside the others.
func TestExemptionsOfFiles(t *testing.T) {
	path := write(t, "mesh.yaml", `apiVersion: tlsward.io/v1alpha1
kind: Exemption
metadata: {name: legacy}
spec: {policy: plaintext-egress, hosts: [old.example], reason: OPS-1, expires: "2099-12-31"}
---
apiVersion: tlsward.io/v1alpha1
kind: Exemption
metadata: {name: misspelt}
spec: {policy: plaintext-egres, reason: OPS-2, expires: "2099-12-31"}
---
apiVersion: tlsward.io/v1alpha1
kind: Exemption
metadata: {name: wrong}
spec: {policy: plaintext-egress, hots: [old.example], reason: OPS-3, expires: "2099-12-31"}
---
apiVersion: tlsward.io/v1alpha1
kind: Exemption
metadata: {name: past}
spec: {policy: double-tls, reason: OPS-4, expires: "2020-01-01"}
`)
	evaluator, err := admission.NewEvaluator(t.Context(), v1alpha1.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	m, err := Source{Paths: []string{path}}.Read(t.Context(), evaluator, cli.Streams{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	if have := m.Evaluator.Config.Exemptions; len(have) != 2 || have[0].Note() != "exempted until 2099-12-31 by Exemption legacy: OPS-1" {
		t.Errorf("in force: %v", have)
	}
	if len(m.Notes) != 2 || !strings.HasSuffix(m.Notes[0], "mesh.yaml:1: Exemption legacy counts: it lets violations of plaintext-egress pass until 2099-12-31") ||
		!strings.HasSuffix(m.Notes[1], "mesh.yaml:16: Exemption past ended on 2020-01-01: it lets nothing pass") {
		t.Errorf("notes: %v", m.Notes)
	}
	if len(evaluator.Config.Exemptions) != 0 || len(m.Broken) != 2 || m.PassedBy != 0 {
		t.Fatalf("%d exemptions in the configuration, broken: %v, %d passed by", len(evaluator.Config.Exemptions), m.Broken, m.PassedBy)
	}
	for i, want := range []string{`mesh.yaml:6: Exemption misspelt: spec.policy: there is no policy "plaintext-egres"`, "mesh.yaml:11: Exemption wrong: spec.hots: "} {
		if have := m.Broken[i].Error(); !strings.Contains(have, want) {
			t.Errorf("broken: %s, want %s", have, want)
		}
	}
}

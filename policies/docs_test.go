package policies

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

var update = flag.Bool("update", false, "write docs/policies.md")

const reference = "../docs/policies.md"

func TestTheReferenceIsCurrent(t *testing.T) {
	want := Docs(engine(t).Policies())
	if *update {
		if err := os.WriteFile(reference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the METADATA says; run: go test ./policies -run TestTheReferenceIsCurrent -update", reference)
	}
}

// The ids and default actions are a contract with whoever writes a Config or a Suite.
func TestTheBuiltinPolicies(t *testing.T) {
	want := map[string]v1alpha1.Action{
		"plaintext-egress": v1alpha1.Deny, "tls-pending": v1alpha1.Warn, "ineffective-tls": v1alpha1.Deny, "sni-mismatch": v1alpha1.Deny,
		"double-tls": v1alpha1.Warn, "unverified-server": v1alpha1.Warn, "wrong-target-port": v1alpha1.Warn, "uncovered-client": v1alpha1.Warn,
		"unspecified-protocol": v1alpha1.Warn, "opaque-tcp": v1alpha1.Warn, "unknown-host": v1alpha1.Warn,
		"plaintext-gateway-hop": v1alpha1.Warn, "missing-principals": v1alpha1.Deny, "any-principal": v1alpha1.Warn,
		"invalid-principal": v1alpha1.Deny, "unenforced-policy": v1alpha1.Warn, "undeclared-egress": v1alpha1.Warn,
		"outside-model": v1alpha1.Warn, "bypassed-proxy": v1alpha1.Warn,
	}
	policies := engine(t).Policies()
	for _, p := range policies {
		if want[p.ID] != p.Action {
			t.Errorf("%s: %s by default, want %s", p.ID, p.Action, want[p.ID])
		}
		if len(p.Links) == 0 || p.Title == "" || !strings.HasSuffix(p.Description, ".") {
			t.Errorf("%s: METADATA lacks a link, a title or a whole sentence", p.ID)
		}
		if !p.Builtin || slices.Contains(p.Kinds, "*") {
			t.Errorf("%s: %+v", p.ID, p)
		}
	}
	if len(policies) != len(want) {
		t.Errorf("%d policies, want %d", len(policies), len(want))
	}
}

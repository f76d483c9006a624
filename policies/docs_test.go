package policies

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/config"
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
func TestTheSixteen(t *testing.T) {
	want := map[string]config.Action{
		"plaintext-egress": config.Deny, "tls-pending": config.Warn, "ineffective-tls": config.Deny, "sni-mismatch": config.Deny,
		"double-tls": config.Warn, "unverified-server": config.Warn, "wrong-target-port": config.Warn, "uncovered-client": config.Warn,
		"unspecified-protocol": config.Warn, "opaque-tcp": config.Warn, "unknown-host": config.Warn,
		"plaintext-gateway-hop": config.Warn, "missing-principals": config.Deny, "any-principal": config.Warn,
		"invalid-principal": config.Deny, "unenforced-policy": config.Warn,
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

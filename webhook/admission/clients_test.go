package admission

import (
	"testing"

	"github.com/tlsward/tlsward/policies"
)

func TestMergeClients(t *testing.T) {
	violation := func(client, tail string) policies.Violation {
		return policies.Violation{Policy: "plaintext-egress", Client: client, Message: client + tail}
	}
	have := MergeClients([]policies.Violation{
		violation("sidecar a", " to x:80: plaintext"), violation("sidecar b", " to x:80: plaintext"),
		violation("sidecar c", " to x:80: plaintext"), violation("sidecar d", " to x:80: plaintext"),
		violation("sidecar any other namespace", " to y:80: plaintext"), violation("sidecar b", " to y:80: plaintext"),
		violation("sidecar a", " to z:80: plaintext"),
		{Policy: "plaintext-egress", Client: "sidecar b", Message: "without its client"},
		{Policy: "plaintext-egress", Client: "sidecar c", Message: "without its client"},
	})
	want := []string{
		"sidecar a, sidecar b, sidecar c and 1 more to x:80: plaintext",
		"sidecar b and sidecar any other namespace to y:80: plaintext",
		"sidecar a to z:80: plaintext",
		"without its client", "without its client",
	}
	if len(have) != len(want) {
		t.Fatalf("have %d, want %d", len(have), len(want))
	}
	for i, v := range have {
		if v.Message != want[i] {
			t.Errorf("have %q, want %q", v.Message, want[i])
		}
	}
}

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
		"pods of namespaces a, b, c and 1 more to x:80: plaintext",
		"pods of b and all other namespaces to y:80: plaintext",
		"pods of a to z:80: plaintext",
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

func TestListOf(t *testing.T) {
	const others = "sidecar any other namespace"
	for want, clients := range map[string][]string{
		"pods of shop and all other namespaces":                                {"sidecar shop", others},
		"pods of a, b, c, 2 more and all other namespaces":                     {"sidecar a", "sidecar b", "sidecar c", "sidecar d", "sidecar e", others},
		"pods of namespaces a and b":                                           {"sidecar a", "sidecar b"},
		"pods of shop":                                                         {"sidecar shop"},
		"pods of shop with app=cart,version=v1":                                {"sidecar shop app=cart version=v1"},
		"pods of every other namespace":                                        {others},
		"gateway istio-system":                                                 {"gateway istio-system"},
		"gateway istio-system and pods of a":                                   {"gateway istio-system", "sidecar a"},
		"pods of a with app=cart and pods of every other namespace":            {"sidecar a app=cart", others},
		"ambient pods of every other namespace":                                {"ztunnel any other namespace"},
		"ambient pods of a, waypoint b, gateway c and 1 more":                  {"ztunnel a", "waypoint b", "gateway c", "sidecar d"},
		"waypoint shop and pods of every other namespace":                      {"waypoint shop", others},
		"pods of every other namespace with app=x and pods of a with version=": {"sidecar any other namespace app=x", "sidecar a version="},
	} {
		if have := listOf(clients); have != want {
			t.Errorf("have %q, want %q", have, want)
		}
	}
}

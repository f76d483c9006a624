package fixes

import (
	"io/fs"
	"os"
	"strings"
	"testing"
)

func TestAsksForMore(t *testing.T) {
	const object = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
	tests := []struct {
		name, fix string
		want      bool
	}{
		{"an object", object, false},
		{"two objects", object + "---\n" + object, false},
		{"to be applied", "# Apply both. The server asks for mutual TLS:\n" + object + "---\n# and the clients start it:\n" + object, false},
		{"of anybody's policy", "# Apply this:\n" + object, false},
		{"of anybody's policy, with two objects", "# Apply both:\n" + object + "---\n" + object, false},
		{"of anybody's policy, with a condition", "# Apply this, if the server has TLS:\n" + object, true},
		{"a name in the words", "# Put the TLS into DestinationRule shop/a, which Istio keeps.\n" + object, false},
		{"a name with a group", "# Put the TLS into Gateway (gateway.networking.k8s.io) shop/a, which Istio keeps.\n" + object, false},
		{"the other half in words", "# Put the TLS into DestinationRule shop/a, which Istio keeps, and take it out here.\n" + object, true},
		{"another half in words", "# TLS needs a port of the server that speaks it: in ServiceEntry shop/a, targetPort: 443 on port 80. And:\n" + object, true},
		{"a condition", "# If the server speaks TLS from the first byte, and the application does not:\n" + object, true},
		{"a condition on the second object", object + "---\n# Where the server has TLS:\n" + object, true},
		{"a condition beside what is known", "# Put the TLS into DestinationRule shop/a, which Istio keeps.\n# Only where it asks for none:\n" + object, true},
		{"a condition behind the object", object + "# unless a gateway needs it\n", true},
		{"a condition within the object", object + "spec:\n  # unless a gateway needs it\n  host: a\n", true},
		{"words alone", "# Name each host once.\n", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := AsksForMore(test.fix); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// Each introduction stands in a policy: one that is reworded there is to be looked at here again.
func TestIntroductionsAreThoseOfPolicies(t *testing.T) {
	var rego strings.Builder
	policies := os.DirFS("../rego")
	err := fs.WalkDir(policies, ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".rego") || strings.HasSuffix(path, "_test.rego") {
			return err
		}
		text, err := fs.ReadFile(policies, path)
		rego.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range introductions {
		if !strings.Contains(rego.String(), `"# `+words+`\n`) {
			t.Errorf("no policy says %q", words)
		}
	}
}

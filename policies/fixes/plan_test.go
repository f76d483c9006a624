package fixes_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/policies/fixes"
)

const headOfRule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: r\n  namespace: shop\nspec:\n"

func rule(_, _, _ string) map[string]any {
	return map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
		"metadata": map[string]any{"name": "r", "namespace": "shop"},
		"spec":     map[string]any{"tls": map[string]any{"mode": "DISABLE", "sni": "wrong"}, "list": []any{"a", "b", "c"}},
	}
}

// Whoever applies one fix of an object has applied what the others say of it: applied in turn, none takes another one back.
func TestFixesOfOneObjectAreMadeTogether(t *testing.T) {
	change := func(json string) string { return "# in DestinationRule shop/r\n" + json + "\n" }
	required := func(fix string) fixes.Proposal { return fixes.Proposal{Fix: fix, Required: true} }
	for name, c := range map[string]struct {
		proposals []fixes.Proposal
		want      []string
	}{
		"of two denials": {
			[]fixes.Proposal{required(change(`{"spec.tls.mode":"SIMPLE"}`)), required(change(`{"spec.tls.sni":null}`))},
			[]string{"  list:\n  - a\n  - b\n  - c\n  tls:\n    mode: SIMPLE\n", "  list:\n  - a\n  - b\n  - c\n  tls:\n    mode: SIMPLE\n"},
		},
		"a warning's has the denial's too, and not the other way about": {
			[]fixes.Proposal{{Fix: change(`{"spec.tls.names":["x"]}`)}, required(change(`{"spec.tls.sni":null}`))},
			[]string{
				"  list:\n  - a\n  - b\n  - c\n  tls:\n    mode: DISABLE\n    names:\n    - x\n",
				"  list:\n  - a\n  - b\n  - c\n  tls:\n    mode: DISABLE\n",
			},
		},
		"warnings on different conditions stay apart": {
			[]fixes.Proposal{{Fix: "# If so.\n" + change(`{"spec.a":1}`)}, {Fix: "# If not.\n" + change(`{"spec.b":1}`)}},
			[]string{
				"  a: 1\n  list:\n  - a\n  - b\n  - c\n  tls:\n    mode: DISABLE\n    sni: wrong\n",
				"  b: 1\n  list:\n  - a\n  - b\n  - c\n  tls:\n    mode: DISABLE\n    sni: wrong\n",
			},
		},
		"what contradicts stays apart": {
			[]fixes.Proposal{required(change(`{"spec.tls.mode":"SIMPLE"}`)), required(change(`{"spec.tls":{"mode":"MUTUAL"}}`))},
			[]string{"  list:\n  - a\n  - b\n  - c\n  tls:\n    mode: SIMPLE\n    sni: wrong\n", "  list:\n  - a\n  - b\n  - c\n  tls:\n    mode: MUTUAL\n"},
		},
		"elements are taken away by their place in the object as it was": {
			[]fixes.Proposal{required(change(`{"spec.list[0]":null}`)), required(change(`{"spec.list[1]":null,"spec.list[2]":"d"}`))},
			[]string{"  list:\n  - d\n  tls:\n    mode: DISABLE\n    sni: wrong\n", "  list:\n  - d\n  tls:\n    mode: DISABLE\n    sni: wrong\n"},
		},
		"an addition of several is made once": {
			[]fixes.Proposal{required(change(`{"spec.list[+]":"d"}`)), required("# So.\n" + change(`{"spec.list[+]":"d"}`))},
			[]string{"  list:\n  - a\n  - b\n  - c\n  - d\n  tls:\n    mode: DISABLE\n    sni: wrong\n", "  list:\n  - a\n  - b\n  - c\n  - d\n  tls:\n    mode: DISABLE\n    sni: wrong\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			set := fixes.Renderer{Find: rule}.Set(c.proposals)
			for i, p := range c.proposals {
				have, err := set.Render(p.Fix)
				if have = withoutCommentLines(have); err != nil || have != headOfRule+c.want[i] {
					t.Errorf("fix %d: have\n%s(%v)\nwant\n%s", i, have, err, headOfRule+c.want[i])
				}
			}
		})
	}
}

func withoutCommentLines(text string) string {
	for strings.HasPrefix(text, "#") {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text
}

// The settings of one port are written once; those of another port beside them. Of very many only some are made together.
func TestNewPortSettingsAreMadeTogether(t *testing.T) {
	entry := func(port int, mode string) fixes.Proposal {
		return fixes.Proposal{Required: true, Fix: fmt.Sprintf(
			"# in DestinationRule shop/r\n{\"spec.trafficPolicy.portLevelSettings[+]\":{\"port\":{\"number\":%d},\"tls\":{\"mode\":%q}}}\n", port, mode)}
	}
	list := []fixes.Proposal{entry(80, "SIMPLE"), entry(81, "SIMPLE"), entry(80, "MUTUAL")}
	set := fixes.Renderer{Find: rule}.Set(list)
	for i, want := range []string{"80 SIMPLE 81 SIMPLE", "80 SIMPLE 81 SIMPLE", "80 MUTUAL 81 SIMPLE"} {
		if have, err := set.Render(list[i].Fix); err != nil || portsOf(have) != want {
			t.Errorf("fix %d: have %s (%v), want %s", i, portsOf(have), err, want)
		}
	}
	list = nil
	for port := range 100 {
		list = append(list, entry(port+1, "SIMPLE"))
	}
	set = fixes.Renderer{Find: rule}.Set(list)
	for i, p := range list {
		have, err := set.Render(p.Fix)
		if n := strings.Count(have, "number:"); err != nil || n > 32 || !strings.Contains(have, fmt.Sprintf("number: %d\n", i+1)) {
			t.Fatalf("port %d: %d ports (%v)", i+1, n, err)
		}
	}
}

// portsOf returns the ports of a rule's settings and their modes.
func portsOf(text string) string {
	var list []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for _, field := range []string{"number: ", "mode: "} {
			if value, found := strings.CutPrefix(line, field); found && value != "DISABLE" {
				list = append(list, value)
			}
		}
	}
	return strings.Join(list, " ")
}

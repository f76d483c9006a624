package check

import (
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/golden"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/internal/terminal"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// object is on line 1 of a file.
func object(file, name string) *offline.Object {
	return &offline.Object{Document: manifests.Document{File: file, Line: 1},
		Ref: mesh.Ref{Kind: "ServiceEntry", Namespace: "shop", Name: name}}
}

func violation(policy string, action v1alpha1.Action) policies.Violation {
	return policies.Violation{Policy: policy, Action: action, Message: policy + " & <more>"}
}

// rules are two policies, one with a link and one without.
var rules = []policies.Policy{
	{ID: "first", Title: "The first", Description: "What the first policy refuses.", Action: v1alpha1.Deny,
		Links: []policies.Link{{URL: "https://example.com/first"}, {URL: "https://example.com/more"}}},
	{ID: "second", Title: "The second", Description: "What the second policy refuses.", Action: v1alpha1.Audit},
}

func TestWriteSARIF(t *testing.T) {
	full := violation("second", v1alpha1.Warn)
	full.DecidedBy, full.Fix = "DestinationRule shop/b spec.trafficPolicy.tls", "kind: DestinationRule\n"
	findings := []Finding{
		{Violation: violation("first", v1alpha1.Deny), Object: object("dir/a.yaml", "a")},
		{Violation: full, Object: object("dir/a.yaml", "b")},
		{Violation: violation("second", v1alpha1.Audit), Object: object(manifests.Stdin, "c")},
	}
	var out strings.Builder
	if err := WriteSARIF(&out, report{findings: findings}, rules, "v1.2.3"); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "testdata/findings.sarif.golden", out.String())
}

func TestWriteSARIFWithoutFindings(t *testing.T) {
	var out strings.Builder
	if err := WriteSARIF(&out, report{}, nil, "v1.2.3"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"rules": []`, `"results": []`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s, which the schema requires, in\n%s", want, out.String())
		}
	}
}

func TestLevelOfAnAction(t *testing.T) {
	for action, want := range map[v1alpha1.Action]string{
		v1alpha1.Deny: "error", v1alpha1.Warn: "warning", v1alpha1.Audit: "note", v1alpha1.Off: "none",
	} {
		if got := level(action); got != want {
			t.Errorf("%s: %s, want %s", action, got, want)
		}
	}
}

func TestURIOfAFile(t *testing.T) {
	for name, want := range map[string]string{
		"a.yaml":            "a.yaml",
		"./dir/../a b.yaml": "a%20b.yaml",
		"/tmp/a.yaml":       "file:///tmp/a.yaml",
		"../a.yaml":         "../a.yaml",
	} {
		if got := uri(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// tags makes colours visible.
var tags = strings.NewReplacer("\x1b[0m", "</>", "\x1b[1m", "<bold>", "\x1b[2m", "<dim>", "\x1b[31m", "<red>",
	"\x1b[32m", "<green>", "\x1b[33m", "<yellow>", "\x1b[36m", "<cyan>")

func TestColoursOfText(t *testing.T) {
	fixed := violation("first", v1alpha1.Deny)
	fixed.Fix = "a: 1\nb: 2"
	tests := []struct {
		name     string
		findings []Finding
		want     string
	}{
		{"nothing", nil, "<green>3 objects checked: 0 denials, 0 warnings</>\n"},
		{"a denial", []Finding{{Violation: fixed, Object: object("a.yaml", "a")}},
			"<bold>a.yaml:1</>: <red>deny first</> ServiceEntry shop/a: first & <more>\n" +
				"  fix:\n<dim>    a: 1</>\n<dim>    b: 2</>\n\n" +
				"<red>3 objects checked: 1 denial, 0 warnings</>\n"},
		{"a warning", []Finding{{Violation: violation("first", v1alpha1.Warn), Object: object("a.yaml", "a")}},
			"<bold>a.yaml:1</>: <yellow>warn first</> ServiceEntry shop/a: first & <more>\n\n" +
				"<yellow>3 objects checked: 0 denials, 1 warning</>\n"},
		{"an audit note", []Finding{{Violation: violation("first", v1alpha1.Audit), Object: object("a.yaml", "a")}},
			"<bold>a.yaml:1</>: <cyan>audit first</> ServiceEntry shop/a: first & <more>\n\n" +
				"<green>3 objects checked: 0 denials, 0 warnings, 1 audit note</>\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			if err := writeText(&out, report{findings: test.findings, objects: make([]*offline.Object, 3)}, terminal.Colored()); err != nil {
				t.Fatal(err)
			}
			if got := tags.Replace(out.String()); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestTextJoinsClientsOfOneObject: what differs in the client alone counts once, but never across objects.
func TestTextJoinsClientsOfOneObject(t *testing.T) {
	of := func(client, name string) Finding {
		return Finding{Violation: policies.Violation{Policy: "first", Action: v1alpha1.Deny, Client: client, Host: "a.example", Port: 80,
			Message: client + " to a.example:80: plaintext"}, Object: object("a.yaml", name)}
	}
	a, b := of("sidecar x", "a"), of("sidecar z", "b")
	second := of("sidecar y", "a")
	second.Object = a.Object
	var out strings.Builder
	if err := writeText(&out, report{findings: []Finding{a, second, b}, objects: make([]*offline.Object, 2)}, terminal.Style{}); err != nil {
		t.Fatal(err)
	}
	want := "a.yaml:1: deny first ServiceEntry shop/a: pods of namespaces x and y to a.example:80: plaintext\n\n" +
		"a.yaml:1: deny first ServiceEntry shop/b: pods of z to a.example:80: plaintext\n\n" +
		"2 objects checked: 2 denials, 0 warnings\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// TestTextTellsOneCauseOnce: what is said of several objects is written once, with all of them, and its fix once.
func TestTextTellsOneCauseOnce(t *testing.T) {
	v := policies.Violation{Policy: "first", Action: v1alpha1.Deny, Message: "plaintext", Fix: "kind: A\nspec: {}\n"}
	other := v
	other.Policy = "second"
	findings := []Finding{{Violation: v, Object: object("a.yaml", "a")}, {Violation: v, Object: object("b.yaml", "b")}, {Violation: other, Object: object("b.yaml", "b")}}
	var out strings.Builder
	if err := writeText(&out, report{findings: findings, objects: make([]*offline.Object, 2)}, terminal.Style{}); err != nil {
		t.Fatal(err)
	}
	want := "a.yaml:1: deny first ServiceEntry shop/a: plaintext\n  the same: b.yaml:1 ServiceEntry shop/b\n  fix:\n    kind: A\n    spec: {}\n\n" +
		"b.yaml:1: deny second ServiceEntry shop/b: plaintext\n  fix: as above, by first of ServiceEntry shop/a\n\n" +
		"2 objects checked: 3 denials, 0 warnings\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

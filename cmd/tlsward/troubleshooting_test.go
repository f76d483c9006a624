package main

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

var denial = regexp.MustCompile("(?ms)^```denial\n(.*?)^```$")

// TestTroubleshootingShowsARealDenial: the document shows what the API server prints where the webhook refuses the rule of
// docs/examples/mutual-tls.yaml, with "..." for anything.
func TestTroubleshootingShowsARealDenial(t *testing.T) {
	t.Chdir("../..")
	source := offline.Source{Paths: []string{"docs/examples/mutual-tls.yaml"}, Namespace: "default"}
	evaluator, err := source.Evaluator(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, err := source.Read(t.Context(), evaluator, cli.Streams{Out: io.Discard, Err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range m.Objects {
		if o.Ref.Kind != mesh.KindDestinationRule {
			continue
		}
		before, review := m.Review(o)
		decision, err := evaluator.Validate(t.Context(), before, review)
		if err != nil {
			t.Fatal(err)
		}
		got := `admission webhook "validate.tlsward.io" denied the request: ` + admission.DenialMessage(o.Ref.String(), decision) + "\n"
		shown := denial.FindStringSubmatch(read(t, "docs/troubleshooting.md"))
		if shown == nil {
			t.Fatal("the document shows no denial")
		}
		pattern := strings.ReplaceAll(regexp.QuoteMeta(shown[1]), `\.\.\.`, `(?s:.*)`)
		if !regexp.MustCompile("^" + pattern + "$").MatchString(got) {
			t.Errorf("the document shows\n%s\nand the API server prints\n%s", shown[1], got)
		}
		return
	}
	t.Error("the example has no DestinationRule")
}

package fix

import (
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/mend"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/manifests"
)

// leftToAPerson matches what may be said of a denial that is left.
var leftToAPerson = regexp.MustCompile(`^(its fix is in words: .|its fix has <[^>]+> for you to fill in$|its fix and others undo each other: .|its fix is made already|its fix cannot be right: |its fix says more than to apply .|nothing says what mends it$)`)

// The objects of every case of the Suites, as one file of manifests: whatever is denied there is mended, or left for a reason that only a
// person can do something about.
func TestSuitesAreMended(t *testing.T) {
	docs, err := manifests.Read(nil, "../../../test/suites")
	if err != nil {
		t.Fatal(err)
	}
	evaluator := denyingAll(t)
	parse, err := offline.Source{Paths: []string{"-"}, Namespace: "default"}.Parser(t.Context(), evaluator)
	if err != nil {
		t.Fatal(err)
	}
	made, left := 0, 0
	for _, d := range docs {
		suite, err := v1alpha1.ParseSuite(d.Raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range suite.Cases {
			j := &judge{parse: parse, streams: cli.Streams{Err: &strings.Builder{}}}
			start := &state{files: []manifests.File{{Name: "mesh.yaml", Raw: textOf(t, c)}}}
			end, err := mend.Until(t.Context(), start, (*state).key, j.denials)
			if err != nil {
				continue // not all that is stored can be judged as it stands
			}
			made, left = made+len(end.Made), left+len(end.Left)
			for id, reason := range end.Left {
				if !leftToAPerson.MatchString(reason.Error()) {
					t.Errorf("%s/%s: %s: %v", suite.Name(), c.Name, id, reason)
				}
			}
		}
	}
	t.Logf("%d fixes made, %d denials left", made, left)
	if made < 100 {
		t.Errorf("only %d fixes were made", made)
	}
}

// textOf returns the objects of a case, those of its reviews last.
func textOf(t *testing.T, c v1alpha1.SuiteCase) []byte {
	t.Helper()
	objects := c.Given
	for _, step := range c.Reviews() {
		objects = append(objects, step.Object)
	}
	var text []byte
	for _, raw := range objects {
		if len(raw) == 0 {
			continue
		}
		object, err := yaml.JSONToYAML(raw)
		if err != nil {
			t.Fatal(err)
		}
		text = append(append(text, "---\n"...), object...)
	}
	return text
}

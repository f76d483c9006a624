package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Suites give the same decisions on an API server as on the command line. TLSWARD_SUITES names further files, separated
// as in PATH.
func TestSuites(t *testing.T) {
	files, err := filepath.Glob("../suites/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if filepath.Base(file) == filepath.Base(publishedSuite) {
			continue // TestPublished does more
		}
		t.Run(filepath.Base(file), func(t *testing.T) { playSuite(t, loadSuite(t, file), true) })
	}
	// Files of others may hold what no API server would store. They are told, and not counted as passed.
	for _, file := range filepath.SplitList(os.Getenv("TLSWARD_SUITES")) {
		t.Run(filepath.Base(file), func(t *testing.T) { playSuite(t, loadSuite(t, file), false) })
	}
}

// playSuite plays the cases of a Suite. One that cannot be played fails if all of them must be playable, else it is
// skipped.
func playSuite(t *testing.T, suite suiteFile, playable bool) {
	var args []string
	if len(suite.Config) > 0 {
		raw, err := yaml.Marshal(suite.Config)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "config.yaml")
		head := "apiVersion: tlsward.io/v1alpha1\nkind: Config\n"
		if err := os.WriteFile(file, append([]byte(head), raw...), 0o600); err != nil {
			t.Fatal(err)
		}
		args = []string{"--config", file}
	}
	s := newServer(t, plane, args...)
	s.register(t, s.start(t).URL())
	for _, c := range suite.Cases {
		t.Run(c.Name, func(t *testing.T) {
			stage := newStage(t, plane)
			stage.turn = c.aged()
			c.Given = c.withOld()
			switch why := stage.impossible(t, c); {
			case why != "" && playable:
				t.Fatal(why)
			case why != "":
				t.Skip(why)
			}
			stage.play(t, c, senders()[0])
		})
	}
}

// aged reports whether the scenario states the age of an object.
func (c scenario) aged() bool { return strings.Contains(text(c), "creationTimestamp") }

// withOld returns what is stored before the first step, the object that it replaces or deletes among it.
func (c scenario) withOld() []map[string]any {
	old := c.Steps[0].OldObject
	for _, given := range c.Given {
		if old == nil || sameName(given, old) {
			return c.Given
		}
	}
	if old == nil {
		return c.Given
	}
	return append(append([]map[string]any{}, c.Given...), old)
}

func sameName(a, b map[string]any) bool {
	x, _ := a["metadata"].(map[string]any)
	y, _ := b["metadata"].(map[string]any)
	return a["kind"] == b["kind"] && x["name"] == y["name"] && x["namespace"] == y["namespace"]
}

// impossible says why an API server with Istio's CRDs could never be in this scenario; "" is possible.
func (s stage) impossible(t *testing.T, c scenario) string {
	t.Helper()
	for _, o := range byAge(c.Given) {
		if why := s.unstorable(t, o.Object); why != "" {
			return "given: " + why
		}
	}
	stored := byAge(c.Given)
	for _, st := range c.Steps {
		if st.Operation == remove {
			continue
		}
		if why := s.unstorable(t, st.Object); why != "" {
			return why
		}
		o := st.subject()
		if st.Operation == create && slices.ContainsFunc(stored, func(other *unstructured.Unstructured) bool { return olderThan(o, other) }) {
			return "a new object cannot be older than what is stored"
		}
		stored = append(stored, o)
	}
	return ""
}

// olderThan reports whether a claims to be of the same kind as b and no younger. Age matters among objects of a kind.
func olderThan(a, b *unstructured.Unstructured) bool {
	return a.GetKind() == b.GetKind() && ageOf(a) != newest && ageOf(a) <= ageOf(b)
}

// unstorable asks the API server, unseen by the webhooks, whether it would store the object at all.
func (s stage) unstorable(t *testing.T, object map[string]any) string {
	t.Helper()
	o := step{Object: object}.subject()
	if _, ok := resources[o.GetKind()]; !ok || strings.HasPrefix(o.GetAPIVersion(), "gateway.networking.k8s.io/") {
		return "no CRD for " + o.GetAPIVersion() + " " + o.GetKind()
	}
	if o.GetKind() == "Namespace" {
		return ""
	}
	needNamespace(t.Context(), t, s.seed, o.GetNamespace())
	o.SetName(o.GetName() + "-storable")
	o.SetCreationTimestamp(metav1.Time{})
	if _, err := s.seed.of(o).Create(t.Context(), o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); apierrors.IsInvalid(err) {
		return "the CRD refuses it: " + err.Error()
	}
	return ""
}

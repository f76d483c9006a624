package istiod

import (
	"strings"
	"testing"

	"github.com/tlsward/tlsward/mesh"
)

func TestRevisionsNote(t *testing.T) {
	istiod := func(revision string) *mesh.Object {
		return &mesh.Object{Ref: mesh.Ref{Kind: mesh.KindService, Namespace: "istio-system", Name: "istiod-" + revision},
			Labels: map[string]string{"app": "istiod", "istio.io/rev": revision}}
	}
	for _, c := range []struct {
		judged  string
		objects []*mesh.Object
		want    string
	}{
		{"", nil, ""},
		{"", []*mesh.Object{istiod("default")}, ""},
		{"canary", []*mesh.Object{istiod("canary")}, ""},
		{"", []*mesh.Object{istiod("stable")}, "the mesh of revision default is judged (mesh.revision), and control planes are there of stable alone"},
		{"", []*mesh.Object{istiod("default"), istiod("canary")}, "control planes of several revisions: canary, default; the mesh of default is judged, "},
	} {
		settings := mesh.DefaultSettings()
		settings.Revision = c.judged
		if have := RevisionsNote(mesh.New(settings, c.objects...)); !strings.HasPrefix(have, c.want) || c.want == "" && have != "" {
			t.Errorf("have %q, want %q", have, c.want)
		}
	}
}

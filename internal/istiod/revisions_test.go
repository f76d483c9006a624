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
		others  []string
		objects []*mesh.Object
		want    string
	}{
		{"", nil, nil, ""},
		{"", nil, []*mesh.Object{istiod("default")}, ""},
		{"canary", nil, []*mesh.Object{istiod("canary")}, ""},
		{"", nil, []*mesh.Object{istiod("stable")}, "the mesh of revision default is judged (mesh.revision), and control planes are there of stable alone"},
		{"", nil, []*mesh.Object{istiod("default"), istiod("canary")}, "control planes of several revisions: canary, default; the mesh of default is judged, "},
		{"", []string{"canary"}, []*mesh.Object{istiod("default"), istiod("canary")}, "control planes of several revisions: canary, default; each object is judged in the mesh of each"},
		{"", []string{"canary"}, nil, "control planes of several revisions: canary, default; each object is judged in the mesh of each"},
		{"", []string{"canary"}, []*mesh.Object{istiod("default"), istiod("canary"), istiod("old")}, "control planes of several revisions: canary, default, old; the mesh of canary, default is judged, "},
	} {
		settings := mesh.DefaultSettings()
		settings.Revision = c.judged
		for _, revision := range c.others {
			other := mesh.DefaultSettings()
			other.Revision = revision
			settings.Others = append(settings.Others, other)
		}
		if have := RevisionsNote(mesh.New(settings, c.objects...)); !strings.HasPrefix(have, c.want) || c.want == "" && have != "" {
			t.Errorf("have %q, want %q", have, c.want)
		}
	}
}

func TestOtherRevisions(t *testing.T) {
	for _, c := range []struct {
		revision, found, followed string
		more                      int
	}{
		{"", "", "", 0},
		{"", "default", "", 0},
		{"", "default canary", "canary", 0},
		{"canary", "default canary", "default", 0},
		{"", "b a b", "a b", 0},
		{"", "default r7 r6 r5 r4 r3 r2 r1", "r1 r2 r3 r4 r5 r6 r7", 0},
		{"r1", "default r9 r8 r7 r6 r5 r4 r3 r2 r1", "default r2 r3 r4 r5 r6 r7", 2},
	} {
		followed, more := OtherRevisions(c.revision, strings.Fields(c.found))
		if strings.Join(followed, " ") != c.followed || more != c.more {
			t.Errorf("%s beside %q: %q and %d more", c.found, c.revision, followed, more)
		}
	}
}

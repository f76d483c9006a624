package follow

import (
	"maps"
	"testing"

	"github.com/tlsward/tlsward/mesh"
)

func TestReasons(t *testing.T) {
	var r Reasons[mesh.Ref]
	a, b := mesh.Ref{Name: "a"}, mesh.Ref{Name: "b"}
	for i, step := range []struct {
		ref   mesh.Ref
		why   string
		told  bool
		count int
	}{{a, "", false, 0}, {a, "x", true, 1}, {a, "x", false, 1}, {b, "x", true, 2}, {a, "y", true, 2}, {a, "", false, 1}, {a, "y", true, 2}} {
		if told := r.Note(step.ref, step.why); told != step.told || r.Count() != step.count {
			t.Errorf("step %d: told %t of %d, want %t of %d", i, told, r.Count(), step.told, step.count)
		}
	}
	if all := r.All(); !maps.Equal(all, map[mesh.Ref]string{a: "y", b: "x"}) {
		t.Errorf("got %v", all)
	}
	if r.Of(b) != "x" || r.Of(mesh.Ref{}) != "" {
		t.Errorf("of b %q", r.Of(b))
	}
	for why, want := range map[string]mesh.Ref{"x": b, "y": a, "z": {}} {
		if found, ok := r.Find(func(_ mesh.Ref, is string) bool { return is == why }); found != want || ok != (want != mesh.Ref{}) {
			t.Errorf("%s: found %v, %t", why, found, ok)
		}
	}
}

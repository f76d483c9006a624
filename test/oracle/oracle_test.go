package oracle

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// TestOracle holds the model against Istio over random meshes. ORACLE_SEED repeats a run; ORACLE_MESHES says how
// many meshes, ORACLE_FIRST the index of the first.
func TestOracle(t *testing.T) {
	seed := number(t, "ORACLE_SEED", uint64(time.Now().UnixNano()))
	meshes := number(t, "ORACLE_MESHES", 3000)
	first := number(t, "ORACLE_FIRST", 0)
	t.Logf("ORACLE_SEED=%d ORACLE_FIRST=%d ORACLE_MESHES=%d", seed, first, meshes)
	coverage := Coverage{}
	classes := map[string]int{}
	questions, crashed, failed := 0, 0, 0
	for i := first; i < first+meshes; i++ {
		g := NewGenerator(seed, i)
		m := g.Mesh()
		coverage.Add(g.Coverage)
		r, err := Compare(m)
		if err != nil {
			t.Fatalf("mesh %d: %v\n%s", i, err, m.YAML())
		}
		questions += r.Questions
		crashed += r.Crashed
		if len(r.Found) == 0 {
			continue
		}
		failed++
		class := r.Found[0].Class()
		if classes[class]++; classes[class] == 1 {
			small := Shrink(m, disagreesBy(class))
			t.Errorf("mesh %d:\n%s\n%s", i, small.YAML(), firstOf(small, class))
		}
	}
	t.Logf("%d meshes, %d questions, %d meshes with a disagreement; Istio crashed for %d clients",
		meshes, questions, failed, crashed)
	for class, n := range classes {
		t.Logf("%6d  %s", n, class)
	}
	if missing := coverage.Missing(); len(missing) > 0 && meshes >= 1000 {
		t.Errorf("constructs never made: %q", missing)
	}
	t.Logf("constructs:\n%s", coverage)
}

// disagreesBy is true of a mesh that shows a disagreement of this class.
func disagreesBy(class string) func(Mesh) bool {
	return func(m Mesh) bool { return firstOf(m, class) != "" }
}

// firstOf gives the first disagreement of this class, "" if there is none.
func firstOf(m Mesh, class string) string {
	r, err := Compare(m)
	if err != nil {
		return ""
	}
	for _, d := range r.Found {
		if d.Class() == class {
			return d.String()
		}
	}
	return ""
}

func number(t *testing.T, name string, fallback uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	return n
}

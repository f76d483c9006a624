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
	most := number(t, "ORACLE_SHOW", 5)
	t.Logf("ORACLE_SEED=%d ORACLE_FIRST=%d ORACLE_MESHES=%d", seed, first, meshes)
	coverage := Coverage{}
	questions, failed := 0, uint64(0)
	for i := first; i < first+meshes; i++ {
		g := NewGenerator(seed, i)
		m := g.Mesh()
		coverage.Add(g.Coverage)
		asked, found, err := Compare(m)
		if err != nil {
			t.Fatalf("mesh %d: %v\n%s", i, err, m.YAML())
		}
		questions += asked
		if len(found) == 0 {
			continue
		}
		if failed++; failed <= most {
			small := Shrink(m, disagrees)
			_, found, _ = Compare(small)
			t.Errorf("mesh %d:\n%s\n%s", i, small.YAML(), found[0])
		}
	}
	t.Logf("%d meshes, %d questions, %d meshes with a disagreement", meshes, questions, failed)
	if failed > most {
		t.Errorf("%d more meshes with a disagreement", failed-most)
	}
	if missing := coverage.Missing(); len(missing) > 0 && meshes >= 1000 {
		t.Errorf("constructs never made: %q", missing)
	}
	t.Logf("constructs:\n%s", coverage)
}

func disagrees(m Mesh) bool {
	_, found, err := Compare(m)
	return err == nil && len(found) > 0
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

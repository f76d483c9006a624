package oracle

import (
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// TestOracle holds the model against Istio over random meshes. ORACLE_SEED repeats a run; ORACLE_MESHES says how
// many meshes, ORACLE_FIRST the index of the first.
func TestOracle(t *testing.T) {
	run := newRun(t, 3000, new(Farm).Compare, (*Generator).Mesh)
	run.all(t)
	if missing := run.coverage.Missing(ambientConstructs...); len(missing) > 0 && run.meshes >= 1000 {
		t.Errorf("constructs never made: %q", missing)
	}
}

// ambientVariable switches Istio's ambient mode on, which it reads once, when the process starts.
const ambientVariable = "PILOT_ENABLE_AMBIENT"

// TestAmbient holds the model of waypoints against Istio, in a process of its own with ambient mode on.
func TestAmbient(t *testing.T) {
	if os.Getenv(ambientVariable) != "true" {
		command := exec.Command(os.Args[0], "-test.run=^TestAmbient$", "-test.v", "-test.timeout=3h")
		command.Env = append(os.Environ(), ambientVariable+"=true")
		output, err := command.CombinedOutput()
		t.Logf("%s", output)
		if err != nil {
			t.Fatalf("with ambient mode on: %v", err)
		}
		return
	}
	run := newRun(t, 300, CompareAmbient, (*Generator).AmbientMesh)
	run.all(t)
	if missing := run.coverage.Missing(); len(missing) > 0 && run.meshes >= 1000 {
		t.Errorf("constructs never made: %q", missing)
	}
}

// run is one run over random meshes.
type run struct {
	seed, first, meshes uint64
	compare             func(Mesh) (Result, error)
	make                func(*Generator) Mesh
	coverage            Coverage
	classes             map[string]int
	total               Result
	failed              int
}

func newRun(t *testing.T, meshes uint64, compare func(Mesh) (Result, error), make func(*Generator) Mesh) *run {
	r := &run{
		seed:    number(t, "ORACLE_SEED", uint64(time.Now().UnixNano())),
		first:   number(t, "ORACLE_FIRST", 0),
		meshes:  number(t, "ORACLE_MESHES", meshes),
		compare: compare, make: make, coverage: Coverage{}, classes: map[string]int{},
	}
	t.Logf("ORACLE_SEED=%d ORACLE_FIRST=%d ORACLE_MESHES=%d", r.seed, r.first, r.meshes)
	return r
}

func (r *run) all(t *testing.T) {
	for i := r.first; i < r.first+r.meshes; i++ {
		r.one(t, i)
	}
	t.Logf("%d meshes, %d questions, %d meshes with a disagreement; Istio crashed for %d clients",
		r.meshes, r.total.Questions, r.failed, r.total.Crashed)
	for class, n := range r.classes {
		t.Logf("%6d  %s", n, class)
	}
	t.Logf("constructs:\n%s", r.coverage)
}

func (r *run) one(t *testing.T, index uint64) {
	g := NewGenerator(r.seed, index)
	m := r.make(g)
	r.coverage.Add(g.Coverage)
	result, err := r.compare(m)
	if err != nil {
		t.Fatalf("mesh %d: %v\n%s", index, err, m.YAML())
	}
	r.total.Questions += result.Questions
	r.total.Crashed += result.Crashed
	if len(result.Found) == 0 {
		return
	}
	r.failed++
	class := result.Found[0].Class()
	if r.classes[class]++; r.classes[class] == 1 {
		small := Shrink(m, func(m Mesh) bool { return r.firstOf(m, class) != "" })
		t.Errorf("mesh %d:\n%s\n%s", index, small.YAML(), r.firstOf(small, class))
	}
}

// firstOf gives a mesh's first disagreement of this class, "" if there is none.
func (r *run) firstOf(m Mesh, class string) string {
	result, err := r.compare(m)
	if err != nil {
		return ""
	}
	for _, d := range result.Found {
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

package oracle

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TestOracle holds the model against Istio over random meshes. ORACLE_SEED repeats a run; ORACLE_MESHES says how
// many meshes, ORACLE_FIRST the index of the first, ORACLE_WORKERS how many at a time.
func TestOracle(t *testing.T) {
	run := newRun(t, 1, func() comparer { return new(Farm).Compare }, (*Generator).Mesh)
	run.all(t)
	if missing := run.coverage.Missing(slices.Concat(ambientConstructs, elsewhere)...); len(missing) > 0 && run.meshes >= 1000 {
		t.Errorf("constructs never made: %q", missing)
	}
}

// TestRoutes holds the model's routes against Istio's listeners and routes.
func TestRoutes(t *testing.T) {
	newRun(t, 1, func() comparer { return new(Farm).CompareRoutes }, (*Generator).RoutedMesh).all(t)
}

// TestKubernetesRoutes does so on meshes with routes of the Gateway API, which istiod's own controller converts. Such a mesh takes
// more time, so it makes a third of them.
func TestKubernetesRoutes(t *testing.T) {
	run := newRun(t, 5, func() comparer { return new(Farm).CompareRoutes }, (*Generator).KubernetesRouteMesh)
	run.all(t)
	for _, construct := range kubernetesRouteConstructs {
		if run.coverage[construct] == 0 && run.meshes >= 600 {
			t.Errorf("construct never made: %s", construct)
		}
	}
}

// TestKubernetesGateways holds what the model says of the listeners and routes of Gateways of the Gateway API against Istio's, on meshes
// with such Gateways, ListenerSets, routes that are attached to them, and ReferenceGrants, of which istiod's own controller makes Gateways
// and VirtualServices. It makes a fifth of the meshes.
func TestKubernetesGateways(t *testing.T) {
	run := newRun(t, 5, func() comparer { return new(Farm).CompareKubernetesGateways }, (*Generator).KubernetesGatewayMesh)
	run.all(t)
	for _, construct := range kubernetesGatewayConstructs {
		if run.coverage[construct] == 0 && run.meshes >= 600 {
			t.Errorf("construct never made: %s", construct)
		}
	}
}

// TestBackendTLSPolicies holds the model's clusters against Istio's on meshes with BackendTLSPolicies, of which istiod's own controller
// makes DestinationRules. It makes a third of the meshes, as TestKubernetesRoutes does.
func TestBackendTLSPolicies(t *testing.T) {
	run := newRun(t, 5, func() comparer { return new(Farm).Compare }, (*Generator).BackendMesh)
	run.all(t)
	for _, construct := range backendConstructs {
		if run.coverage[construct] == 0 && run.meshes >= 600 {
			t.Errorf("construct never made: %s", construct)
		}
	}
}

// TestGatewayRoutes holds what the model says of gateways' listeners and routes against Istio's.
func TestGatewayRoutes(t *testing.T) {
	run := newRun(t, 1, func() comparer { return new(Farm).CompareGateways }, (*Generator).GatewayMesh)
	run.all(t)
	if missing := run.coverage.Missing(slices.Concat(ambientConstructs, kubernetesRouteConstructs, kubernetesGatewayConstructs, backendConstructs, reviewConstructs, gatewayAPIReviewConstructs, kubernetesGatewayReviewConstructs, attackConstructs)...); len(missing) > 0 && run.meshes >= 1000 {
		t.Errorf("constructs never made: %q", missing)
	}
}

// ambientVariable switches Istio's ambient mode on, which it reads once, when the process starts.
const ambientVariable = "PILOT_ENABLE_AMBIENT"

// TestAmbient holds the model of waypoints against Istio, in a process of its own with ambient mode on. Such a mesh
// takes ten times as long, so it makes a tenth of them.
func TestAmbient(t *testing.T) {
	run := newRun(t, 10, func() comparer { return CompareAmbient }, (*Generator).AmbientMesh)
	if !ambient(t, run.seed) {
		return
	}
	run.all(t)
	if missing := run.coverage.Missing(elsewhere...); len(missing) > 0 && run.meshes >= 1000 {
		t.Errorf("constructs never made: %q", missing)
	}
}

// ambient reports whether this process has Istio's ambient mode on. Where it has not, the test runs in one that has.
func ambient(t *testing.T, seed uint64) bool {
	t.Helper()
	if os.Getenv(ambientVariable) == "true" {
		return true
	}
	command := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=3h")
	command.Env = append(os.Environ(), ambientVariable+"=true", fmt.Sprintf("ORACLE_SEED=%d", seed))
	output, err := command.CombinedOutput()
	t.Logf("%s", output)
	if err != nil {
		t.Fatalf("with ambient mode on: %v", err)
	}
	return false
}

// comparer is Farm.Compare or CompareAmbient. It is used by one goroutine at a time.
type comparer func(Mesh) (Result, error)

// run is one run over random meshes.
type run struct {
	seed, first, meshes, workers uint64
	// comparer makes a comparer for each worker.
	comparer func() comparer
	make     func(*Generator) Mesh

	mu       sync.Mutex
	coverage Coverage
	classes  map[string]int
	total    Result
	failed   int
}

// newRun reads what to run from the environment. A share of 10 makes one mesh where others make ten.
func newRun(t *testing.T, share uint64, comparer func() comparer, make func(*Generator) Mesh) *run {
	t.Helper()
	r := &run{
		seed:     number(t, "ORACLE_SEED", uint64(time.Now().UnixNano())),
		first:    number(t, "ORACLE_FIRST", 0),
		meshes:   (number(t, "ORACLE_MESHES", 3000) + share - 1) / share,
		workers:  number(t, "ORACLE_WORKERS", uint64(runtime.GOMAXPROCS(0))),
		comparer: comparer, make: make, coverage: Coverage{}, classes: map[string]int{},
	}
	t.Logf("ORACLE_SEED=%d ORACLE_FIRST=%d ORACLE_MESHES=%d", r.seed, r.first, r.meshes*share)
	return r
}

func (r *run) all(t *testing.T) {
	var workers sync.WaitGroup
	for w := range r.workers {
		workers.Go(func() {
			compare := r.comparer()
			for i := r.first + w; i < r.first+r.meshes; i += r.workers {
				r.one(t, compare, i)
			}
		})
	}
	workers.Wait()
	t.Logf("%d meshes, %d clusters and routes compared (%d of them answered by routes), %d meshes with a disagreement; Istio crashed for %d clients",
		r.meshes, r.total.Compared, r.total.Routed, r.failed, r.total.Crashed)
	for class, n := range r.classes {
		t.Logf("%6d  %s", n, class)
	}
	for why, n := range r.total.LeftOut {
		t.Logf("%6d  left out: %s", n, why)
	}
	t.Logf("constructs:\n%s", r.coverage)
}

func (r *run) one(t *testing.T, compare comparer, index uint64) {
	g := NewGenerator(r.seed, index)
	m := r.make(g)
	result, err := compare(m)
	if err != nil {
		t.Errorf("mesh %d: %v\n%s", index, err, m.YAML())
		return
	}
	class, fresh := r.note(g.Coverage, result)
	if fresh {
		small := Shrink(m, func(m Mesh) bool { return firstOf(compare, m, class) != "" })
		t.Errorf("mesh %d:\n%s\n%s", index, small.YAML(), firstOf(compare, small, class))
	}
}

// note adds one mesh's result up; fresh reports whether it is the first to disagree in this way.
func (r *run) note(coverage Coverage, result Result) (class string, fresh bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.coverage.Add(coverage)
	r.total.Compared += result.Compared
	r.total.Routed += result.Routed
	r.total.Crashed += result.Crashed
	for why, n := range result.LeftOut {
		if r.total.LeftOut == nil {
			r.total.LeftOut = map[string]int{}
		}
		r.total.LeftOut[why] += n
	}
	if len(result.Found) == 0 {
		return "", false
	}
	r.failed++
	class = result.Found[0].Class()
	r.classes[class]++
	return class, r.classes[class] == 1
}

// firstOf returns a mesh's first disagreement of this class, "" if there is none.
func firstOf(compare comparer, m Mesh, class string) string {
	result, err := compare(m)
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

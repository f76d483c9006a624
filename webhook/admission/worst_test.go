package admission

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// worstCase is one of the largest reviews that a tenant can ask for: what is stored, and the object that is created, or takes
// the place of old, or is deleted.
type worstCase struct {
	name        string
	stored      [][]byte
	object, old []byte
}

// worstCases are all of them, by kind.
func worstCases(t testing.TB) []worstCase {
	return slices.Concat(worstVirtualServices(t), worstDestinationRules(t), worstServiceEntries(t), worstAuthorizationPolicies(t),
		worstGateways(t), worstSidecars(t), worstWorkloads(t), worstKubernetesRoutes(t))
}

func (c worstCase) review() Review {
	r := Review{Operation: policies.Create, Object: c.object, OldObject: c.old, Namespace: "shop"}
	switch {
	case c.object == nil:
		r.Operation = policies.Delete
	case c.old != nil:
		r.Operation = policies.Update
	}
	return r
}

// snapshot is the mesh before the review.
func (c worstCase) snapshot(t testing.TB) *mesh.Snapshot {
	t.Helper()
	var stored []*mesh.Object
	for _, raw := range append(slices.Clip(c.stored), c.old) {
		if raw == nil {
			continue
		}
		o, err := mesh.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, o)
	}
	return mesh.New(mesh.DefaultSettings(), stored...)
}

// BenchmarkWorst measures the CPU time of a whole review beyond the decoding of its bytes, garbage collection included:
// what the clock says depends on who else computes. refused is 1 where the object is over a limit.
func BenchmarkWorst(b *testing.B) {
	testEvaluator(b) // compiles the policies, once
	for _, c := range worstCases(b) {
		b.Run(c.name, func(b *testing.B) {
			snap := c.snapshot(b)
			var spent time.Duration
			refused := 0.0
			for range b.N {
				q, err := c.review().decode()
				runtime.GC() // of what is no part of the review
				begin := cpuTime(b)
				if err == nil {
					err = evaluateWithin(b, q, snap, 5*time.Second)
				}
				spent += cpuTime(b) - begin
				var limit *mesh.LimitError
				switch {
				case errors.As(err, &limit):
					refused = 1
				case err != nil:
					b.Logf("%v after %v", err, cpuTime(b)-begin)
				}
			}
			b.ReportMetric(float64(spent.Microseconds())/1000/float64(b.N), "cpu-ms/op")
			b.ReportMetric(refused, "refused")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// What a review allocates does not depend on the machine. 50 ms are some 500,000 allocations; the most that any review here needs is
// a fifth less. Cases beside thousands of objects take long to set up, and are left to BenchmarkWorst.
func TestWorstCasesAllocateWithinBounds(t *testing.T) {
	const most, manyStored = 400_000, 2000
	for _, c := range worstCases(t) {
		if len(c.stored) > manyStored || strings.HasPrefix(c.name, "Gateway, beside 1,000") {
			continue
		}
		q, err := c.review().decode()
		if err != nil {
			if errors.As(err, new(*mesh.LimitError)) {
				continue // refused at once
			}
			t.Fatalf("%s: %v", c.name, err)
		}
		snap := c.snapshot(t)
		testEvaluator(t)
		before := mallocs()
		err = evaluateWithin(t, q, snap, time.Minute)
		if n := mallocs() - before; n > most {
			t.Errorf("%s: %d allocations, more than %d", c.name, n, most)
		}
		// A policy has 500 ms by the clock, which may be short beside other jobs.
		var late *policies.PolicyError
		if err != nil && !errors.As(err, new(*mesh.LimitError)) && !(errors.As(err, &late) && late.Timeout) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// mallocs is how often this process has allocated.
func mallocs() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

func evaluateWithin(t testing.TB, q *request, snap *mesh.Snapshot, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	_, err := testEvaluator(t).evaluate(ctx, q, snap, fixesOfDenials)
	return err
}

// cpuTime is what this process has computed.
func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

package policies

import (
	"context"
	"fmt"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// limiter cancels an evaluation that exceeds its time or memory limit. It is the topdown.Cancel that OPA asks at every
// step.
//
// Go does not report what one goroutine allocates, so the heap of the process is measured: its growth bounds what all
// evaluations take together, which is also what a node's kernel limits. The heap is read at least every checkInterval,
// in which a policy that does nothing but allocate takes some tens of megabytes.
type limiter struct {
	timer    *time.Timer
	deadline time.Time
	// memoryLimit is how much the heap may grow, in bytes; 0 means no limit.
	memoryLimit uint64
	baseline    heapSize // as of the first check; zero before
	// parentCancelled is set once the review's context is done.
	parentCancelled       *atomic.Bool
	stopped               atomic.Bool // the evaluation has ended
	timedOut, outOfMemory atomic.Bool
}

// Most evaluations end before firstCheck, and never read the heap.
const (
	firstCheck    = 10 * time.Millisecond
	checkInterval = 5 * time.Millisecond
)

// newLimiter starts the limits of one evaluation. The caller must stop it.
func newLimiter(parentCancelled *atomic.Bool, timeout time.Duration, memoryLimit uint64) *limiter {
	l := &limiter{parentCancelled: parentCancelled, memoryLimit: memoryLimit}
	if memoryLimit == 0 {
		l.timer = time.AfterFunc(timeout, l.Cancel)
		return l
	}
	l.deadline = time.Now().Add(timeout)
	l.timer = time.AfterFunc(time.Hour, l.check)
	l.timer.Reset(min(firstCheck, timeout)) // check uses l.timer, which is set only now
	return l
}

func (l *limiter) stop() {
	l.stopped.Store(true)
	l.timer.Stop()
}

func (l *limiter) check() {
	left := time.Until(l.deadline)
	switch {
	case l.stopped.Load():
		return
	case left <= 0:
		l.Cancel()
		return
	}
	size := readHeapSize()
	if l.baseline == (heapSize{}) {
		l.baseline = size
	}
	if size.exceeds(l.baseline, l.memoryLimit) {
		l.outOfMemory.Store(true)
		return
	}
	l.timer.Reset(min(checkInterval, left))
}

// Cancel cancels the evaluation because its time is up.
func (l *limiter) Cancel() { l.timedOut.Store(true) }

// Cancelled reports whether the evaluation must stop.
func (l *limiter) Cancelled() bool {
	return l.timedOut.Load() || l.outOfMemory.Load() || l.parentCancelled.Load()
}

// withMemoryLimit returns a context that is cancelled once the heap has grown by more than limit bytes. cancel releases
// it.
func withMemoryLimit(ctx context.Context, limit uint64) (limited context.Context, cancel func()) {
	limited, cancelCause := context.WithCancelCause(ctx)
	go func() {
		baseline := readHeapSize()
		ticker := time.NewTicker(checkInterval)
		defer ticker.Stop()
		for {
			select {
			case <-limited.Done():
				return
			case <-ticker.C:
			}
			if readHeapSize().exceeds(baseline, limit) {
				cancelCause(fmt.Errorf("%w within %d MiB of memory", errMemory, limit>>20))
			}
		}
	}()
	return limited, func() { cancelCause(nil) }
}

// heapSize is the memory of the process's objects, in bytes.
type heapSize struct {
	// live is what the last garbage collection found reachable. objects is all that is allocated: what is live, what
	// was allocated since, and garbage that is not swept yet.
	live, objects uint64
}

func readHeapSize() heapSize {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(samples)
	return heapSize{live: samples[0].Value.Uint64(), objects: samples[1].Value.Uint64()}
}

// exceeds reports whether the heap has grown by more than limit since baseline, garbage not counted. Between two
// collections the garbage is not known. The heap may then grow by what was live, as it does before any collection
// (GOGC=100), and by limit on top.
func (h heapSize) exceeds(baseline heapSize, limit uint64) bool {
	return h.live > baseline.live+limit || h.objects > baseline.objects+baseline.live+limit
}

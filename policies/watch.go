package policies

import (
	"context"
	"fmt"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// A watch stops an evaluation that takes too long, or that the process's memory grows too much under.
//
// Nothing in Go tells how much one goroutine allocates, so what is measured is the process: its growth bounds what all
// evaluations take together, and that is what a node's kernel measures too. The others are done long before anybody
// looks. It is read at longest every lookEvery: between two looks even a policy that does nothing but allocate comes
// to some tens of megabytes.
type watch struct {
	timer *time.Timer
	ends  time.Time
	// limit is how much the heap may grow, in bytes; 0 is not watched.
	limit uint64
	base  heap // when it was first looked at; zero before
	// outer is true when nobody waits for the review any more.
	outer            *atomic.Bool
	over             atomic.Bool // the evaluation is done
	passed, overgrew atomic.Bool
}

// Policies that are well are done before lookAfter.
const (
	lookAfter = 10 * time.Millisecond
	lookEvery = 5 * time.Millisecond
)

// newWatch begins to watch. It ends with stop.
func newWatch(outer *atomic.Bool, timeout time.Duration, limit uint64) *watch {
	w := &watch{outer: outer, limit: limit}
	if limit == 0 {
		w.timer = time.AfterFunc(timeout, w.Cancel)
		return w
	}
	w.ends = time.Now().Add(timeout)
	w.timer = time.AfterFunc(time.Hour, w.look)
	w.timer.Reset(min(lookAfter, timeout)) // not before w.timer is set
	return w
}

func (w *watch) stop() {
	w.over.Store(true)
	w.timer.Stop()
}

func (w *watch) look() {
	left := time.Until(w.ends)
	switch {
	case w.over.Load():
		return
	case left <= 0:
		w.Cancel()
		return
	}
	now := readHeap()
	if w.base == (heap{}) {
		w.base = now
	}
	if now.grown(w.base, w.limit) {
		w.overgrew.Store(true)
		return
	}
	w.timer.Reset(min(lookEvery, left))
}

// Cancel says that the time is over.
func (w *watch) Cancel() { w.passed.Store(true) }

// Cancelled says whether the evaluation has to stop. OPA asks at every step.
func (w *watch) Cancelled() bool { return w.passed.Load() || w.overgrew.Load() || w.outer.Load() }

// withinMemory gives a context that is cancelled when the heap has grown by more than limit, until done.
func withinMemory(ctx context.Context, limit uint64) (bounded context.Context, done func()) {
	bounded, cancel := context.WithCancelCause(ctx)
	go func() {
		base := readHeap()
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-bounded.Done():
				return
			case <-tick.C:
			}
			if readHeap().grown(base, limit) {
				cancel(fmt.Errorf("%w within %d MiB of memory", errMemory, limit>>20))
			}
		}
	}()
	return bounded, func() { cancel(nil) }
}

// heap is how much memory the process's objects take.
type heap struct {
	// live was reachable when the garbage was last collected; objects are also those that have come since, and those
	// that nobody has found to be garbage yet.
	live, objects uint64
}

func readHeap() heap {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(samples)
	return heap{live: samples[0].Value.Uint64(), objects: samples[1].Value.Uint64()}
}

// grown says whether more than limit has come that is no garbage. Between two collections nobody knows; then the heap
// may grow as far as it does anyway before the collector runs, by what is live, and by limit beyond.
func (h heap) grown(base heap, limit uint64) bool {
	return h.live > base.live+limit || h.objects > base.objects+base.live+limit
}

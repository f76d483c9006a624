package follow

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

const (
	// Interval is how often everything is looked at, beside what changes.
	Interval = 10 * time.Minute
	// spacing is the time between two looks at everything, where changes ask for them.
	spacing = 10 * time.Second
	// patience is how often it is asked whether this replica leads, and whether anything has changed.
	patience = 250 * time.Millisecond
	// narrow is how many pieces the change of one object may concern so that they go before what is looked at only because everything is.
	narrow = 256
)

// Work is what a controller does, in pieces that a T names. Its methods but Do are called by one goroutine, Do by another one.
type Work[T comparable] interface {
	// All returns all pieces that there are in a mesh.
	All(*mesh.Snapshot) map[T]bool
	// Changed returns those that the change of one object concerns, as it was before and is after it, nil where it was not or is gone; whole is
	// true where that may be any.
	Changed(before, after *mesh.Snapshot, was, is *mesh.Object) (pieces map[T]bool, whole bool)
	// Namespace returns whose a piece is: namespaces take turns.
	Namespace(T) string
	// IsUrgent reports whether a piece goes before others that a change concerns.
	IsUrgent(*mesh.Snapshot, T) bool
	// Do does one piece, where there is anything to do. After an error it is tried again.
	Do(context.Context, *admission.Evaluator, *mesh.Snapshot, T) error
}

// Options are what a Follower needs.
type Options[T comparable] struct {
	Source
	// IsLeader reports whether this replica may write.
	IsLeader func() bool
	// Settle is how long changes are gathered before they are looked at.
	Settle time.Duration
	Work   Work[T]
}

// Follower does a controller's work while its replica leads: one goroutine sees what a change concerns, another one does it, piece by piece.
// It is a Runnable of every replica. Use New.
type Follower[T comparable] struct {
	Options[T]
	queue atomic.Pointer[queue[T]] // nil before Start

	// seen is by what pieces are done; nil while another replica leads.
	seen atomic.Pointer[seen]
	// dropped is set where a piece was not done as another replica led for a moment.
	dropped atomic.Bool

	whole time.Time // when everything was looked at
	// due reports whether something has changed since that may concern everything.
	due    bool
	looked time.Time // when it was for that
}

// seen is a mesh, and what judges it.
type seen struct {
	by   *admission.Evaluator
	mesh *mesh.Snapshot
}

// New returns a Follower.
func New[T comparable](o Options[T]) *Follower[T] { return &Follower[T]{Options: o} }

// NeedLeaderElection returns false: it asks for the leader itself (docs/adr/0014-controller-runtime.md).
func (f *Follower[T]) NeedLeaderElection() bool { return false }

// Waiting returns how many pieces wait to be done.
func (f *Follower[T]) Waiting() int {
	if q := f.queue.Load(); q != nil {
		return q.Len()
	}
	return 0
}

// After has a piece looked at again after a while, whatever changes. Do may call it.
func (f *Follower[T]) After(d time.Duration, piece T) { f.queue.Load().AddAfter(piece, d) }

// Start works until ctx is done.
func (f *Follower[T]) Start(ctx context.Context) error {
	q := newQueue(f.Work.Namespace)
	f.queue.Store(q)
	var worker sync.WaitGroup
	worker.Go(func() { f.work(ctx, q) })
	defer worker.Wait()
	defer q.ShutDown()
	for {
		changed := f.Changed() // before the mesh is read, so that no change is missed
		if f.IsLeader() && f.IsKnown() {
			f.look(q)
		} else {
			f.seen.Store(nil) // another one may write
			changed = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(patience):
		case <-changed:
			if !sleep(ctx, f.Settle) {
				return nil
			}
		}
	}
}

// look has done what changes concern; everything where the configuration or the settings have changed, after Interval, and after another
// replica led, and soon after a change that may concern everything.
func (f *Follower[T]) look(q *queue[T]) {
	last, next, now := f.seen.Load(), &seen{f.Evaluator(), f.Mesh()}, time.Now()
	f.seen.Store(next) // before the pieces wait, so that they are done by it
	if last != nil {
		f.addChanges(q, last.mesh, next.mesh)
	}
	switch {
	case f.dropped.Swap(false) || last == nil || last.by != next.by || now.Sub(f.whole) >= Interval || !reflect.DeepEqual(last.mesh.Settings(), next.mesh.Settings()):
		f.addAll(q, next.mesh)
		f.whole, f.due = now, false
	case f.due && now.Sub(f.looked) >= spacing:
		f.addAll(q, next.mesh)
		f.looked, f.due = now, false
	}
}

func (f *Follower[T]) addAll(q *queue[T], snap *mesh.Snapshot) {
	for piece := range f.Work.All(snap) {
		q.add(piece, background)
	}
}

// addChanges adds what changes concern, object by object: how much another one's concerns makes none less urgent.
func (f *Follower[T]) addChanges(q *queue[T], before, after *mesh.Snapshot) {
	if before == after {
		return
	}
	for was, is := range mesh.Changed(before, after) {
		pieces, whole := f.Work.Changed(before, after, was, is)
		f.due = f.due || whole
		f.addChanged(q, after, pieces)
	}
}

// addChanged adds what the change of one object concerns. Where that is much, as by a rule for all hosts, no piece of it is in a hurry: whoever
// may write one rule could keep all others from their turns.
func (f *Follower[T]) addChanged(q *queue[T], snap *mesh.Snapshot, pieces map[T]bool) {
	for piece := range pieces {
		switch {
		case len(pieces) > narrow:
			q.add(piece, background)
		case f.Work.IsUrgent(snap, piece):
			q.add(piece, urgent)
		default:
			q.add(piece, changed)
		}
	}
}

// work does pieces until the queue is shut down.
func (f *Follower[T]) work(ctx context.Context, q *queue[T]) {
	for {
		piece, ended := q.Get()
		if ended {
			return
		}
		began := time.Now()
		f.do(ctx, q, piece)
		q.Done(piece)
		sleep(ctx, min(time.Since(began), time.Millisecond)) // reviews go first
	}
}

func (f *Follower[T]) do(ctx context.Context, q *queue[T], piece T) {
	s := f.seen.Load()
	if ctx.Err() != nil || s == nil || !f.IsLeader() {
		f.dropped.Store(true)
		q.Forget(piece)
		return
	}
	if err := f.Work.Do(ctx, s.by, s.mesh, piece); err != nil {
		q.retry(piece)
		return
	}
	q.Forget(piece)
}

// sleep waits, and reports whether ctx lives on.
func sleep(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return ctx.Err() == nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

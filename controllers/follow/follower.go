package follow

import (
	"context"
	"reflect"
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
	// minRetry and maxRetry are how long what failed waits: twice as long each time.
	minRetry, maxRetry = time.Second, 5 * time.Minute
)

// Work is what a controller does, in pieces that a T names.
type Work[T comparable] interface {
	// All returns all pieces that there are in a mesh.
	All(*mesh.Snapshot) map[T]bool
	// Changed returns those that a change of the mesh concerns; whole is true where that may be any.
	Changed(before, after *mesh.Snapshot) (pieces map[T]bool, whole bool)
	// Do does one piece, where there is anything to do. After an error it is tried again.
	Do(context.Context, *admission.Evaluator, *mesh.Snapshot, T) error
	// Begin is called before everything is looked at anew.
	Begin()
}

// Follower does a controller's work while its replica leads. It is a Runnable of every replica.
type Follower[T comparable] struct {
	Source
	// IsLeader reports whether this replica may write.
	IsLeader func() bool
	// Settle is how long changes are gathered before they are looked at.
	Settle time.Duration
	Work   Work[T]

	last  *mesh.Snapshot // what was looked at; nil for nothing
	by    *admission.Evaluator
	whole time.Time
	// due reports whether something has changed since that may concern everything.
	due    bool
	looked time.Time // when it was for that
	// failed is what has to be tried again at retryAt.
	failed  map[T]bool
	retryAt time.Time
	backoff time.Duration
}

// NeedLeaderElection returns false: it asks for the leader itself (docs/adr/0014-controller-runtime.md).
func (f *Follower[T]) NeedLeaderElection() bool { return false }

// Start works until ctx is done.
func (f *Follower[T]) Start(ctx context.Context) error {
	for {
		changed := f.Changed() // before the mesh is read, so that no change is missed
		if f.IsLeader() && f.IsKnown() {
			f.step(ctx)
		} else {
			f.last, changed = nil, nil // another one may write
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

// step does what a change concerns and what failed before; everything where the configuration or the settings have changed, after
// Interval, and after another replica led, and soon after a change that may concern everything.
func (f *Follower[T]) step(ctx context.Context) {
	e, snap, now := f.Evaluator(), f.Mesh(), time.Now()
	pieces := map[T]bool{}
	switch {
	case f.last == nil || f.by != e || now.Sub(f.whole) >= Interval || !reflect.DeepEqual(f.last.Settings(), snap.Settings()):
		f.Work.Begin()
		pieces, f.whole, f.due = f.Work.All(snap), now, false
	case f.last != snap:
		var whole bool
		pieces, whole = f.Work.Changed(f.last, snap)
		f.due = f.due || whole
	}
	if f.due && now.Sub(f.looked) >= spacing {
		pieces, f.looked, f.due = f.Work.All(snap), now, false
	}
	retries := len(f.failed) > 0 && !now.Before(f.retryAt)
	if retries {
		for piece := range f.failed {
			pieces[piece] = true
		}
		f.failed = nil
	}
	f.last, f.by = snap, e
	for piece := range pieces {
		if ctx.Err() != nil || !f.IsLeader() {
			f.last = nil
			return
		}
		if err := f.Work.Do(ctx, e, snap, piece); err != nil {
			f.fail(piece)
		} else {
			delete(f.failed, piece)
		}
	}
	f.wait(retries)
}

func (f *Follower[T]) fail(piece T) {
	if f.failed == nil {
		f.failed = map[T]bool{}
	}
	f.failed[piece] = true
}

// wait sets when what failed is tried again; longer each time that it was.
func (f *Follower[T]) wait(retried bool) {
	switch {
	case len(f.failed) == 0:
		f.backoff = 0
	case retried || f.backoff == 0:
		f.backoff = min(max(minRetry, 2*f.backoff), maxRetry)
		f.retryAt = time.Now().Add(f.backoff)
	}
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

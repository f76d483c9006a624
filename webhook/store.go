package webhook

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tlsward/tlsward/mesh"
)

// Store holds the mesh as it is known now. Whoever follows the cluster puts each event in, which costs microseconds;
// reviews read without waiting for anyone. The zero value is not usable: see NewStore.
type Store struct {
	now  func() time.Time
	mu   sync.Mutex // held by writers
	view atomic.Pointer[View]
	// changed is closed, and replaced, whenever stored objects change.
	changed atomic.Pointer[chan struct{}]
	last    atomic.Int64 // time of the last event, Unix nanoseconds
}

// View is the mesh at one moment.
type View struct {
	// Stored is what the cluster's events have told.
	Stored *mesh.Snapshot
	// Expected is Stored with what has been admitted here and not been heard of yet. It is the same pointer where
	// there is no such thing, which is nearly always.
	Expected *mesh.Snapshot
	pending  []pending
}

// Version identifies one stored state of an object.
type Version struct {
	UID             string
	ResourceVersion string
}

// pending is an admitted write that no event has shown yet.
type pending struct {
	ref    mesh.Ref
	object *mesh.Object // nil: deleted
	base   Version      // what the write is based on; a new object's has no ResourceVersion
	since  time.Time
}

// pendingLife is how long an admitted write counts without being seen. An event takes milliseconds; this bounds what
// is left of a write that something else refused after we had admitted it.
const pendingLife = 10 * time.Second

// NewStore gives a store that holds these objects.
func NewStore(settings mesh.Settings, objects ...*mesh.Object) *Store {
	s := &Store{now: time.Now}
	snap := mesh.New(settings, objects...)
	s.view.Store(&View{Stored: snap, Expected: snap})
	s.wake()
	return s
}

// View gives the mesh as it is known now.
func (s *Store) View() *View {
	v := s.view.Load()
	if len(v.pending) > 0 && s.now().Sub(v.pending[0].since) > pendingLife {
		return s.expire()
	}
	return v
}

// Put takes an event that o is stored in this version.
func (s *Store) Put(o *mesh.Object, version Version) {
	s.change(o.Ref, func(stored *mesh.Snapshot) *mesh.Snapshot { return stored.With(o) },
		func(p pending) bool { return p.seenIn(version) })
}

// Remove takes an event that the object of this name is gone.
func (s *Store) Remove(ref mesh.Ref, version Version) {
	s.change(ref, func(stored *mesh.Snapshot) *mesh.Snapshot { return stored.Without(ref) },
		func(p pending) bool { return p.base.UID == "" || p.base.UID == version.UID })
}

// Configure sets the mesh-wide facts anew: all objects are read again in their light, which takes a while.
func (s *Store) Configure(settings mesh.Settings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view.Load()
	stored := mesh.New(settings, slices.Collect(v.Stored.Objects())...)
	s.view.Store(overlay(stored, v.pending))
	s.wake()
}

// Admitted takes note of a write that is about to be stored; a nil object is a deletion. base is what it replaces.
func (s *Store) Admitted(ref mesh.Ref, object *mesh.Object, base Version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view.Load()
	waiting := append(without(v.pending, func(p pending) bool { return p.ref == ref }),
		pending{ref: ref, object: object, base: base, since: s.now()})
	s.view.Store(&View{Stored: v.Stored, Expected: apply(v.Expected, ref, object), pending: waiting})
}

// Age gives the time since the last event.
func (s *Store) Age() time.Duration {
	last := s.last.Load()
	if last == 0 {
		return 0
	}
	return s.now().Sub(time.Unix(0, last))
}

// Changed gives a channel that is closed at the next event.
func (s *Store) Changed() <-chan struct{} { return *s.changed.Load() }

// change applies an event to what is stored. It drops the pending write of ref if the event shows it, else that write
// still counts.
func (s *Store) change(ref mesh.Ref, event func(*mesh.Snapshot) *mesh.Snapshot, seen func(pending) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view.Load()
	next := &View{Stored: event(v.Stored)}
	next.Expected = next.Stored
	if len(v.pending) > 0 {
		next.pending = without(v.pending, func(p pending) bool { return p.ref == ref && seen(p) })
	}
	if len(next.pending) > 0 {
		next.Expected = v.Expected
		if !slices.ContainsFunc(next.pending, func(p pending) bool { return p.ref == ref }) {
			next.Expected = event(v.Expected)
		}
	}
	s.view.Store(next)
	s.last.Store(s.now().UnixNano())
	s.wake()
}

// expire drops the pending writes that have waited too long.
func (s *Store) expire() *View {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view.Load()
	limit := s.now().Add(-pendingLife)
	next := overlay(v.Stored, without(v.pending, func(p pending) bool { return p.since.Before(limit) }))
	s.view.Store(next)
	return next
}

// overlay gives the view of stored with the pending writes over it, oldest first.
func overlay(stored *mesh.Snapshot, waiting []pending) *View {
	v := &View{Stored: stored, Expected: stored, pending: waiting}
	for _, p := range waiting {
		v.Expected = apply(v.Expected, p.ref, p.object)
	}
	return v
}

// without gives a new slice: views share theirs.
func without(waiting []pending, drop func(pending) bool) []pending {
	return slices.DeleteFunc(slices.Clone(waiting), drop)
}

func (s *Store) wake() {
	next := make(chan struct{})
	if old := s.changed.Swap(&next); old != nil {
		close(*old)
	}
}

func apply(snap *mesh.Snapshot, ref mesh.Ref, object *mesh.Object) *mesh.Snapshot {
	if object == nil {
		return snap.Without(ref)
	}
	return snap.With(object)
}

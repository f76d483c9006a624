package assume

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tlsward/tlsward/mesh"
)

// Cache holds the mesh as it is known now. The informers put each event in, which costs microseconds; reviews read
// without a lock. Use NewCache.
type Cache struct {
	now  func() time.Time
	mu   sync.Mutex // held by writers
	view atomic.Pointer[View]
	// changed is closed, and replaced, whenever stored objects change.
	changed atomic.Pointer[chan struct{}]
	last    atomic.Int64 // time of the last event, Unix nanoseconds
}

// NewCache returns a cache that holds these objects.
func NewCache(settings mesh.Settings, objects ...*mesh.Object) *Cache {
	c := &Cache{now: time.Now}
	snap := mesh.New(settings, objects...)
	c.view.Store(&View{Stored: snap, Assumed: snap})
	c.broadcast()
	return c
}

// View returns the mesh as it is known now.
func (c *Cache) View() *View {
	v := c.view.Load()
	if len(v.Writes) > 0 && c.now().Sub(v.Writes[0].since) > assumeTTL {
		return c.expire()
	}
	return v
}

// Put takes an event that o is stored in this version.
func (c *Cache) Put(o *mesh.Object, version Version) {
	c.apply(o.Ref, func(stored *mesh.Snapshot) *mesh.Snapshot { return stored.With(o) },
		func(w Write) bool { return w.observedIn(version) })
}

// Delete takes an event that the object of this name is gone.
func (c *Cache) Delete(ref mesh.Ref, version Version) {
	c.apply(ref, func(stored *mesh.Snapshot) *mesh.Snapshot { return stored.Without(ref) },
		func(w Write) bool { return w.Base.UID == "" || w.Base.UID == version.UID })
}

// Configure replaces the mesh-wide settings. All objects are read again in their light, which takes a while.
func (c *Cache) Configure(settings mesh.Settings) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.view.Load()
	stored := mesh.New(settings, slices.Collect(v.Stored.All())...)
	c.view.Store(newView(stored, v.Writes))
	c.broadcast()
}

// Assume takes a write that is about to be stored. It replaces an earlier one of the same object.
func (c *Cache) Assume(w Write) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.view.Load()
	w.since = c.now()
	writes := append(without(v.Writes, func(other Write) bool { return other.Ref == w.Ref }), w)
	c.view.Store(&View{Stored: v.Stored, Assumed: w.Apply(v.Assumed), Writes: writes})
}

// Age returns the time since the last event, 0 before the first.
func (c *Cache) Age() time.Duration {
	last := c.last.Load()
	if last == 0 {
		return 0
	}
	return c.now().Sub(time.Unix(0, last))
}

// Changed returns a channel that is closed at the next event that changes anything.
func (c *Cache) Changed() <-chan struct{} { return *c.changed.Load() }

// apply applies an event to what is stored. It drops the assumed write of ref if the event shows it; else that write
// still counts. An event that changes nothing, as one of a status, leaves the view, and what was decided in it.
func (c *Cache) apply(ref mesh.Ref, event func(*mesh.Snapshot) *mesh.Snapshot, shows func(Write) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.view.Load()
	c.last.Store(c.now().UnixNano())
	next := &View{Stored: event(v.Stored)}
	next.Assumed = next.Stored
	if len(v.Writes) > 0 {
		next.Writes = without(v.Writes, func(w Write) bool { return w.Ref == ref && shows(w) })
	}
	if next.Stored == v.Stored && len(next.Writes) == len(v.Writes) {
		return
	}
	if len(next.Writes) > 0 {
		next.Assumed = v.Assumed
		if !slices.ContainsFunc(next.Writes, func(w Write) bool { return w.Ref == ref }) {
			next.Assumed = event(v.Assumed)
		}
	}
	c.view.Store(next)
	c.broadcast()
}

// expire drops the writes that were assumed for too long.
func (c *Cache) expire() *View {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.view.Load()
	limit := c.now().Add(-assumeTTL)
	next := newView(v.Stored, without(v.Writes, func(w Write) bool { return w.since.Before(limit) }))
	c.view.Store(next)
	return next
}

// broadcast wakes all who wait for an event.
func (c *Cache) broadcast() {
	next := make(chan struct{})
	if old := c.changed.Swap(&next); old != nil {
		close(*old)
	}
}

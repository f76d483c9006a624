package completer

import (
	"context"
	"log/slog"
	"reflect"
	"sync/atomic"
	"time"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Options are what a Completer needs.
type Options struct {
	// Mesh returns the mesh as it is stored, Changed a channel that is closed at the next change.
	Mesh    func() *mesh.Snapshot
	Changed func() <-chan struct{}
	// Evaluator returns what is in force, nil for nothing yet. Ready returns why the mesh is not known yet.
	Evaluator func() *admission.Evaluator
	Ready     func() error
	// IsLeader reports whether this replica may write.
	IsLeader func() bool
	Cluster  Cluster
	Log      *slog.Logger
}

// Cluster holds the objects.
type Cluster interface {
	// Get returns an object as JSON, nil if there is none.
	Get(context.Context, mesh.Ref) ([]byte, error)
	// Patch changes an object, if it still is as it was read.
	Patch(ctx context.Context, read []byte, patch []jsonpatch.Operation) error
}

const (
	// interval is how often everything is looked at, beside what changes.
	interval = 10 * time.Minute
	// patience is how long it is waited before the leader, or the mesh, is looked for again; settle how long changes are gathered:
	// whoever writes an entry and its rule is not to be raced.
	patience = 250 * time.Millisecond
	settle   = 2 * time.Second
	// rounds is how often one object is completed within an interval: who undoes that again and again means it.
	rounds = 3
)

// Completer looks for what is incomplete until it is stopped. It is a Runnable of every replica.
type Completer struct {
	o     Options
	last  *mesh.Snapshot
	by    *admission.Evaluator
	whole time.Time
	// incomplete is what lacks something, completed how often each was completed in an interval.
	incomplete map[mesh.Ref]bool
	completed  map[mesh.Ref]int

	found, done, failed atomic.Int64
}

// New returns a Completer.
func New(o Options) *Completer {
	return &Completer{o: o, incomplete: map[mesh.Ref]bool{}, completed: map[mesh.Ref]int{}}
}

// NeedLeaderElection returns false: it asks for the leader itself (docs/adr/0014-controller-runtime.md).
func (c *Completer) NeedLeaderElection() bool { return false }

// Start looks for what is incomplete until ctx is done.
func (c *Completer) Start(ctx context.Context) error {
	for {
		changed, wait := c.o.Changed(), patience // before the mesh is read, so that no change is missed
		if c.may() {
			c.look(ctx)
			wait = max(0, time.Until(c.whole.Add(interval)))
		} else {
			c.last, changed = nil, nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		case <-changed:
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(settle):
			}
		}
	}
}

func (c *Completer) may() bool {
	return c.o.IsLeader() && c.o.Evaluator() != nil && c.o.Ready() == nil
}

// look brings what is known to be incomplete up to date, by what has changed; by everything where the configuration or the settings
// have changed, after an interval, and after another replica led.
func (c *Completer) look(ctx context.Context) {
	e, snap := c.o.Evaluator(), c.o.Mesh()
	var refs map[mesh.Ref]bool
	if c.last == nil || c.by != e || time.Since(c.whole) >= interval || !reflect.DeepEqual(c.last.Settings(), snap.Settings()) {
		refs = all(snap)
		c.whole = time.Now()
		clear(c.completed)
		clear(c.incomplete)
	} else {
		refs = changed(c.last, snap)
	}
	c.last, c.by = snap, e
	for ref := range refs {
		if ctx.Err() != nil || !c.o.IsLeader() {
			c.last = nil
			return
		}
		began := time.Now()
		c.judge(ctx, e, snap, ref)
		time.Sleep(min(time.Since(began), time.Millisecond)) // reviews go first
	}
	c.found.Store(int64(len(c.incomplete)))
}

// judge completes one object, or notes that it is incomplete.
func (c *Completer) judge(ctx context.Context, e *admission.Evaluator, snap *mesh.Snapshot, ref mesh.Ref) {
	wasKnown := c.incomplete[ref]
	delete(c.incomplete, ref)
	if o := snap.Get(ref); o == nil || !e.MayComplete(snap, o) {
		return
	}
	raw, patch, err := c.patchFor(ctx, e, snap, ref)
	switch {
	case err == nil && len(patch) == 0:
		return
	case err == nil && e.Config.Mutation.Existing != v1alpha1.Complete:
		c.incomplete[ref] = true
		if !wasKnown {
			c.o.Log.Info("incomplete: stored before it could be completed; tlsward fix shows what it lacks", "object", ref.String())
		}
		return
	case err == nil && c.completed[ref] >= rounds:
		c.incomplete[ref] = true
		c.o.Log.Warn("left incomplete: somebody changes it back", "object", ref.String())
		return
	case err == nil:
		c.completed[ref]++
		err = c.o.Cluster.Patch(ctx, raw, patch)
	}
	if err != nil {
		c.failed.Add(1)
		c.incomplete[ref] = true
		c.o.Log.Error("not completed", "object", ref.String(), "error", admission.Clip(err.Error(), 1024))
		return
	}
	c.done.Add(1)
	c.o.Log.Info("completed", "object", ref.String(), "patch", patch)
}

// patchFor returns an object as it is stored, which says more than what the mesh reads of it, and what completes it.
func (c *Completer) patchFor(ctx context.Context, e *admission.Evaluator, snap *mesh.Snapshot, ref mesh.Ref) ([]byte, []jsonpatch.Operation, error) {
	raw, err := c.o.Cluster.Get(ctx, ref)
	if err != nil || raw == nil {
		return nil, nil, err
	}
	patch, err := e.Completion(snap, raw)
	return raw, patch, err
}

// all returns the objects that mutators know.
func all(snap *mesh.Snapshot) map[mesh.Ref]bool {
	refs := map[mesh.Ref]bool{}
	for _, kind := range kinds() {
		for o := range snap.ObjectsOf(kind) {
			refs[o.Ref] = true
		}
	}
	return refs
}

// kinds are those that mutators know.
func kinds() []string { return []string{mesh.KindServiceEntry, mesh.KindDestinationRule} }

// changed returns what was changed of them, and what has to do with the same hosts.
func changed(before, after *mesh.Snapshot) map[mesh.Ref]bool {
	refs := map[mesh.Ref]bool{}
	add := func(o *mesh.Object) {
		refs[o.Ref] = true
		for _, host := range after.HostsOf(o) {
			for _, ref := range after.RefsOf(host) {
				if ref.Kind == mesh.KindServiceEntry || ref.Kind == mesh.KindDestinationRule {
					refs[ref] = true
				}
			}
		}
	}
	for _, kind := range kinds() {
		for o := range after.ObjectsOf(kind) {
			if before.Get(o.Ref) != o {
				add(o)
			}
		}
		for o := range before.ObjectsOf(kind) {
			if after.Get(o.Ref) == nil {
				add(o)
			}
		}
	}
	return refs
}

package companions

import (
	"context"
	"log/slog"
	"maps"
	"reflect"
	"sync/atomic"
	"time"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mutators"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Options are what a Keeper needs.
type Options struct {
	// Mesh returns the mesh as it is stored, Changed a channel that is closed at the next change.
	Mesh    func() *mesh.Snapshot
	Changed func() <-chan struct{}
	// Evaluator returns what is in force, nil for nothing yet. Ready returns why the mesh is not known yet.
	Evaluator func() *admission.Evaluator
	Ready     func() error
	// IsLeader reports whether this replica may write.
	IsLeader func() bool
	Writer   Writer
	Log      *slog.Logger
}

// Writer writes companions.
type Writer interface {
	// Apply makes a companion what it should be; changed is false where it was that already.
	Apply(context.Context, *mutators.Companion) (changed bool, err error)
	// Delete removes a companion, if it still is one.
	Delete(context.Context, mesh.Ref) error
}

const (
	// interval is how often everything is looked at, beside what changes.
	interval = 10 * time.Minute
	// patience is how long it is waited before the leader, or the mesh, is looked for again.
	patience = 250 * time.Millisecond
	// minRetry and maxRetry are how long what failed waits: twice as long each time.
	minRetry, maxRetry = time.Second, 5 * time.Minute
	// rounds is how often one companion is written alike within an interval: who undoes that again and again means it.
	rounds = 3
)

// Keeper keeps companions until it is stopped. It is a Runnable of every replica.
type Keeper struct {
	o    Options
	last *mesh.Snapshot
	by   *admission.Evaluator
	// whole is when everything was looked at last.
	whole time.Time
	// failed is what has to be tried again, and when; written the last write of each in an interval.
	failed  map[mesh.Ref]target
	retryAt time.Time
	backoff time.Duration
	written map[mesh.Ref]write

	kept, left, errors atomic.Int64
	writes             atomic.Int64
}

// target is a host that a namespace declares.
type target struct{ namespace, host string }

// write is what was written, "" for deleted, and how often in a row.
type write struct {
	object string
	times  int
}

func (t target) ref() mesh.Ref { return mutators.CompanionRef(t.namespace, t.host) }

// New returns a Keeper.
func New(o Options) *Keeper {
	return &Keeper{o: o, failed: map[mesh.Ref]target{}, written: map[mesh.Ref]write{}}
}

// NeedLeaderElection returns false: it asks for the leader itself (docs/adr/0014-controller-runtime.md).
func (k *Keeper) NeedLeaderElection() bool { return false }

// Start keeps companions until ctx is done.
func (k *Keeper) Start(ctx context.Context) error {
	for {
		changed := k.o.Changed() // before the mesh is read, so that no change is missed
		wait := patience
		if k.may() {
			k.keep(ctx)
			wait = interval
			if len(k.failed) > 0 {
				wait = max(0, time.Until(k.retryAt))
			}
		} else {
			k.last, changed = nil, nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-time.After(wait):
		}
	}
}

func (k *Keeper) may() bool {
	e := k.o.Evaluator()
	return k.o.IsLeader() && e != nil && e.Config.Mutation.KeepsCompanions() && k.o.Ready() == nil
}

// keep brings the companions of what has changed up to date; all of them where the configuration or the settings have changed, after
// an interval, and after another replica led.
func (k *Keeper) keep(ctx context.Context) {
	e, snap := k.o.Evaluator(), k.o.Mesh()
	var targets map[mesh.Ref]target
	if k.last == nil || k.by != e || time.Since(k.whole) >= interval || !reflect.DeepEqual(k.last.Settings(), snap.Settings()) {
		targets = targetsOf(snap)
		k.whole, k.written = time.Now(), map[mesh.Ref]write{}
	} else {
		targets = changedTargets(k.last, snap)
	}
	retries := len(k.failed) > 0 && !time.Now().Before(k.retryAt)
	if retries {
		maps.Copy(targets, k.failed)
		clear(k.failed)
	}
	k.last, k.by = snap, e
	for ref, t := range targets {
		if ctx.Err() != nil || !k.o.IsLeader() {
			k.last = nil
			return
		}
		if err := k.settle(ctx, e, snap, ref, t); err != nil {
			k.errors.Add(1)
			k.failed[ref] = t
			delete(k.written, ref) // nobody has undone it
			k.o.Log.Error("companion not kept", "rule", ref.String(), "host", t.host, "error", admission.Clip(err.Error(), 1024))
		}
	}
	switch {
	case len(k.failed) == 0:
		k.backoff = 0
	case retries || k.backoff == 0:
		k.backoff = min(max(minRetry, 2*k.backoff), maxRetry)
		k.retryAt = time.Now().Add(k.backoff)
	}
	k.count(snap)
}

// settle writes one companion, where it is not as it should be.
func (k *Keeper) settle(ctx context.Context, e *admission.Evaluator, snap *mesh.Snapshot, ref mesh.Ref, t target) error {
	there := snap.Get(ref)
	wanted, err := e.Companion(snap, t.namespace, t.host)
	next := write{times: 1}
	if wanted != nil {
		next.object = string(wanted.Object)
	}
	if last, known := k.written[ref]; known && last.object == next.object {
		next.times += last.times
	}
	switch {
	case err != nil:
		return err
	case wanted == nil && !mutators.IsCompanion(there), wanted != nil && there != nil && reflect.DeepEqual(there.Spec, wanted.Rule.Spec):
		return nil
	case next.times > rounds:
		k.left.Add(1)
		k.o.Log.Warn("companion left alone: somebody changes it back", "rule", ref.String(), "host", t.host)
		return nil
	}
	k.written[ref] = next
	k.writes.Add(1)
	if wanted == nil {
		k.o.Log.Info("companion taken away", "rule", ref.String(), "host", t.host)
		return k.o.Writer.Delete(ctx, ref)
	}
	changed, err := k.o.Writer.Apply(ctx, wanted)
	if changed {
		k.o.Log.Info("companion written", "rule", ref.String(), "host", t.host)
	}
	return err
}

// count counts the companions that are there.
func (k *Keeper) count(snap *mesh.Snapshot) {
	var n int64
	for o := range snap.ObjectsOf(mesh.KindDestinationRule) {
		if mutators.IsCompanion(o) {
			n++
		}
	}
	k.kept.Store(n)
}

// targetsOf returns all that may have a companion, or has one.
func targetsOf(snap *mesh.Snapshot) map[mesh.Ref]target {
	targets := map[mesh.Ref]target{}
	for _, kind := range []string{mesh.KindServiceEntry, mesh.KindDestinationRule} {
		for o := range snap.ObjectsOf(kind) {
			if kind == mesh.KindServiceEntry || mutators.IsCompanion(o) {
				add(targets, o)
			}
		}
	}
	return targets
}

// changedTargets returns those of which a change may decide.
func changedTargets(before, after *mesh.Snapshot) map[mesh.Ref]target {
	targets := map[mesh.Ref]target{}
	for _, kind := range []string{mesh.KindServiceEntry, mesh.KindDestinationRule} {
		for o := range after.ObjectsOf(kind) {
			if was := before.Get(o.Ref); was != o {
				addChanged(targets, after, o)
				addChanged(targets, before, was)
			}
		}
		for o := range before.ObjectsOf(kind) {
			if after.Get(o.Ref) == nil {
				addChanged(targets, before, o)
				addChanged(targets, after, o)
			}
		}
	}
	return targets
}

// addChanged adds what an object that was changed decides for: an entry for its hosts in its namespace, a rule for those that it
// covers in every namespace that declares them.
func addChanged(targets map[mesh.Ref]target, snap *mesh.Snapshot, o *mesh.Object) {
	switch {
	case o == nil:
	case o.Kind == mesh.KindServiceEntry || mutators.IsCompanion(o):
		add(targets, o)
	default:
		for _, host := range snap.HostsOf(o) {
			for _, namespace := range snap.NamespacesOf(host) {
				t := target{namespace, host}
				targets[t.ref()] = t
			}
		}
	}
}

func add(targets map[mesh.Ref]target, o *mesh.Object) {
	hosts := []string{}
	switch spec := o.Spec.(type) {
	case *networking.ServiceEntry:
		hosts = spec.Hosts
	case *networking.DestinationRule:
		hosts = append(hosts, spec.Host)
	}
	for _, host := range hosts {
		t := target{o.Namespace, host}
		targets[t.ref()] = t
	}
}

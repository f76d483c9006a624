package companions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync/atomic"
	"time"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/client-go/util/flowcontrol"

	"github.com/tlsward/tlsward/controllers/follow"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mutators"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Options are what a Keeper needs.
type Options struct {
	follow.Source
	// IsLeader reports whether this replica may write.
	IsLeader func() bool
	Writer   Writer
	Log      *slog.Logger
}

// Writer writes companions.
type Writer interface {
	// Apply makes a companion what it should be; changed is false where it was that already.
	Apply(context.Context, *mutators.Companion) (changed bool, err error)
	// Delete removes a companion; changed is false where there was none.
	Delete(context.Context, mesh.Ref) (changed bool, err error)
}

// ErrTaken says that a rule is not, or no longer, tlsward's alone: it is left.
var ErrTaken = errors.New("somebody else has written to it")

// Bounds on the writes of all companions: perSecond of them after the first burst. A lone entry has its own within milliseconds.
const perSecond, burst = 20, 100

// shown is how long the mesh may take to show what was written.
const shown = 250 * time.Millisecond

// Keeper keeps companions until it is stopped. It is a Runnable of every replica.
type Keeper struct {
	*follow.Follower[target]
	writer  Writer
	log     *slog.Logger
	rounds  follow.Rounds
	limiter flowcontrol.RateLimiter

	// amiss are those that are missed and cannot be kept, or that somebody changes back, and why.
	amiss follow.Reasons[target]

	left, failures, writes atomic.Int64
}

// target is a host that a namespace declares.
type target struct{ namespace, host string }

// New returns a Keeper.
func New(o Options) *Keeper {
	k := &Keeper{writer: o.Writer, log: o.Log, limiter: flowcontrol.NewTokenBucketRateLimiter(perSecond, burst)}
	k.Follower = follow.New(follow.Options[target]{Source: o.Source, IsLeader: o.IsLeader, Work: work{k}})
	return k
}

// Amiss returns why companions are not as they should be, by the ServiceEntries that they are for: for each the reason of one of its hosts.
func (k *Keeper) Amiss() map[mesh.Ref]string {
	found, snap := map[mesh.Ref]string{}, k.Mesh()
	for t, why := range k.amiss.All() {
		for _, m := range snap.Meshes() {
			for _, entry := range m.EntriesFor(t.host, t.namespace) {
				text := fmt.Sprintf("no DestinationRule is kept for %s: %s", t.host, why)
				if known, ok := found[entry.Ref]; !ok || text < known {
					found[entry.Ref] = text
				}
			}
		}
	}
	return found
}

// work is what a Keeper does for each host that has a companion, or may have one.
type work struct{ *Keeper }

// All returns all that may have a companion, or has one, and what missed one, of which the entry may be gone.
func (w work) All(snap *mesh.Snapshot) map[target]bool {
	targets := map[target]bool{}
	for t := range w.amiss.All() {
		targets[t] = true
	}
	for _, m := range snap.Meshes() {
		for _, kind := range []string{mesh.KindServiceEntry, mesh.KindDestinationRule} {
			for o := range m.ObjectsOf(kind) {
				if kind == mesh.KindServiceEntry || mutators.IsCompanion(o) {
					add(targets, o)
				}
			}
		}
	}
	return targets
}

// Changed returns what an object that was changed decides for: an entry for its hosts in its namespace, a rule for those that it covers
// in every namespace that declares them, what says who sees them for all. A companion that goes makes room for one that its namespace had none
// for.
func (w work) Changed(before, after *mesh.Snapshot, was, is *mesh.Object) (targets map[target]bool, whole bool) {
	targets = map[target]bool{}
	addChanged(targets, before, was)
	addChanged(targets, after, is)
	if mutators.IsCompanion(was) && !mutators.IsCompanion(is) {
		if next, ok := w.nextWithoutRoom(was.Namespace); ok {
			targets[next] = true
		}
	}
	return targets, follow.ConcernsAll(was, is)
}

// Namespace returns the namespace of a companion.
func (w work) Namespace(t target) string { return t.namespace }

// IsUrgent reports whether a companion is there that may have to go: beside a person's rule it would win.
func (w work) IsUrgent(snap *mesh.Snapshot, t target) bool {
	return mutators.IsCompanion(snap.Get(mutators.CompanionRef(t.namespace, t.host)))
}

// Do writes one companion, where it is not as it should be. Where none are to be kept, those that are there stay.
func (w work) Do(ctx context.Context, e *admission.Evaluator, snap *mesh.Snapshot, t target) error {
	ref := mutators.CompanionRef(t.namespace, t.host)
	if !e.Config.Mutation.KeepsCompanions() {
		w.note(t, ref, "") // none is missed
		return nil
	}
	err := w.settle(ctx, e, snap, ref, t)
	if err != nil && ctx.Err() == nil {
		w.failures.Add(1)
		w.log.Error("companion not kept", "rule", ref.String(), "host", t.host, "error", admission.Clip(err.Error(), 1024))
	}
	return err
}

func (w work) settle(ctx context.Context, e *admission.Evaluator, snap *mesh.Snapshot, ref mesh.Ref, t target) error {
	there := snap.Get(ref)
	wanted, why, err := e.Companion(snap, t.namespace, t.host)
	switch {
	case err != nil:
		return err
	case wanted == nil && there == nil:
		w.rounds.Forget(ref) // whoever took it away did not undo anything: its entry is gone, too
	case wanted == nil && mutators.IsCompanion(there):
		return w.write(ctx, ref, t, "", "companion taken away", func() (bool, error) { return w.writer.Delete(ctx, ref) })
	case wanted != nil && !isAlike(there, wanted.Rule):
		written := fmt.Sprintf("%s %v", wanted.Object, wanted.Rule.Owned.Entries)
		return w.write(ctx, ref, t, written, "companion written", func() (bool, error) { return w.writer.Apply(ctx, wanted) })
	}
	if why != "" || !w.rounds.IsLeft(ref) { // who flips it to and fro is told of once
		w.note(t, ref, why)
	}
	return nil
}

// write counts a write, and does it, unless somebody has changed it back too often: then it is looked at again when that is forgotten.
func (w work) write(ctx context.Context, ref mesh.Ref, t target, written, done string, write func() (changed bool, err error)) error {
	if !w.rounds.Again(ref, written) {
		if w.note(t, ref, "somebody changes it back") {
			w.left.Add(1)
			w.After(follow.Interval, t)
		}
		return nil
	}
	if err := w.limiter.Wait(ctx); err != nil {
		return fmt.Errorf("wait for a turn to write %s: %w", ref, err)
	}
	w.writes.Add(1)
	changed, err := write()
	if changed {
		w.log.Info(done, "rule", ref.String(), "host", t.host)
	} else {
		w.rounds.Failed(ref) // or it was so already, and no event has shown it yet
	}
	if errors.Is(err, ErrTaken) {
		w.note(t, ref, ErrTaken.Error())
		return nil
	}
	if err == nil {
		w.note(t, ref, "")
	}
	return err
}

// nextWithoutRoom returns one of the targets for which a namespace had no room. They are looked at one after the other (see note), so that a
// tenant with thousands of them, who takes one companion away, has one looked at and not all.
func (k *Keeper) nextWithoutRoom(namespace string) (next target, ok bool) {
	return k.amiss.Find(func(t target, why string) bool { return t.namespace == namespace && why == mutators.NoRoom })
}

// note notes why a companion is not as it should be, "" for one that is, and tells it once. Where it was for want of room, and there is some,
// the next one is looked at.
func (w work) note(t target, ref mesh.Ref, why string) (told bool) {
	hadNoRoom := w.amiss.Of(t) == mutators.NoRoom
	told = w.amiss.Note(t, why)
	if hadNoRoom && why != mutators.NoRoom {
		if next, ok := w.nextWithoutRoom(t.namespace); ok {
			w.After(shown, next)
		}
	}
	if told {
		w.log.Warn("companion not kept: "+why, "rule", ref.String(), "host", t.host)
	}
	return told
}

// isAlike reports whether a companion is as it should be: its spec, and who owns it. An entry that was deleted and made again is another
// one, and what the former owned goes with that.
func isAlike(there, wanted *mesh.Object) bool {
	return there != nil && reflect.DeepEqual(there.Spec, wanted.Spec) && reflect.DeepEqual(ownersOf(there), ownersOf(wanted))
}

func ownersOf(rule *mesh.Object) map[mesh.Owner]bool {
	owners := map[mesh.Owner]bool{}
	for _, o := range rule.Owned.Entries {
		owners[o] = true
	}
	return owners
}

func addChanged(targets map[target]bool, snap *mesh.Snapshot, o *mesh.Object) {
	switch {
	case o == nil:
	case o.Kind == mesh.KindServiceEntry || mutators.IsCompanion(o):
		add(targets, o)
	case o.Kind == mesh.KindDestinationRule:
		for _, host := range snap.HostsOf(o) {
			for _, namespace := range snap.NamespacesOf(host) {
				targets[target{namespace, host}] = true
			}
		}
	}
}

func add(targets map[target]bool, o *mesh.Object) {
	switch spec := o.Spec.(type) {
	case *networking.ServiceEntry:
		for _, host := range spec.Hosts {
			targets[target{o.Namespace, host}] = true
		}
	case *networking.DestinationRule:
		targets[target{o.Namespace, spec.Host}] = true
	}
}

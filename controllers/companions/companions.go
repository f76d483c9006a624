package companions

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"sync/atomic"

	networking "istio.io/api/networking/v1alpha3"

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
	// Delete removes a companion, if it still is one.
	Delete(context.Context, mesh.Ref) error
}

// Keeper keeps companions until it is stopped. It is a Runnable of every replica.
type Keeper struct {
	follow.Follower[target]
	writer Writer
	log    *slog.Logger
	rounds follow.Rounds

	// withheld are those that are missed and cannot be kept, and why.
	withheld follow.Reasons

	left, failures, writes atomic.Int64
}

// target is a host that a namespace declares.
type target struct{ namespace, host string }

// New returns a Keeper.
func New(o Options) *Keeper {
	k := &Keeper{writer: o.Writer, log: o.Log}
	k.Follower = follow.Follower[target]{Source: o.Source, IsLeader: o.IsLeader, Work: work{k}}
	return k
}

// work is what a Keeper does for each host that has a companion, or may have one.
type work struct{ *Keeper }

// All returns all that may have a companion, or has one.
func (w work) All(snap *mesh.Snapshot) map[target]bool {
	targets := map[target]bool{}
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

// Changed returns what objects that were changed decide for: an entry for its hosts in its namespace, a rule for those that it covers
// in every namespace that declares them, what says who sees them for all.
func (w work) Changed(before, after *mesh.Snapshot) (targets map[target]bool, whole bool) {
	targets = map[target]bool{}
	for was, is := range mesh.Changed(before, after) {
		addChanged(targets, before, was)
		addChanged(targets, after, is)
		whole = whole || follow.ConcernsAll(was) || follow.ConcernsAll(is)
	}
	return targets, whole
}

// Begin lets everybody's fights begin anew.
func (w work) Begin() { w.rounds.Reset() }

// Do writes one companion, where it is not as it should be. Where none are to be kept, those that are there stay.
func (w work) Do(ctx context.Context, e *admission.Evaluator, snap *mesh.Snapshot, t target) error {
	if !e.Config.Mutation.KeepsCompanions() {
		return nil
	}
	ref := mutators.CompanionRef(t.namespace, t.host)
	err := w.settle(ctx, e, snap, ref, t)
	if err != nil {
		w.failures.Add(1)
		w.rounds.Failed(ref)
		w.log.Error("companion not kept", "rule", ref.String(), "host", t.host, "error", admission.Clip(err.Error(), 1024))
	}
	return err
}

func (w work) settle(ctx context.Context, e *admission.Evaluator, snap *mesh.Snapshot, ref mesh.Ref, t target) error {
	there := snap.Get(ref)
	wanted, why, err := e.Companion(snap, t.namespace, t.host)
	if err != nil {
		return err
	}
	if w.withheld.Note(ref, why) {
		w.log.Warn("companion not kept: "+why, "rule", ref.String())
	}
	if wanted == nil {
		if there == nil {
			w.rounds.Failed(ref) // whoever took it away did not undo anything: its entry is gone, too
		}
		if !mutators.IsCompanion(there) || !w.mayWrite(ref, t, "") {
			return nil
		}
		w.log.Info("companion taken away", "rule", ref.String(), "host", t.host)
		return w.writer.Delete(ctx, ref)
	}
	if isAlike(there, wanted.Rule) || !w.mayWrite(ref, t, fmt.Sprintf("%s %v", wanted.Object, wanted.Rule.Owned.Entries)) {
		return nil
	}
	changed, err := w.writer.Apply(ctx, wanted)
	if changed {
		w.log.Info("companion written", "rule", ref.String(), "host", t.host)
	}
	return err
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

// mayWrite counts a write, and reports whether it may be done.
func (w work) mayWrite(ref mesh.Ref, t target, written string) bool {
	if !w.rounds.Again(ref, written) {
		w.left.Add(1)
		w.log.Warn("companion left alone: somebody changes it back", "rule", ref.String(), "host", t.host)
		return false
	}
	w.writes.Add(1)
	return true
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

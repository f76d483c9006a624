package completer

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/controllers/follow"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Options are what a Completer needs.
type Options struct {
	follow.Source
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

// settle is how long changes are gathered: whoever writes an entry and its rule is not to be raced.
const settle = 2 * time.Second

// Completer looks for what is incomplete until it is stopped. It is a Runnable of every replica.
type Completer struct {
	*follow.Follower[mesh.Ref]
	cluster Cluster
	log     *slog.Logger
	rounds  follow.Rounds
	// incomplete is what lacks something, and why it is left so.
	incomplete follow.Reasons[mesh.Ref]
	known      lacking

	done, failures atomic.Int64
}

// New returns a Completer.
func New(o Options) *Completer {
	c := &Completer{cluster: o.Cluster, log: o.Log}
	c.Follower = follow.New(follow.Options[mesh.Ref]{Source: o.Source, IsLeader: o.IsLeader, Settle: settle, Work: work{c}})
	return c
}

// work is what a Completer does for each object that mutators know.
type work struct{ *Completer }

// Namespace returns the namespace of an object.
func (w work) Namespace(ref mesh.Ref) string { return ref.Namespace }

// IsUrgent returns false: what was stored before has waited already.
func (w work) IsUrgent(*mesh.Snapshot, mesh.Ref) bool { return false }

// All returns the objects that mutators know, and those that were incomplete, which may be gone.
func (w work) All(snap *mesh.Snapshot) map[mesh.Ref]bool {
	refs := map[mesh.Ref]bool{}
	for ref := range w.incomplete.All() {
		refs[ref] = true
	}
	for _, kind := range []string{mesh.KindServiceEntry, mesh.KindDestinationRule} {
		for o := range snap.ObjectsOf(kind) {
			refs[o.Ref] = true
		}
	}
	return refs
}

// Changed returns an object that was changed, and what has to do with the same hosts; all where who sees them may have changed.
func (w work) Changed(_, after *mesh.Snapshot, was, is *mesh.Object) (refs map[mesh.Ref]bool, whole bool) {
	refs = map[mesh.Ref]bool{}
	for _, o := range []*mesh.Object{was, is} {
		if o == nil || !isKnown(o.Ref) {
			continue
		}
		refs[o.Ref] = true
		for _, host := range after.HostsOf(o) {
			for _, ref := range after.RefsOf(host) {
				if isKnown(ref) {
					refs[ref] = true
				}
			}
		}
	}
	return refs, follow.ConcernsAll(was, is)
}

// isKnown reports whether mutators know an object of this kind.
func isKnown(ref mesh.Ref) bool {
	return ref.Kind == mesh.KindServiceEntry || ref.Kind == mesh.KindDestinationRule
}

// Do completes one object with those that have to do with the same hosts, or notes that it is incomplete.
func (w work) Do(ctx context.Context, e *admission.Evaluator, snap *mesh.Snapshot, ref mesh.Ref) error {
	w.known.of(e, snap)
	if !w.known.lacks(ref) {
		w.note(ref, "")
		return nil
	}
	err := w.together(ctx, e, snap, w.known.group(ref))
	if err != nil && ctx.Err() == nil {
		w.failures.Add(1)
		w.note(ref, "it could not be completed")
		w.log.Error("not completed", "object", ref.String(), "error", admission.Clip(err.Error(), 1024))
	}
	return err
}

// together completes the objects of a group where it should.
func (w work) together(ctx context.Context, e *admission.Evaluator, snap *mesh.Snapshot, group []mesh.Ref) error {
	var objects [][]byte
	for _, ref := range group {
		raw, err := w.cluster.Get(ctx, ref) // it says more than what the mesh reads of it
		if err != nil {
			return err
		}
		if raw != nil {
			objects = append(objects, raw)
		}
	}
	completions, err := e.Completions(ctx, snap, objects)
	if err != nil {
		return err
	}
	left := map[mesh.Ref]bool{}
	for _, c := range completions {
		left[c.Ref] = true
		if err := w.complete(ctx, e, c); err != nil {
			return err // what comes after it may need it
		}
	}
	for _, ref := range group {
		if !left[ref] {
			w.note(ref, "")
		}
	}
	return nil
}

// complete completes one object where it should.
func (w work) complete(ctx context.Context, e *admission.Evaluator, c admission.Completion) error {
	switch {
	case c.Withheld != "":
		w.note(c.Ref, "some client would be worse off: "+c.Withheld)
		return nil
	case e.Config.Mutation.Existing != v1alpha1.Complete:
		w.note(c.Ref, "stored before it could be completed; tlsward fix shows what it lacks")
		return nil
	case !w.rounds.Again(c.Ref, fmt.Sprint(uidOf(c.Read), c.Patch)):
		w.note(c.Ref, "somebody changes it back")
		w.After(follow.Interval, c.Ref)
		return nil
	}
	if err := w.cluster.Patch(ctx, c.Read, c.Patch); err != nil {
		w.rounds.Failed(c.Ref)
		return err
	}
	w.done.Add(1)
	w.log.Info("completed", "object", c.Ref.String(), "patch", c.Patch)
	w.note(c.Ref, "")
	return nil
}

// note notes why an object is incomplete, "" for one that is not, and tells it once.
func (w work) note(ref mesh.Ref, why string) {
	if w.incomplete.Note(ref, why) {
		w.log.Info("incomplete: "+why, "object", ref.String())
	}
}

// uidOf returns the UID of an object: one that was deleted and made anew has another, and nobody has undone anything.
func uidOf(raw []byte) string {
	var o struct{ Metadata struct{ UID string } }
	if json.Unmarshal(raw, &o) != nil {
		return ""
	}
	return o.Metadata.UID
}

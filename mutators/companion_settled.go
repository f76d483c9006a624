package mutators

import (
	"iter"
	"reflect"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// maxSettled bounds the companions that one write is judged without. Beyond it they are taken as they stand.
const maxSettled = 256

// Settled returns the mesh after a person's write, with the companions as they will be because of it: a rule is judged as if those
// that would hide it were gone, for they go as soon as it is stored, and an entry with those that it will have. before is the mesh
// without the write: what is no companion by it is judged as it stands. object is what was written, nil if it was deleted; old is what it
// replaces, nil if nothing.
func Settled(cfg v1alpha1.Mutation, exempt Exempt, before, after *mesh.Snapshot, object, old *mesh.Object) (*mesh.Snapshot, error) {
	if !cfg.KeepsCompanions() {
		return after, nil // what is there stays as it is
	}
	settled := 0
	for ref, there := range companionsBeside(after, object, old) {
		if settled++; settled > maxSettled {
			break
		}
		if kept, err := isKept(cfg, before, there); err != nil {
			return nil, err
		} else if !kept {
			continue
		}
		c, _, err := CompanionFor(cfg, exempt, after, ref.Namespace, there.Spec.(*networking.DestinationRule).Host)
		switch {
		case err != nil:
			return nil, err
		case c == nil:
			after = after.Without(ref)
		case !reflect.DeepEqual(c.Rule.Spec, there.Spec):
			rule := *c.Rule
			rule.Created = there.Created
			after = after.With(&rule)
		}
	}
	return after, nil
}

// companionsBeside returns an iterator over the companions that a write may change: of the hosts of an entry in its namespace, and of
// those that a rule is for in the namespaces of its rivals.
func companionsBeside(snap *mesh.Snapshot, objects ...*mesh.Object) iter.Seq2[mesh.Ref, *mesh.Object] {
	return func(yield func(mesh.Ref, *mesh.Object) bool) {
		for _, o := range objects {
			if o == nil || o.Kind != mesh.KindServiceEntry && o.Kind != mesh.KindDestinationRule || IsCompanion(o) {
				continue
			}
			for _, host := range snap.HostsOf(o) {
				namespaces := []string{o.Namespace}
				if o.Kind == mesh.KindDestinationRule {
					namespaces = snap.RivalNamespaces(o, host)
				}
				for _, namespace := range namespaces {
					ref := CompanionRef(namespace, host)
					if there := snap.Get(ref); IsCompanion(there) && !yield(ref, there) {
						return
					}
				}
			}
		}
	}
}

package mesh

import (
	"cmp"
	"iter"
	"slices"
	"sync"

	"github.com/tlsward/tlsward/mesh/treap"
)

// Snapshot is an immutable set of objects with its indexes, as one control plane reads them: an object of another revision
// is not there. With and Without return a new one that shares nearly all of it.
type Snapshot struct {
	settings Settings
	// everything is the egress listener of clients without a Sidecar.
	everything []egressListener
	objects    treap.Map[*Object] // kind, namespace, name
	// unread has the objects that the control plane does not read.
	unread treap.Map[*Object]
	// services has the services of a host, the oldest first; servicesByDomain the same by domainKey.
	services         treap.Map[[]*service]
	servicesByDomain treap.Map[[]*service]
	// ports has services by portKeys.
	ports treap.Map[*service]
	// aliases has the hosts of Services of type ExternalName by the name that they stand for.
	aliases treap.Map[string]
	// rules has the DestinationRules of a host and namespace; ruleWildcards counts the sets of a wildcard host.
	rules         treap.Map[*ruleSet]
	ruleWildcards wildcardIndex
	// virtualServices has VirtualServices by virtualService.keys.
	virtualServices         treap.Map[*virtualService]
	virtualServiceWildcards wildcardIndex
	// routes has what was made of the Gateway API's routes.
	routes madeRoutes
	// gateways has what was made of the Gateway API's Gateways.
	gateways madeGateways
	// backends has what was made of BackendTLSPolicies.
	backends madeRules
	// gatewaysBySelector has Gateways by gatewayKeys.
	gatewaysBySelector treap.Map[*Object]
	// sidecarsBySelector has Sidecars by sidecarKey.
	sidecarsBySelector treap.Map[*Object]
	// sidecarListeners has the egress listeners of each Sidecar by Object.key.
	sidecarListeners treap.Map[[]egressListener]
	// madeListeners keeps which egress listeners of Sidecars make a listener for all addresses: Snapshot.makesListener.
	madeListeners *sync.Map
	// ambientNamespaces has the names of ambient namespaces.
	ambientNamespaces treap.Map[struct{}]
	// istiods has the revisions of control planes, by their Services.
	istiods treap.Map[string]
	// others are the meshes of the other control planes over the same objects. revisions are those of all that are judged together,
	// the first one's first, and labelledNamespaces the Namespaces by labelOfNamespace: nil, and empty, where there is one alone.
	others             []*Snapshot
	revisions          []string
	labelledNamespaces treap.Map[struct{}]
	// terminating holds the objects that only finalizers keep, Namespaces left out.
	terminating treap.Map[Ref]
	// settled is the mesh without those, of itself alone: each change is made in both, since reviews ask for it all the time.
	// It is nil where nothing is terminating.
	settled *Snapshot
}

// New returns the snapshot of these objects, with those of the other control planes of the settings beside it. Of two with the same
// Ref the later one counts.
func New(settings Settings, objects ...*Object) *Snapshot {
	revisions := settings.revisions()
	s := newMesh(settings, revisions, objects)
	for _, other := range settings.Others {
		other.Tags, other.IstiodNamespace = settings.Tags, settings.IstiodNamespace
		s.others = append(s.others, newMesh(other, revisions, objects))
	}
	return s
}

// newMesh returns the mesh of one control plane of those of revisions.
func newMesh(settings Settings, revisions []string, objects []*Object) *Snapshot {
	s := &Snapshot{settings: settings, revisions: revisions, everything: []egressListener{{hosts: []string{"*/*"}, version: settings.Version}}, madeListeners: new(sync.Map)}
	for _, o := range objects {
		s.put(o)
	}
	return s
}

// Settings returns the mesh-wide settings.
func (s *Snapshot) Settings() Settings { return s.settings }

// With returns the snapshot after o was created or replaced: s itself where it has the same already. Of an object that somebody only writes
// the status of, and that others write in a loop, there are many events.
func (s *Snapshot) With(o *Object) *Snapshot {
	if s.has(o) {
		return s
	}
	next := *s
	next.put(o)
	return next.withOthers(func(other *Snapshot) *Snapshot { return other.With(o) })
}

// has reports whether the meshes of all control planes have an object just so.
func (s *Snapshot) has(o *Object) bool {
	known := s.known(o.Ref)
	return known != nil && known.isAlike(o) && !slices.ContainsFunc(s.others, func(other *Snapshot) bool { return !other.has(o) })
}

// known returns the object of a Ref, read by the control plane or not; nil where there is none.
func (s *Snapshot) known(ref Ref) *Object { return cmp.Or(s.Get(ref), s.unread.At(ref.key())) }

// knows reports whether the mesh of any control plane has an object of this Ref.
func (s *Snapshot) knows(ref Ref) bool {
	return s.known(ref) != nil || slices.ContainsFunc(s.others, func(other *Snapshot) bool { return other.knows(ref) })
}

// Without returns the snapshot after ref was deleted: s itself where no mesh knows it.
func (s *Snapshot) Without(ref Ref) *Snapshot {
	if !s.knows(ref) {
		return s
	}
	next := *s
	next.drop(ref)
	return next.withOthers(func(other *Snapshot) *Snapshot { return other.Without(ref) })
}

// WithoutNamespace returns the snapshot after a namespace was deleted, and all that is in it.
func (s *Snapshot) WithoutNamespace(name string) *Snapshot {
	next := *s
	next.drop(Ref{Kind: KindNamespace, Name: name})
	for o := range s.All() {
		if o.Namespace == name {
			next.drop(o.Ref)
		}
	}
	return next.withOthers(func(other *Snapshot) *Snapshot { return other.WithoutNamespace(name) })
}

// WithHeldAlone returns the snapshot after all of a namespace is gone but the Namespace itself, one of its objects, and those that
// finalizers keep, for as long as somebody likes; ok is false where there are none of these.
func (s *Snapshot) WithHeldAlone(namespace string, kept Ref) (next *Snapshot, ok bool) {
	var gone []Ref
	for o := range s.allOf(namespace) {
		switch {
		case o.Ref == kept:
		case o.Held || o.Terminating:
			ok = true
		default:
			gone = append(gone, o.Ref)
		}
	}
	if !ok {
		return nil, false // which is nearly always so: nothing has to be made
	}
	held := *s
	for _, ref := range gone {
		held.drop(ref)
	}
	return held.withOthers(func(other *Snapshot) *Snapshot {
		if alone, ok := other.WithHeldAlone(namespace, kept); ok {
			return alone
		}
		return other
	}), ok
}

// allOf returns an iterator over the objects of a namespace, those that istiod does not read included.
func (s *Snapshot) allOf(namespace string) iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for _, objects := range []treap.Map[*Object]{s.objects, s.unread} {
			for _, kind := range namespacedKinds() {
				for _, o := range objects.Prefix(kind + "\x00" + namespace + "\x00") {
					if !yield(o) {
						return
					}
				}
			}
		}
	}
}

// WithoutTerminating returns the snapshot after all terminating objects are gone, which each of them may be at any moment.
// It is s itself where there are none.
func (s *Snapshot) WithoutTerminating() *Snapshot {
	if s.terminating.Len() == 0 && !slices.ContainsFunc(s.others, func(other *Snapshot) bool { return other.terminating.Len() > 0 }) {
		return s
	}
	next := *cmp.Or(s.settled, s)
	next.others = s.others
	return next.withOthers((*Snapshot).WithoutTerminating)
}

// IsTerminating reports whether a namespace is being deleted: its controller deletes all that is in it.
func (s *Snapshot) IsTerminating(namespace string) bool {
	o := s.Get(Ref{Kind: KindNamespace, Name: namespace})
	return o != nil && o.Terminating
}

// Get returns the object of a Ref, nil if there is none.
func (s *Snapshot) Get(ref Ref) *Object { return s.objects.At(ref.key()) }

// Len returns the number of objects.
func (s *Snapshot) Len() int { return s.objects.Len() }

// Objects returns an iterator over all objects, by kind, namespace and name.
func (s *Snapshot) Objects() iter.Seq[*Object] { return s.objectsWith("") }

// All returns an iterator over all objects, also those that the control plane does not read.
func (s *Snapshot) All() iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for _, all := range []treap.Map[*Object]{s.objects, s.unread} {
			for _, o := range all.Prefix("") {
				if !yield(o) {
					return
				}
			}
		}
	}
}

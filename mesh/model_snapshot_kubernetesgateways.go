package mesh

import (
	"cmp"
	"fmt"
	"iter"
	"reflect"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/tlsward/tlsward/mesh/treap"
)

// madeGateways is what was made of Gateways of the Gateway API.
type madeGateways struct {
	// byName has the Gateways that were made, by Ref.key; bySource the same by the key of the Gateway of the Gateway API, then by
	// that of what has the listener.
	byName, bySource treap.Map[*Object]
	// sets has the ListenerSets by the key of their Gateway.
	sets treap.Map[*Object]
	// dependent has the Gateways of the Gateway API by what they depend on: the key of their class or their Service, or
	// anyNamespace where labels of Namespaces decide on their listeners.
	dependent treap.Map[*Object]
}

// anyNamespace is the key of madeGateways.dependent for the labels of Namespaces.
const anyNamespace = "namespaces"

// gateway returns a Gateway, or one that was made of a listener; nil where it is not there.
func (s *Snapshot) gateway(ref Ref) *Object {
	if isMadeGateway(ref) {
		return s.gateways.byName.At(ref.key())
	}
	return s.Get(ref)
}

// allGateways returns an iterator over the Gateways, those that were made of listeners too.
func (s *Snapshot) allGateways() iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for _, all := range []treap.Map[*Object]{s.objects, s.gateways.byName} {
			for _, g := range all.Prefix(KindGateway + "\x00") {
				if !yield(g) {
					return
				}
			}
		}
	}
}

// madeGatewaysOf returns the Gateways that were made of the listeners of a Gateway of the Gateway API, or of a ListenerSet.
func (s *Snapshot) madeGatewaysOf(o *Object) []*Object {
	parent := o.Ref
	if set, ok := o.Spec.(*ListenerSet); ok {
		if parent, ok = set.gateway(o.Namespace); !ok {
			return nil
		}
	}
	var list []*Object
	for _, g := range s.gateways.bySource.Prefix(parent.key() + "\x00" + o.key() + "\x00") {
		list = append(list, g)
	}
	return list
}

// parentOf returns the Gateway of the Gateway API to which the listener belongs that a Gateway was made of.
func (s *Snapshot) parentOf(g *Object) Ref {
	parent := g.listener.source
	if set := s.Get(parent); set != nil && set.Kind == KindListenerSet {
		parent, _ = set.Spec.(*ListenerSet).gateway(set.Namespace)
	}
	return parent
}

// addKubernetesGateway adds what is made of a Gateway of the Gateway API.
func (s *Snapshot) addKubernetesGateway(o *Object) {
	for _, on := range s.settings.gatewayDependencies(o) {
		s.gateways.dependent = s.gateways.dependent.Set(on+"\x00"+o.key(), o)
	}
	s.renewGateways(o.Ref)
}

// removeKubernetesGateway removes what a Gateway of the Gateway API depends on.
func (s *Snapshot) removeKubernetesGateway(o *Object) {
	for _, on := range s.settings.gatewayDependencies(o) {
		s.gateways.dependent = s.gateways.dependent.Remove(on + "\x00" + o.key())
	}
}

// addListenerSet adds the listeners of a ListenerSet to its Gateway.
func (s *Snapshot) addListenerSet(o *Object, spec *ListenerSet) {
	if parent, ok := spec.gateway(o.Namespace); ok {
		s.gateways.sets = s.gateways.sets.Set(parent.key()+"\x00"+o.key(), o)
		s.renewGateways(parent)
	}
}

// removeListenerSet takes the listeners of a ListenerSet from its Gateway.
func (s *Snapshot) removeListenerSet(o *Object, spec *ListenerSet) {
	if parent, ok := spec.gateway(o.Namespace); ok {
		s.gateways.sets = s.gateways.sets.Remove(parent.key() + "\x00" + o.key())
		s.renewGateways(parent)
	}
}

// staysAtGateway reports whether a ListenerSet belongs to the same Gateway as it did.
func staysAtGateway(was, is *Object) bool {
	from, belonged := was.Spec.(*ListenerSet).gateway(was.Namespace)
	to, belongs := is.Spec.(*ListenerSet).gateway(is.Namespace)
	return belonged && belongs && from == to
}

// gatewayDependencies returns what a Gateway of the Gateway API depends on, as keys of madeGateways.dependent.
func (s Settings) gatewayDependencies(o *Object) []string {
	spec := o.Spec.(*KubernetesGateway)
	list := []string{Ref{Kind: KindGatewayClass, Name: spec.ClassName}.key()}
	if service, _, ok := s.gatewayService(o); ok {
		list = append(list, service.key())
	}
	if spec.AllowedListeners != nil || slices.ContainsFunc(spec.Listeners, func(l KubernetesListener) bool { return l.AllowedNamespaces.HasSelector }) {
		list = append(list, anyNamespace)
	}
	return list
}

// renewGatewaysOn makes the Gateways anew that depend on an object, as it was and as it is; nil where it is not there.
func (s *Snapshot) renewGatewaysOn(was, is *Object) {
	if s.gateways.dependent.Len() == 0 {
		return
	}
	switch o := cmp.Or(is, was); o.Kind {
	case KindNamespace:
		s.reselect(o.Name, namespaceChange{labelsToSelect(was), labelsToSelect(is)})
	case KindGatewayClass, KindService:
		for _, gateway := range s.gateways.dependent.Prefix(o.key() + "\x00") {
			s.renewGateways(gateway.Ref)
		}
	}
}

// renewGateways makes the Gateways of a Gateway of the Gateway API anew, and of its ListenerSets, and the VirtualServices of the routes that
// are attached to those with a listener that has changed. Those that stay as they are stay the same objects.
func (s *Snapshot) renewGateways(parent Ref) {
	was := map[string]*Object{}
	for key, g := range s.gateways.bySource.Prefix(parent.key() + "\x00") {
		was[key] = g
	}
	var is []*Object
	if o := s.Get(parent); o != nil {
		is = s.gatewaysOf(o)
	}
	slices.SortFunc(is, func(a, b *Object) int { return cmp.Compare(madeKey(parent, a), madeKey(parent, b)) })
	changed := map[Ref]bool{}
	for i, g := range is {
		key := madeKey(parent, g)
		if known := was[key]; known != nil && isMadeAlike(known, g) {
			is[i] = known
			delete(was, key)
			continue
		}
		changed[g.listener.source] = true
	}
	for key, g := range was {
		s.gateways.byName, s.gateways.bySource = s.gateways.byName.Remove(g.key()), s.gateways.bySource.Remove(key)
		for key := range gatewayKeys(gatewaySpec(g), g) {
			s.gatewaysBySelector = s.gatewaysBySelector.Remove(key)
		}
		changed[g.listener.source] = true
	}
	if len(changed) == 0 {
		return
	}
	for _, g := range is { // also those that stay: a ListenerSet may have the names of its Gateway
		s.setMade(madeKey(parent, g), g)
	}
	for source := range changed {
		s.renewRoutesBy(source.key())
	}
}

// madeKey returns the key of a Gateway in madeGateways.bySource.
func madeKey(parent Ref, g *Object) string {
	return parent.key() + "\x00" + g.listener.source.key() + "\x00" + fmt.Sprintf("%04d", g.listener.index)
}

// isMadeAlike reports whether two Gateways that were made differ in nothing, nor do their listeners.
func isMadeAlike(a, b *Object) bool {
	return a == b || a.Ref == b.Ref && a.Created.Equal(b.Created) && a.Terminating == b.Terminating &&
		reflect.DeepEqual(a.listener, b.listener) && proto.Equal(gatewaySpec(a), gatewaySpec(b))
}

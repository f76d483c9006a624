package mesh

import (
	"cmp"
	"sync"

	networking "istio.io/api/networking/v1alpha3"
)

// put adds or replaces an object in s, which nobody else sees yet.
func (s *Snapshot) put(o *Object) {
	s.add(o)
	s.settle(func(settled *Snapshot) { settled.add(o) })
}

// drop removes an object from s, which nobody else sees yet.
func (s *Snapshot) drop(ref Ref) {
	s.remove(ref)
	s.settle(func(settled *Snapshot) { settled.remove(ref) })
}

// settle makes a change that s has already in its settled mesh too. The change of a Namespace may bring terminating objects there, which
// the control plane did not read before.
func (s *Snapshot) settle(change func(*Snapshot)) {
	if s.terminating.Len() == 0 {
		s.settled = nil
		return
	}
	settled := *cmp.Or(s.settled, s)
	if s.settled != nil {
		change(&settled)
	}
	for _, ref := range settled.terminating.Prefix("") {
		settled.remove(ref)
	}
	settled.settled, settled.others = nil, nil
	s.settled = &settled
}

// add is put in s alone, without its settled mesh.
func (s *Snapshot) add(o *Object) {
	s.madeListeners = new(sync.Map)
	if !s.isRead(o) {
		s.remove(o.Ref)
		s.unread = s.unread.Set(o.key(), o)
		return
	}
	was := s.take(o.Ref, o)
	s.objects = s.objects.Set(o.key(), o)
	if o.Terminating && o.Kind != KindNamespace {
		s.terminating = s.terminating.Set(o.key(), o.Ref)
	}
	if revision, ok := istiodRevision(o, s.settings.IstiodNamespace); ok {
		s.istiods = s.istiods.Set(o.key(), revision)
	}
	if label := labelOfNamespace(o); label != "" && s.revisions != nil {
		s.labelledNamespaces = s.labelledNamespaces.Set(label+"\x00"+o.Name, struct{}{})
	}
	for _, svc := range s.settings.servicesOf(o) {
		s.addService(svc)
	}
	switch spec := o.Spec.(type) {
	case *networking.DestinationRule:
		s.addRule(o, spec)
	case *networking.VirtualService:
		s.addVirtualService(s.settings.virtualService(o, spec))
	case *KubernetesRoute:
		s.addRoute(o)
	case *BackendTLSPolicy:
		s.addBackendTLSPolicy(o, spec)
	case *KubernetesGateway:
		s.addKubernetesGateway(o)
	case *ListenerSet:
		s.addListenerSet(o, spec)
	case *ReferenceGrant:
		s.renewRoutesBy(grantsOf(o.Namespace))
	case *networking.Gateway:
		for key := range gatewayKeys(spec, o) {
			s.gatewaysBySelector = s.gatewaysBySelector.Set(key, o)
		}
	case *networking.Sidecar:
		s.sidecarsBySelector = s.sidecarsBySelector.Set(sidecarKey(o), o)
		s.sidecarListeners = s.sidecarListeners.Set(o.key(), s.settings.Version.egressListenersOf(o))
	case nil:
		if o.Kind == KindNamespace && o.Labels[ambientLabel] == ambientMode {
			s.ambientNamespaces = s.ambientNamespaces.Set(o.Name, struct{}{})
		}
		s.rediscover(o.Name)
	}
	s.renewGatewaysOn(was, o)
	s.renewRoutesOn(o)
	s.renewRulesFor(o.Ref)
}

// remove is drop in s alone, without its settled mesh.
func (s *Snapshot) remove(ref Ref) { s.take(ref, nil) }

// take removes an object from s, in whose place next comes, nil for none, and returns it, nil where it is not there. What is made beside a
// Gateway of the Gateway API or a ListenerSet, or by the labels of a Namespace, is not made anew without it first: most of it stays as it is.
func (s *Snapshot) take(ref Ref, next *Object) *Object {
	s.unread = s.unread.Remove(ref.key())
	o := s.Get(ref)
	if o == nil {
		return nil
	}
	s.madeListeners = new(sync.Map)
	s.objects = s.objects.Remove(ref.key())
	s.terminating = s.terminating.Remove(ref.key())
	s.istiods = s.istiods.Remove(ref.key())
	for _, svc := range s.settings.servicesOf(o) {
		s.removeService(svc)
	}
	switch spec := o.Spec.(type) {
	case *networking.DestinationRule:
		s.removeRule(o, spec)
	case *networking.VirtualService:
		s.removeVirtualService(s.settings.virtualService(o, spec))
	case *KubernetesRoute:
		s.removeRoute(o)
	case *BackendTLSPolicy:
		s.removeBackendTLSPolicy(o, spec)
	case *KubernetesGateway:
		s.removeKubernetesGateway(o)
		if next != nil {
			return o
		}
		s.renewGateways(o.Ref)
	case *ListenerSet:
		if next != nil && staysAtGateway(o, next) {
			return o
		}
		s.removeListenerSet(o, spec)
	case *ReferenceGrant:
		s.renewRoutesBy(grantsOf(o.Namespace))
	case *networking.Gateway:
		for key := range gatewayKeys(spec, o) {
			s.gatewaysBySelector = s.gatewaysBySelector.Remove(key)
		}
	case *networking.Sidecar:
		s.sidecarsBySelector = s.sidecarsBySelector.Remove(sidecarKey(o))
		s.sidecarListeners = s.sidecarListeners.Remove(o.key())
	case nil:
		if o.Kind == KindNamespace {
			s.ambientNamespaces = s.ambientNamespaces.Remove(o.Name)
			s.labelledNamespaces = s.labelledNamespaces.Remove(labelOfNamespace(o) + "\x00" + o.Name)
		}
		if next != nil {
			return o
		}
	}
	s.renewGatewaysOn(o, nil)
	s.renewRoutesOn(o)
	s.renewRulesFor(o.Ref)
	return o
}

package mesh

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// namespaceChange has the labels of a Namespace, that of its name among them, as it was and as it is; nil where it is not there, so that
// nothing selects it.
type namespaceChange struct{ was, is map[string]string }

// labelsToSelect returns the labels of a Namespace by which it is selected, nil where it is not there.
func labelsToSelect(o *Object) map[string]string {
	if o == nil {
		return nil
	}
	labels := map[string]string{namespaceNameLabel: o.Name}
	maps.Copy(labels, o.Labels)
	return labels
}

// isSeenBy reports whether a selector selects the Namespace that it did not, or no longer does.
func (c namespaceChange) isSeenBy(selector *LabelSelector) bool {
	return selector != nil && (c.was != nil && selector.selects(c.was)) != (c.is != nil && selector.selects(c.is))
}

// reselect makes the Gateways anew that were made of listeners which select a Namespace that they did not, or no longer do. There may be
// thousands of these for each write of a label, so nothing else is: of their hosts one changes, and of routes those of the Namespace alone.
func (s *Snapshot) reselect(namespace string, change namespaceChange) {
	reselected := false
	for _, gateway := range s.gateways.dependent.Prefix(anyNamespace + "\x00") {
		if s.takesListenersOtherwise(gateway, namespace, change) {
			s.renewGateways(gateway.Ref)
			continue
		}
		for key, g := range s.gateways.bySource.Prefix(gateway.key() + "\x00") {
			if l := g.listener; l.selectsNamespaces() && change.isSeenBy(l.AllowedNamespaces.Selector) {
				s.setMade(key, g.madeFor(namespace, change.is != nil && l.AllowedNamespaces.Selector.selects(change.is)))
				reselected = true
			}
		}
	}
	if reselected {
		s.renewRoutesIn(namespace)
	}
}

// takesListenersOtherwise reports whether a Gateway of the Gateway API takes ListenerSets of a Namespace that it did not, or no longer does.
func (s *Snapshot) takesListenersOtherwise(gateway *Object, namespace string, change namespaceChange) bool {
	allowed := gateway.Spec.(*KubernetesGateway).AllowedListeners
	if allowed == nil || !change.isSeenBy(allowed.Selector) {
		return false
	}
	for range s.gateways.sets.Prefix(gateway.key() + "\x00" + KindListenerSet + "\x00" + namespace + "\x00") {
		return true
	}
	return false
}

// madeFor returns a Gateway that was made of a listener which selects namespaces, with one more of these, or without it (madeHosts).
func (o *Object) madeFor(namespace string, selected bool) *Object {
	srv := gatewaySpec(o).Servers[0]
	name := stripNamespace(srv.Hosts[0])
	hosts := slices.DeleteFunc(slices.Clone(srv.Hosts), func(h string) bool { return strings.HasPrefix(h, hostsOfNobody) })
	i, known := slices.BinarySearchFunc(hosts, namespace, func(h, namespace string) int {
		own, _, _ := strings.Cut(h, "/")
		return cmp.Compare(own, namespace)
	})
	switch {
	case selected && !known:
		hosts = slices.Insert(hosts, i, namespace+"/"+name)
	case !selected && known:
		hosts = slices.Delete(hosts, i, i+1)
	}
	if len(hosts) == 0 {
		hosts = []string{hostsOfNobody + name}
	}
	made := *o
	made.Spec = &networking.Gateway{
		Selector: gatewaySpec(o).Selector,
		Servers:  []*networking.Server{{Port: srv.Port, Hosts: hosts, Tls: srv.Tls}},
	}
	return &made
}

// setMade adds a Gateway that was made, or replaces it, by its key in madeGateways.bySource.
func (s *Snapshot) setMade(key string, g *Object) {
	s.gateways.byName, s.gateways.bySource = s.gateways.byName.Set(g.key(), g), s.gateways.bySource.Set(key, g)
	for key := range gatewayKeys(gatewaySpec(g), g) {
		s.gatewaysBySelector = s.gatewaysBySelector.Set(key, g)
	}
}

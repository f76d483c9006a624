package mesh

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// gatewaysWithoutSelector is the prefix under which gatewaysBySelector has the Gateways without a selector.
const gatewaysWithoutSelector = "\x00\x00"

// gatewayKeys returns an iterator over the keys of a Gateway in gatewaysBySelector: one for each label of its selector.
func gatewayKeys(spec *networking.Gateway, o *Object) iter.Seq[string] {
	return func(yield func(string) bool) {
		suffix := "\x00" + o.Namespace + "\x00" + o.Name
		if len(spec.Selector) == 0 {
			yield("\x00" + suffix)
			return
		}
		for k, v := range spec.Selector {
			if !yield(k + "\x00" + v + suffix) {
				return
			}
		}
	}
}

// gatewaysSelecting returns the Gateways that select pods of a namespace with these labels, by namespace and name. Those of other
// namespaces are among them, unless Flags.OwnGateways. To pods that istiod makes for a Gateway of the Gateway API belong those of the
// namespaces of that and of its ListenerSets alone (pilot/pkg/model/push_context.go filterStrictGatewayMerging).
func (s *Snapshot) gatewaysSelecting(namespace string, labels map[string]string) []*Object {
	var list []*Object
	for _, g := range s.gatewaysBySelector.Prefix(gatewaysWithoutSelector) {
		list = append(list, g)
	}
	for k, v := range labels {
		for _, g := range s.gatewaysBySelector.Prefix(k + "\x00" + v + "\x00") {
			if selectorMatches(gatewaySpec(g).Selector, labels) {
				list = append(list, g) // once for each of its labels
			}
		}
	}
	list = slices.DeleteFunc(list, func(g *Object) bool { return !s.settings.gatewayReaches(g, namespace) })
	if s.settings.Version.mergesStrictly() && slices.ContainsFunc(list, (*Object).hasManagedPods) {
		beside := func(g *Object) bool {
			return slices.ContainsFunc(list, func(made *Object) bool { return made.hasManagedPods() && made.Namespace == g.Namespace })
		}
		list = slices.DeleteFunc(slices.Clone(list), func(g *Object) bool { return g.listener == nil && !beside(g) })
	}
	slices.SortFunc(list, func(a, b *Object) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	return slices.Compact(list)
}

// gatewayReaches reports whether a Gateway may configure pods of a namespace.
func (s Settings) gatewayReaches(g *Object, pods string) bool {
	if g.listener != nil {
		return g.listener.service.Namespace == pods
	}
	return s.reachesPods(g.Namespace, pods)
}

// reachesPods reports whether a Gateway that somebody wrote in one namespace may configure pods of another.
func (s Settings) reachesPods(gateway, pods string) bool {
	return !s.Flags.OwnGateways || gateway == pods
}

// gatewaysMeet reports whether two Gateways may configure pods of one namespace.
func (s Settings) gatewaysMeet(a, b *Object) bool {
	switch {
	case a.listener != nil:
		return s.gatewayReaches(b, a.listener.service.Namespace)
	case b.listener != nil:
		return s.gatewayReaches(a, b.listener.service.Namespace)
	}
	return s.reachesPods(a.Namespace, b.Namespace)
}

// hasManagedPods reports whether istiod makes the pods of a Gateway.
func (o *Object) hasManagedPods() bool { return o.listener != nil && o.listener.managed }

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
// namespaces are among them, unless Flags.OwnGateways.
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
	list = slices.DeleteFunc(list, func(g *Object) bool { return !s.settings.gatewayReaches(g.Namespace, namespace) })
	slices.SortFunc(list, func(a, b *Object) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	return slices.Compact(list)
}

// gatewayReaches reports whether a Gateway of one namespace may configure pods of another.
func (s Settings) gatewayReaches(gateway, pods string) bool {
	return !s.Flags.OwnGateways || gateway == pods
}

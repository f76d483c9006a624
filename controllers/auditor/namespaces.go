package auditor

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tlsward/tlsward/audit"
)

// names are the namespaces that have series of their own; nil for all.
type names map[string]bool

// namespacesOf returns the namespaces of totals that have series of their own: those with the most to mend first.
func namespacesOf(t audit.Totals) names {
	weight := map[string]int{}
	for g, n := range t.Findings {
		weight[g.Namespace] += n
	}
	for g, n := range t.Connections {
		if g.State.Bad() && !g.Exempt {
			weight[g.Namespace] += n
		} else {
			weight[g.Namespace] += 0
		}
	}
	if len(weight) <= maxNamespaces {
		return nil
	}
	sorted := slices.SortedFunc(maps.Keys(weight), func(a, b string) int {
		return cmp.Or(cmp.Compare(weight[b], weight[a]), cmp.Compare(a, b))
	})
	kept := names{}
	for _, n := range sorted[:maxNamespaces] {
		kept[n] = true
	}
	return kept
}

// label returns a namespace, or what stands for those without series of their own.
func (n names) label(namespace string) string {
	if n == nil || n[namespace] {
		return namespace
	}
	return others
}

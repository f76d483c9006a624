package mesh

import (
	"fmt"
	"testing"

	networking "istio.io/api/networking/v1alpha3"
)

// subsetRules returns n DestinationRules of namespace shop for one host, each with subsets of names that no other has.
func subsetRules(n, subsets int) []*Object {
	list := make([]*Object, n)
	for i := range list {
		spec := &networking.DestinationRule{Host: "a.example"}
		for j := range subsets {
			spec.Subsets = append(spec.Subsets, &networking.Subset{Name: fmt.Sprintf("v%d-%d", i, j)})
		}
		list[i] = &Object{Ref: Ref{Kind: KindDestinationRule, Namespace: "shop", Name: fmt.Sprintf("r%04d", i)}, Spec: spec}
	}
	return list
}

// One more rule of a host costs no more where there are many: they are not consolidated before somebody asks for them.
func TestRuleEventDoesNotConsolidate(t *testing.T) {
	cost := func(n int) float64 {
		rules := subsetRules(n, 10)
		s := New(DefaultSettings(), rules...)
		return testing.AllocsPerRun(20, func() { s.With(rules[n/2]) })
	}
	few, many := cost(8), cost(512)
	if many > few+40 { // the path to it in the tree of objects is longer
		t.Errorf("an event allocates %v times beside 8 rules of its host, and %v times beside 512", few, many)
	}
}

// Rules are consolidated once, however many clients ask, and stand in the order in which they merge whenever they came.
func TestRulesAreConsolidatedOnce(t *testing.T) {
	rules := subsetRules(9, 1)
	s := New(DefaultSettings(), rules[4], rules[0], rules[8], rules[2], rules[1], rules[7], rules[3], rules[6], rules[5])
	set := s.rules.At("a.example\x00shop")
	equal(t, "by name", set.rules, rules)
	first, again := set.seen().local.all[0], set.seen().local.all[0]
	equal(t, "one consolidation", first == again, true)
	equal(t, "its subsets", len(first.subsets), 9)
}

// BenchmarkRulesOfOneHost loads what a namespace has of one host and consolidates it, in time that is linear in the subsets.
func BenchmarkRulesOfOneHost(b *testing.B) {
	for _, n := range []int{50, 100, 200} {
		rules := subsetRules(n, 250)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for range b.N {
				New(DefaultSettings(), rules...).rules.At("a.example\x00shop").seen()
			}
		})
	}
}

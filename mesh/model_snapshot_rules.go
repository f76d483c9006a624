package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// addRule adds a DestinationRule to those of its host and namespace, in the order of compareRules.
func (s *Snapshot) addRule(o *Object, spec *networking.DestinationRule) {
	s.changeRules(o, spec, func(rules []*Object) []*Object {
		i, _ := slices.BinarySearchFunc(rules, o, compareRules)
		return slices.Insert(slices.Clip(rules), i, o)
	})
}

// removeRule removes a DestinationRule from those of its host and namespace.
func (s *Snapshot) removeRule(o *Object, spec *networking.DestinationRule) {
	s.changeRules(o, spec, func(rules []*Object) []*Object {
		return slices.DeleteFunc(slices.Clone(rules), func(have *Object) bool { return have == o })
	})
}

// changeRules replaces the rules of o's host and namespace by what change returns for them.
func (s *Snapshot) changeRules(o *Object, spec *networking.DestinationRule, change func([]*Object) []*Object) {
	host := s.settings.qualify(spec.Host, o.Namespace)
	key := host + "\x00" + o.Namespace
	var rules []*Object
	old := s.rules.At(key)
	if old != nil {
		rules = old.rules
	}
	rules = change(rules)
	if len(rules) == 0 {
		s.rules = s.rules.Remove(key)
		s.ruleWildcards = s.ruleWildcards.add(host, -1)
		return
	}
	s.rules = s.rules.Set(key, s.settings.newRuleSet(o.Namespace, host, rules))
	if old == nil {
		s.ruleWildcards = s.ruleWildcards.add(host, 1)
	}
}

// ruleHostsCovering returns host itself, then the wildcard hosts of DestinationRules that cover it, the most specific
// first.
func (s *Snapshot) ruleHostsCovering(host string) []string {
	return s.ruleWildcards.covering(host)
}

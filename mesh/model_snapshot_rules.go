package mesh

import networking "istio.io/api/networking/v1alpha3"

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

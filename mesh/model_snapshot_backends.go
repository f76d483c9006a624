package mesh

import (
	"slices"

	"github.com/tlsward/tlsward/mesh/treap"
)

// madeRules is what was made of BackendTLSPolicies.
type madeRules struct {
	// policies has the policies by the keys of their targets, which need not be there.
	policies treap.Map[*Object]
	// rules has the DestinationRules that were made for a target, by its key.
	rules treap.Map[[]*Object]
}

// addBackendTLSPolicy adds what a policy makes of its targets.
func (s *Snapshot) addBackendTLSPolicy(o *Object, spec *BackendTLSPolicy) {
	for _, target := range spec.targets(o.Namespace) {
		s.backends.policies = s.backends.policies.Set(target.key()+"\x00"+o.key(), o)
		s.renewRulesFor(target)
	}
}

// removeBackendTLSPolicy removes what a policy makes of its targets.
func (s *Snapshot) removeBackendTLSPolicy(o *Object, spec *BackendTLSPolicy) {
	for _, target := range spec.targets(o.Namespace) {
		s.backends.policies = s.backends.policies.Remove(target.key() + "\x00" + o.key())
		s.renewRulesFor(target)
	}
}

// targets returns what a policy of a namespace is for, each once.
func (p *BackendTLSPolicy) targets(namespace string) []Ref {
	var list []Ref
	for _, t := range p.TargetRefs {
		if ref, ok := t.ref(namespace); ok && !slices.Contains(list, ref) {
			list = append(list, ref)
		}
	}
	return list
}

// renewRulesFor makes the DestinationRules for an object anew, which may be no target.
func (s *Snapshot) renewRulesFor(target Ref) {
	if s.backends.policies.Len()+s.backends.rules.Len() == 0 {
		return
	}
	for _, was := range s.backends.rules.At(target.key()) {
		s.removeRule(was, ruleSpec(was))
	}
	rules := s.backendRules(target)
	for _, o := range rules {
		s.addRule(o, ruleSpec(o))
	}
	if len(rules) == 0 {
		s.backends.rules = s.backends.rules.Remove(target.key())
		return
	}
	s.backends.rules = s.backends.rules.Set(target.key(), rules)
}

// hostsOfTargets returns the hosts of what a BackendTLSPolicy is for, as far as that is there, each once.
func (s *Snapshot) hostsOfTargets(o *Object) []string {
	var hosts []string
	for _, target := range o.Spec.(*BackendTLSPolicy).targets(o.Namespace) {
		if object := s.Get(target); object != nil {
			hosts = append(hosts, s.hostsOfTarget(object)...)
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

package mesh

import (
	"slices"
	"strconv"

	security "istio.io/api/security/v1beta1"
	istiotype "istio.io/api/type/v1beta1"
)

// authorization is an AuthorizationPolicy that proxies enforce: what it is for, and whether it keeps callers without an
// identity of the mesh out.
type authorization struct {
	policy *Object
	spec   *security.AuthorizationPolicy
}

// enforcedAuthorization returns the AuthorizationPolicy of a Ref; ok is false where there is none that is enforced
// (pilot/pkg/model/authorization.go, pilot/pkg/security/authz/builder/builder.go).
func (s *Snapshot) enforcedAuthorization(ref Ref) (a authorization, ok bool) {
	o := s.Get(ref)
	if o == nil {
		return a, false
	}
	return authorizationOf(o)
}

func authorizationOf(o *Object) (a authorization, ok bool) {
	spec, ok := o.Spec.(*security.AuthorizationPolicy)
	if dry, err := strconv.ParseBool(o.Annotations[dryRunAnnotation]); err == nil && dry {
		ok = false
	}
	return authorization{policy: o, spec: spec}, ok
}

func (a authorization) isAllow() bool {
	return a.spec.GetAction() == security.AuthorizationPolicy_ALLOW
}

// keepsOut reports whether callers without an identity are kept out of what the policy is for, but for what its rules
// name: an ALLOW policy keeps out whom it does not name, a DENY policy whom it denies.
func (a authorization) keepsOut() bool {
	switch a.spec.GetAction() {
	case security.AuthorizationPolicy_ALLOW:
		return !slices.ContainsFunc(a.spec.GetRules(), matchesAll)
	case security.AuthorizationPolicy_DENY:
		return slices.ContainsFunc(a.spec.GetRules(), matchesAllWithoutIdentity)
	}
	return false
}

// matchesAll reports whether a rule matches every request.
func matchesAll(r *security.Rule) bool {
	return len(r.GetFrom()) == 0 && len(r.GetTo()) == 0 && len(r.GetWhen()) == 0
}

// keepsOutOf returns the ports out of which a DENY policy keeps callers without an identity:
//
//	rules: [{from: [{source: {notPrincipals: ["*"]}}], to: [{operation: {ports: ["8080"]}}]}]
func (a authorization) keepsOutOf() []string {
	var ports []string
	for _, o := range a.deniedOperations() {
		if isForPortsAlone(o) {
			ports = append(ports, o.GetPorts()...)
		}
	}
	return ports
}

// isForPortsAlone reports whether an operation asks for nothing else than ports.
func isForPortsAlone(o *security.Operation) bool {
	return len(o.GetPorts()) > 0 && len(slices.Concat(o.GetNotPorts(), o.GetHosts(), o.GetNotHosts(), o.GetMethods(), o.GetNotMethods(), o.GetPaths(), o.GetNotPaths())) == 0
}

// matchesAllWithoutIdentity reports whether a rule matches every request of a caller without an identity:
//
//   - from: [{source: {notPrincipals: ["*"]}}]
//   - when: [{key: source.namespace, notValues: [shop]}]
func matchesAllWithoutIdentity(r *security.Rule) bool {
	return len(r.GetTo()) == 0 && callsWithoutIdentity(r)
}

// rulesForAnybody returns the rules of an ALLOW policy that let callers without an identity in.
func (a authorization) rulesForAnybody() []*security.Rule {
	return slices.DeleteFunc(slices.Clone(a.spec.GetRules()), func(rule *security.Rule) bool {
		return slices.ContainsFunc(rule.GetWhen(), isOnIdentity) ||
			len(rule.GetFrom()) > 0 && !slices.ContainsFunc(rule.GetFrom(), func(from *security.Rule_From) bool {
				src := from.GetSource()
				return len(src.GetPrincipals())+len(src.GetServiceAccounts())+len(src.GetNamespaces())+len(src.GetTrustDomains()) == 0
			})
	})
}

// isOnIdentity reports whether a condition asks for an identity of the mesh.
func isOnIdentity(c *security.Condition) bool {
	return len(c.GetValues()) > 0 && slices.Contains(identityAttributes(), c.GetKey())
}

// identityAttributes returns the keys of conditions on the certificate of a caller (pilot/pkg/security/authz/model/model.go).
func identityAttributes() []string {
	return []string{"source.principal", "source.namespace", "source.serviceAccount", "source.trustDomain"}
}

// callsWithoutIdentity reports whether all callers without an identity are among those of a rule: who has none has none of those
// that the rule does not mean (pilot/pkg/security/authz/model/model.go).
func callsWithoutIdentity(r *security.Rule) bool {
	if slices.ContainsFunc(r.GetWhen(), func(c *security.Condition) bool {
		return len(c.GetValues()) > 0 || !slices.Contains(identityAttributes(), c.GetKey())
	}) {
		return false
	}
	return len(r.GetFrom()) == 0 || slices.ContainsFunc(r.GetFrom(), func(from *security.Rule_From) bool {
		return isForAllWithoutIdentity(from.GetSource())
	})
}

// isForAllWithoutIdentity reports whether a source asks for nothing else than identities that it is not.
func isForAllWithoutIdentity(s *security.Source) bool {
	return len(slices.Concat(
		s.GetPrincipals(), s.GetServiceAccounts(), s.GetRequestPrincipals(), s.GetNotRequestPrincipals(), s.GetNamespaces(),
		s.GetIpBlocks(), s.GetNotIpBlocks(), s.GetRemoteIpBlocks(), s.GetNotRemoteIpBlocks(), s.GetTrustDomains(),
	)) == 0
}

// targets returns what the policy's targetRefs name.
func (a authorization) targets() []*istiotype.PolicyTargetReference {
	if one := a.spec.GetTargetRef(); one != nil {
		return append([]*istiotype.PolicyTargetReference{one}, a.spec.GetTargetRefs()...)
	}
	return a.spec.GetTargetRefs()
}

// targetObject returns the object that one of the policy's targetRefs names, which is of its namespace or, as a GatewayClass, of none.
func (a authorization) targetObject(t *istiotype.PolicyTargetReference) Ref {
	switch t.GetKind() {
	case KindGatewayClass:
		return Ref{Kind: KindGatewayClass, Name: t.GetName()}
	case KindGateway:
		return Ref{Kind: KindKubernetesGateway, Namespace: a.policy.Namespace, Name: t.GetName()}
	}
	return Ref{Kind: t.GetKind(), Namespace: a.policy.Namespace, Name: t.GetName()}
}

// isForAllWaypoints reports whether the policy is, by one of its targetRefs, for all waypoints, whatever their class: it is of the root
// namespace, and that names Istio's class (pilot/pkg/model/policyattachment.go ShouldAttachPolicy).
func (s *Snapshot) isForAllWaypoints(a authorization, t *istiotype.PolicyTargetReference) bool {
	return a.policy.Namespace == s.settings.RootNamespace && t.GetKind() == KindGatewayClass && t.GetName() == waypointClass
}

// isForNothing reports whether nobody obeys the policy for one of its targetRefs: a GatewayClass that does not make it one for all
// waypoints.
func (s *Snapshot) isForNothing(a authorization, t *istiotype.PolicyTargetReference) bool {
	return t.GetKind() == KindGatewayClass && !s.isForAllWaypoints(a, t)
}

// selector returns the labels of the pods that the policy is for; none for all of its namespace.
func (a authorization) selector() map[string]string { return a.spec.GetSelector().GetMatchLabels() }

// isUnreadByZtunnel reports whether ztunnels enforce the policy at no pod: it has a selector, so that it is for pods which name it,
// and the selector has no labels, so that no pod does (pilot/pkg/serviceregistry/ambient/authorization.go
// convertAuthorizationPolicy, workloads.go buildWorkloadPolicies). To sidecars it is for all pods:
//
//	spec: {selector: {}}
func (a authorization) isUnreadByZtunnel() bool {
	return len(a.targets()) == 0 && a.spec.GetSelector() != nil && a.selector() == nil
}

// selectsPods reports whether the policy, by its selector and not by targetRefs, is enforced at all pods of a namespace that have
// these labels, where it is for that namespace.
func (s *Snapshot) selectsPods(a authorization, namespace string, pods map[string]string) bool {
	return len(a.targets()) == 0 && selectorMatches(a.selector(), pods) && !(a.isUnreadByZtunnel() && s.isAmbient(namespace))
}

// hasZtunnels reports whether ztunnels may be before pods that policies of a namespace are for. Those of the root namespace are for every
// namespace.
func (s *Snapshot) hasZtunnels(namespace string) bool {
	return s.isAmbient(namespace) || namespace == s.settings.RootNamespace && s.ambientNamespaces.Len() > 0
}

// isEnforcedNowhere reports whether pods that the policy is for have ztunnels alone, which do not enforce it.
func (s *Snapshot) isEnforcedNowhere(a authorization) bool {
	namespace := a.policy.Namespace
	return a.isUnreadByZtunnel() && namespace != s.settings.RootNamespace && s.isAmbient(namespace) &&
		s.labelsOfNamespace(namespace)[injectionLabel] != "enabled"
}

// isForAllOf reports whether a policy is for all that another one is for, one of whose targets is given, or nil where it
// has none. A policy of the root namespace is for every namespace.
func (s *Snapshot) isForAllOf(a, other authorization, target *istiotype.PolicyTargetReference) bool {
	if target != nil {
		return a.policy.Namespace == other.policy.Namespace && a.hasTarget(target)
	}
	return (a.policy.Namespace == other.policy.Namespace || a.policy.Namespace == s.settings.RootNamespace) && len(a.targets()) == 0 &&
		selectorMatches(a.selector(), other.selector()) &&
		(!a.isUnreadByZtunnel() || other.isUnreadByZtunnel() || !s.hasZtunnels(other.policy.Namespace))
}

// hasTarget reports whether the policy names what another policy's target does.
func (a authorization) hasTarget(target *istiotype.PolicyTargetReference) bool {
	return slices.ContainsFunc(a.targets(), func(t *istiotype.PolicyTargetReference) bool {
		return t.GetGroup() == target.GetGroup() && t.GetKind() == target.GetKind() && t.GetName() == target.GetName()
	})
}

package mesh

import (
	"slices"

	security "istio.io/api/security/v1beta1"
	istiotype "istio.io/api/type/v1beta1"
)

// Entrance is what stands between callers and the pods of a Service.
type Entrance struct {
	Service Ref
	// MTLS is the mode in which the pods take mutual TLS: STRICT, PERMISSIVE or DISABLE. MTLSBy is what decided it, nil where
	// nothing did and Istio's default counts.
	MTLS   string
	MTLSBy *Decision
	// Allow are the ALLOW policies that are for all of the pods, KeepsOut the first policy that keeps all callers without an
	// identity out whatever the others say; nil for none.
	Allow    []Ref
	KeepsOut *Ref
	// Ingress are the gateways (namespace/name) that the pods are, whose clients come from outside and have no identity.
	Ingress []string
}

// Entrances returns what stands before the pods of each Service that selects any, in the order of their namespaces and names.
// Policies that may be for some of the pods alone, by labels that the Service does not ask for, do not count.
func (s *Snapshot) Entrances() []Entrance {
	var list []Entrance
	for _, o := range s.objects.Prefix(KindService + "\x00") {
		if svc := o.Spec.(*Service); len(svc.Selector) > 0 && !s.IsTerminating(o.Namespace) {
			list = append(list, s.entrance(o, svc.Selector))
		}
	}
	return list
}

func (s *Snapshot) entrance(service *Object, pods map[string]string) Entrance {
	e := Entrance{Service: service.Ref}
	e.MTLS, e.MTLSBy = s.mutualTLSOf(service.Namespace, pods)
	if service.Spec.(*Service).isPublic() {
		if gateways, past := s.ingressSelected(service.Namespace, pods); !past {
			e.Ingress = gateways
		}
	}
	for _, namespace := range s.ownAndRoot(service.Namespace) {
		for _, o := range s.objects.Prefix(KindAuthorizationPolicy + "\x00" + namespace + "\x00") {
			a, enforced := authorizationOf(o)
			if !enforced || !s.isForPods(a, service, pods) {
				continue
			}
			switch {
			case a.isAllow():
				e.Allow = append(e.Allow, o.Ref)
			case a.keepsOut() && e.KeepsOut == nil:
				e.KeepsOut = &o.Ref
			}
		}
	}
	return e
}

// ownAndRoot returns the namespaces whose policies are for the pods of a namespace.
func (s *Snapshot) ownAndRoot(namespace string) []string {
	if namespace == s.settings.RootNamespace {
		return []string{namespace}
	}
	return []string{namespace, s.settings.RootNamespace}
}

// isForPods reports whether a policy is for all pods of a Service, with these labels: by its selector or, in the Service's
// namespace, by a targetRef to the Service.
func (s *Snapshot) isForPods(a authorization, service *Object, pods map[string]string) bool {
	if len(a.targets()) > 0 {
		return a.policy.Namespace == service.Namespace && a.hasTarget(&istiotype.PolicyTargetReference{Kind: KindService, Name: service.Name})
	}
	return slices.Contains(s.ownAndRoot(service.Namespace), a.policy.Namespace) && s.selectsPods(a, service.Namespace, pods)
}

// mutualTLSOf returns the mode in which pods with these labels take mutual TLS, the weakest of their ports, and what decided it.
func (s *Snapshot) mutualTLSOf(namespace string, pods map[string]string) (mode string, by *Decision) {
	for _, o := range s.peerAuthentications(namespace, pods) {
		if found, field := weakestMode(o.Spec.(*security.PeerAuthentication)); field != "" {
			return found.String(), &Decision{Object: o.Ref, Field: field}
		}
	}
	return security.PeerAuthentication_MutualTLS_PERMISSIVE.String(), nil
}

// peerAuthentications returns those that are for pods with these labels, of which the first that sets a mode decides
// (pilot/pkg/security/authn/policy_applier.go ComposePeerAuthentication): the oldest that selects them, the oldest of their namespace
// without a selector, that of the root namespace. Modes of single ports count for one with a selector alone.
func (s *Snapshot) peerAuthentications(namespace string, pods map[string]string) []*Object {
	return slices.DeleteFunc([]*Object{
		s.peerAuthentication(namespace, true, pods), s.peerAuthentication(namespace, false, pods),
		s.peerAuthentication(s.settings.RootNamespace, false, pods),
	}, func(o *Object) bool { return o == nil })
}

// peerAuthentication returns the oldest PeerAuthentication of a namespace that selects pods, or that has no selector; nil for none.
func (s *Snapshot) peerAuthentication(namespace string, selecting bool, pods map[string]string) *Object {
	var oldest *Object
	for _, o := range s.objects.Prefix(KindPeerAuthentication + "\x00" + namespace + "\x00") {
		selector := o.Spec.(*security.PeerAuthentication).GetSelector().GetMatchLabels()
		if len(selector) > 0 != selecting || !selectorMatches(selector, pods) {
			continue
		}
		if oldest == nil || compareAge(o.Created, oldest.Created) < 0 {
			oldest = o
		}
	}
	return oldest
}

// weakestMode returns the weakest mode that a PeerAuthentication sets, and the field that does; "" where it sets none.
func weakestMode(spec *security.PeerAuthentication) (mode security.PeerAuthentication_MutualTLS_Mode, field string) {
	if mode = spec.GetMtls().GetMode(); mode != security.PeerAuthentication_MutualTLS_UNSET {
		field = "spec.mtls.mode"
	}
	for _, m := range portModes(spec) {
		if own := m.GetMode(); own != security.PeerAuthentication_MutualTLS_UNSET && (field == "" || strength(own) < strength(mode)) {
			mode, field = own, "spec.portLevelMtls"
		}
	}
	return mode, field
}

// portModes returns the modes of single ports that count.
func portModes(spec *security.PeerAuthentication) map[uint32]*security.PeerAuthentication_MutualTLS {
	if len(spec.GetSelector().GetMatchLabels()) == 0 {
		return nil
	}
	return spec.GetPortLevelMtls()
}

func strength(m security.PeerAuthentication_MutualTLS_Mode) int {
	return slices.Index([]security.PeerAuthentication_MutualTLS_Mode{
		security.PeerAuthentication_MutualTLS_DISABLE, security.PeerAuthentication_MutualTLS_PERMISSIVE, security.PeerAuthentication_MutualTLS_STRICT,
	}, m)
}

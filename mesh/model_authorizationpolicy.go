package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
	istiotype "istio.io/api/type/v1beta1"
)

// Callers says who can call what an AuthorizationPolicy is enforced at. Its targets are alternatives: the policy applies to
// each of them.
type Callers struct {
	// Ingress are the gateways (namespace/name) whose clients come from outside and have no workload identity.
	Ingress []string `json:"ingress"`
	// Waypoints are the waypoints (namespace/name).
	Waypoints []string `json:"waypoints"`
	// Unknown are Gateways (namespace/name) that are not there, and selectors that name a gateway of which nothing is known.
	Unknown []string `json:"unknown"`
	// Workloads reports whether the policy is enforced anywhere else.
	Workloads bool `json:"workloads"`
	// UnreadByZtunnel reports whether ztunnels that are before pods of the policy's namespace, or of any for one of the root
	// namespace, enforce it at none of them.
	UnreadByZtunnel bool `json:"unreadByZtunnel,omitempty"`
}

// Callers returns who can call what an AuthorizationPolicy is enforced at; nil for no object, and for other kinds:
//  1. Each of its targetRefs counts, a Gateway of the Gateway API by what it is (pkg/util/workloadselection
//     ShouldAttachPolicy, by the label of its pods), everything else as workloads.
//  2. A selector selects an ingress gateway where the facts of the mesh say so (see ingressSelected).
//  3. Without either it is enforced at all workloads of its namespace.
func (s *Snapshot) Callers(policy *Object) *Callers {
	if policy == nil {
		return nil
	}
	spec, ok := policy.Spec.(*security.AuthorizationPolicy)
	if !ok {
		return nil
	}
	c := &Callers{Ingress: []string{}, Waypoints: []string{}, Unknown: []string{}}
	c.UnreadByZtunnel = authorization{policy, spec}.isUnreadByZtunnel() && s.hasZtunnels(policy.Namespace)
	targets := spec.GetTargetRefs()
	if one := spec.GetTargetRef(); one != nil {
		targets = append([]*istiotype.PolicyTargetReference{one}, targets...)
	}
	for _, target := range targets {
		if target.GetGroup() == "gateway.networking.k8s.io" && target.GetKind() == KindGateway {
			s.addGatewayPods(c, policy.Namespace, target.GetName(), map[string]string{gatewayNameLabel: target.GetName()})
		} else {
			c.Workloads = true
		}
	}
	if len(targets) == 0 {
		s.addSelected(c, policy.Namespace, spec.GetSelector().GetMatchLabels())
	}
	return c
}

// addGatewayTarget adds a Gateway of the Gateway API, which is always of the policy's own namespace.
func (s *Snapshot) addGatewayTarget(c *Callers, namespace, name string) {
	full := namespace + "/" + name
	o := s.Get(Ref{Kind: KindKubernetesGateway, Namespace: namespace, Name: name})
	switch {
	case o == nil:
		c.Unknown = append(c.Unknown, full)
	case s.isWaypoint(o):
		c.Waypoints = append(c.Waypoints, full)
	case s.isIngressGateway(o):
		c.Ingress = append(c.Ingress, full)
	default:
		c.Workloads = true
	}
}

// serviceTypeAnnotation sets the type of the Service that istiod makes for such a Gateway; LoadBalancer where it is not set.
const serviceTypeAnnotation = "networking.istio.io/service-type"

// isIngressGateway reports whether clients of a Gateway of the Gateway API, which is no waypoint, come from outside: its
// Service is a LoadBalancer or a NodePort.
func (s *Snapshot) isIngressGateway(o *Object) bool {
	if s.settings.IngressGateways != nil {
		return s.settings.isListedIngress(o.Namespace, map[string]string{gatewayNameLabel: o.Name})
	}
	return o.Annotations[serviceTypeAnnotation] != "ClusterIP"
}

// addSelected adds what a selector selects.
func (s *Snapshot) addSelected(c *Callers, namespace string, selector map[string]string) {
	name := selector[gatewayNameLabel]
	switch {
	case len(selector) == 0:
		c.Workloads = true
	case s.settings.IngressGateways != nil:
		if s.settings.isListedIngress(namespace, selector) {
			c.Ingress = append(c.Ingress, namespace+"/"+labelsText(selector))
		} else {
			c.Workloads = true
		}
	case name != "":
		s.addGatewayPods(c, namespace, name, selector)
	default:
		s.addSelectedByFacts(c, namespace, selector)
	}
}

func (s *Snapshot) addSelectedByFacts(c *Callers, namespace string, selector map[string]string) {
	gateways, past := s.ingressSelected(namespace, selector)
	switch {
	case len(gateways) > 0:
		c.Ingress = append(c.Ingress, gateways...)
		c.Workloads = c.Workloads || past
	case !namesIngressChart(selector):
		c.Workloads = true
	case namespace == s.settings.RootNamespace: // where nobody but the mesh's own team writes
		c.Ingress = append(c.Ingress, namespace+"/"+labelsText(selector))
	case s.leadsToWorkloads(namespace, selector):
		c.Workloads = true
	default:
		c.Unknown = append(c.Unknown, namespace+"/"+labelsText(selector))
	}
}

// leadsToWorkloads reports whether Services lead to what a selector with the labels of an ingress gateway selects, so that it
// is no gateway which is still to come: no Gateway of the namespace, or for other labels, is for these pods, and
//  1. a Service of the namespace, by labels of the selector that are not an ingress gateway's, leads to all of them, or
//  2. one may lead to some, and none that is an ingress gateway's, by its type or labels, does.
//
// Here the pods of a Service get a label that it does not ask for, and let anybody in:
//
//	kind: Service                 kind: AuthorizationPolicy
//	spec:                         spec:
//	  selector: {app: pay}          selector: {matchLabels: {app: pay, istio: ingressgateway}}
//	                                rules: [{}]
func (s *Snapshot) leadsToWorkloads(namespace string, selector map[string]string) bool {
	for _, g := range s.gatewaysSelecting(namespace, selector) {
		own := g.Namespace == namespace || !namesIngressChart(gatewaySpec(g).Selector)
		if own && servesOutsiders(gatewaySpec(g)) && len(gatewaySpec(g).Selector) > 0 {
			return false
		}
	}
	gateway, possible := false, false
	for _, o := range s.objects.Prefix(KindService + "\x00" + namespace + "\x00") {
		svc := o.Spec.(*Service)
		_, some := joinLabels(selector, svc.Selector)
		switch {
		case !some || len(svc.Selector) == 0:
		case svc.isPublic(), namesIngressChart(svc.Selector):
			gateway = true
		case selectorMatches(svc.Selector, selector):
			return true
		default:
			possible = true
		}
	}
	return possible && !gateway
}

// isPublic reports whether clients outside the cluster reach the Service.
func (s *Service) isPublic() bool {
	return len(s.Selector) > 0 && (s.Type == "LoadBalancer" || s.Type == "NodePort")
}

// servesOutsiders reports whether a Gateway has a server for clients without an identity of the mesh.
func servesOutsiders(spec *networking.Gateway) bool {
	return slices.ContainsFunc(spec.Servers, func(srv *networking.Server) bool {
		mode := srv.GetTls().GetMode()
		return srv.GetTls() == nil || mode != networking.ServerTLSSettings_ISTIO_MUTUAL && mode != networking.ServerTLSSettings_AUTO_PASSTHROUGH
	})
}

// namesIngressChart reports whether a selector has the labels that Istio's charts give an ingress gateway, by the name of
// the release. Anybody can write them.
func namesIngressChart(selector map[string]string) bool {
	return slices.Contains([]string{"ingressgateway", "ingress"}, selector["istio"]) ||
		slices.Contains([]string{"istio-ingressgateway", "istio-ingress"}, selector["app"])
}

// isListedIngress reports whether a selector in a namespace selects pods of a listed ingress gateway alone.
func (s Settings) isListedIngress(namespace string, selector map[string]string) bool {
	return slices.ContainsFunc(s.IngressGateways, func(g IngressGateway) bool {
		return (g.Namespace == namespace || namespace == s.RootNamespace) && len(g.Labels) > 0 &&
			(selectorMatches(g.Labels, selector) || selectorMatches(selector, g.Labels))
	})
}

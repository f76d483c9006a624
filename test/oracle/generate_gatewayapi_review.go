package oracle

// gatewayAPIKinds are the kinds of the Gateway API that reviews are made of.
var gatewayAPIKinds = map[string]bool{"HTTPRoute": true, "GRPCRoute": true, "TLSRoute": true, "TCPRoute": true, "BackendTLSPolicy": true}

// GatewayAPIReview makes a mesh with routes and BackendTLSPolicies, and a review of one of these.
func (g *Generator) GatewayAPIReview() (q Review, ok bool) {
	m := g.KubernetesRouteMesh()
	var targets []Document
	for _, d := range m {
		if d.Kind() == "ServiceEntry" || d.Kind() == "Service" {
			targets = append(targets, d)
		}
	}
	if len(targets) > 0 {
		for range 1 + g.rand.IntN(3) {
			m = append(m, g.backendTLSPolicy(pick(g, targets...), targets))
		}
	}
	return g.reviewOn(m, gatewayAPIKinds)
}

// gatewayReviewKinds are the kinds of which reviews on meshes with Gateways of the Gateway API are made.
var gatewayReviewKinds = map[string]bool{
	"KubernetesGateway": true, "ListenerSet": true, "ReferenceGrant": true, "HTTPRoute": true, "GRPCRoute": true, "TLSRoute": true, "TCPRoute": true,
	"DestinationRule": true, "ServiceEntry": true, "Gateway": true, "VirtualService": true,
}

// KubernetesGatewayReview makes a mesh with Gateways of the Gateway API, and a review on it.
func (g *Generator) KubernetesGatewayReview() (q Review, ok bool) {
	return g.reviewOn(g.KubernetesGatewayMesh(), gatewayReviewKinds)
}

// gatewayAPIVariant returns a route with other rules, a Gateway with other listeners, or a policy that says otherwise what is checked.
func (g *Generator) gatewayAPIVariant(d Document) Document {
	changed := d.Clone()
	switch d.Kind() {
	case "BackendTLSPolicy":
	case "KubernetesGateway", "ListenerSet":
		changed.Spec()["listeners"] = list{g.listener(0), g.listener(1)}
		return changed
	default:
		changed.Spec()["rules"] = list{g.routeRule(d.Kind())}
		return changed
	}
	changed.Spec()["validation"] = g.backendValidation()
	if g.chance(0.3) {
		changed.metadata()["annotations"] = object{"istio.io/ignore-policy-attachment": "true"}
	}
	return changed
}

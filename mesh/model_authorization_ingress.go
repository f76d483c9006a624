package mesh

import "slices"

// ingressSelected returns the Gateways (namespace/name) of the ingress gateway that a selector selects. It is one if
//  1. a Service of type LoadBalancer or NodePort, of the policy's namespace (for the root namespace: of any), leads to pods
//     that the selector selects, and
//  2. a Gateway selects these pods, with a server for clients without an identity of the mesh.
//
// Of pods no more is known than the labels that selectors ask for. past reports whether a Service leads to selected pods that are
// none of the gateway's (leadsPast).
func (s *Snapshot) ingressSelected(namespace string, selector map[string]string) (found []string, past bool) {
	prefix := KindService + "\x00" + namespace + "\x00"
	if namespace == s.settings.RootNamespace {
		prefix = KindService + "\x00"
	}
	public := map[string][]map[string]string{} // the selectors of the gateway's Services, by namespace
	byPods := map[string][]string{}            // Gateways of pods that were looked at: many Services may lead to the same
	for _, o := range s.objects.Prefix(prefix) {
		svc := o.Spec.(*Service)
		if !svc.isPublic() || !selectorMatches(selector, svc.Selector) && !selectorMatches(svc.Selector, selector) {
			continue
		}
		pods, ok := joinLabels(selector, svc.Selector)
		if !ok {
			continue
		}
		key := o.Namespace + "\x00" + labelsKey(pods)
		gateways, known := byPods[key]
		if !known {
			gateways = s.gatewaysForOutsiders(o.Namespace, pods)
			byPods[key] = gateways
			found = append(found, gateways...)
		}
		if len(gateways) > 0 {
			public[o.Namespace] = append(public[o.Namespace], svc.Selector)
		}
	}
	slices.Sort(found)
	return slices.Compact(found), len(found) > 0 && s.leadsPastIngress(prefix, selector, public)
}

// gatewaysForOutsiders returns the Gateways (namespace/name) for pods with these labels that have a server for clients without an
// identity of the mesh.
func (s *Snapshot) gatewaysForOutsiders(namespace string, pods map[string]string) []string {
	var list []string
	for _, g := range s.gatewaysSelecting(namespace, pods) {
		if servesOutsiders(gatewaySpec(g)) && len(gatewaySpec(g).Selector) > 0 {
			list = append(list, g.Namespace+"/"+g.Name)
		}
	}
	return list
}

// leadsPastIngress reports whether a Service, of those with a prefix, leads to pods that a selector selects past those of an ingress
// gateway, to which Services with the selectors of public lead. Those with the labels of Istio's charts count as the gateway's, as in
// leadsToWorkloads.
func (s *Snapshot) leadsPastIngress(prefix string, selector map[string]string, public map[string][]map[string]string) bool {
	for _, o := range s.objects.Prefix(prefix) {
		svc := o.Spec.(*Service)
		if len(svc.Selector) == 0 || svc.isPublic() || svc.leadsToProxyAlone() || namesIngressChart(svc.Selector) {
			continue
		}
		past := selectorMatches(selector, svc.Selector) // in a namespace without pods of the gateway
		if gateways := public[o.Namespace]; len(gateways) > 0 {
			past = !slices.ContainsFunc(gateways, func(gateway map[string]string) bool {
				return !leadsPast(svc.Selector, selector, gateway)
			})
		}
		if past {
			return true
		}
	}
	return false
}

// leadsPast reports whether a Service's selector leads to pods that another one selects and that are, as far as labels tell, others
// than a gateway's. Here the policy is for all pods of cart, and the gateway may have none at all:
//
//	kind: Service                 kind: Service                                 kind: AuthorizationPolicy
//	spec:                         spec:                                         spec:
//	  selector: {app: cart}         type: NodePort                                selector: {matchLabels: {app: cart}}
//	                                selector: {app: cart, nobody: x}              rules: [{}]
func leadsPast(service, selector, gateway map[string]string) bool {
	switch {
	case selectorMatches(gateway, service): // to the gateway's alone
		return false
	case selectorMatches(selector, service):
		return true
	case !selectorMatches(service, selector):
		return false
	}
	// To all that are selected. Where all of these have the gateway's labels, the Service has to ask for another one.
	return !selectorMatches(gateway, selector) || !selectorMatches(service, gateway)
}

// leadsToProxyAlone reports whether all ports lead to those of the proxy itself, as of metrics, which no policy guards.
func (s *Service) leadsToProxyAlone() bool {
	return len(s.Ports) > 0 && !slices.ContainsFunc(s.Ports, func(p ServicePort) bool { return !slices.Contains([]uint32{15020, 15021, 15090}, p.TargetPort) })
}

package mesh

import "slices"

// clientBehindService returns the vantage of the gateway pods behind a service. via names gateways that are not known as
// objects yet.
func (s *Snapshot) clientBehindService(host string, gateways []*Object, via *virtualService) Client {
	c := Client{Kind: ClientGateway, Namespace: s.settings.RootNamespace}
	if name, namespace, ok := s.settings.parseServiceHost(host); ok {
		c.Namespace = namespace
		if svc := s.Get(Ref{Kind: KindService, Namespace: namespace, Name: name}); svc != nil {
			c.Labels = svc.Spec.(*Service).Selector
		}
	}
	for _, g := range gateways {
		c.Gateways = append(c.Gateways, g.Namespace+"/"+g.Name)
		if c.Labels == nil {
			c.Labels = gatewaySpec(g).Selector
		}
	}
	if via != nil {
		for _, name := range via.gateways {
			if name != meshGateway && !slices.Contains(c.Gateways, name) {
				c.Gateways = append(c.Gateways, name)
			}
		}
	}
	return c
}

// clientOfGateway returns the vantage of the pods that one Gateway configures: those behind a Service whose pods it selects,
// or else a gateway of Istio's own in the root namespace.
func (s *Snapshot) clientOfGateway(name string, via *virtualService) Client {
	c := Client{Kind: ClientGateway, Namespace: s.settings.RootNamespace, Gateways: []string{name}}
	if host := s.gatewayServiceOf(via); host != "" {
		if _, namespace, ok := s.settings.parseServiceHost(host); ok {
			c.Namespace = namespace
		}
	}
	if g := s.Get(parseGatewayName(name)); g != nil {
		c.Labels = gatewaySpec(g).Selector
		if svc := s.serviceSelectedBy(c.Labels); svc != nil {
			c.Namespace = svc.Namespace
		}
	}
	return c
}

// knowsGatewayPods reports whether it is known in which namespace the pods of a gateway are: a route of the mesh leads to them, or a
// Service selects them.
func (s *Snapshot) knowsGatewayPods(name string, via *virtualService) bool {
	if s.gatewayServiceOf(via) != "" {
		return true
	}
	g := s.Get(parseGatewayName(name))
	return g != nil && s.serviceSelectedBy(gatewaySpec(g).Selector) != nil
}

// gatewayServiceOf returns the gateway service to which a VirtualService sends the mesh's own traffic.
func (s *Snapshot) gatewayServiceOf(v *virtualService) string {
	if v == nil || !slices.Contains(v.gateways, meshGateway) {
		return ""
	}
	for host := range v.destinationHosts() {
		if host = s.settings.qualify(host, v.Namespace); s.isEgressGateway(host, v) {
			return host
		}
	}
	return ""
}

// serviceSelectedBy returns a Service whose pods carry all of selector: the gateway's own. Services are few that carry
// a gateway's labels, but they are not indexed by label: this walk is for Gateways that no route of the mesh names.
func (s *Snapshot) serviceSelectedBy(selector map[string]string) *Object {
	if len(selector) == 0 {
		return nil
	}
	for _, o := range s.objects.Prefix(KindService + "\x00") {
		if own := o.Spec.(*Service).Selector; len(own) > 0 && selectorMatches(selector, own) {
			return o
		}
	}
	return nil
}

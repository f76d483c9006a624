package mesh

import "slices"

// clientBehindService returns the gateway pods behind a Service as a client. The gateways of via, the VirtualService that
// leads there, count as theirs even where they do not exist yet.
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

// clientOfGateway returns the pods that one Gateway configures as a client: those behind a Service whose pods it
// selects, else those of a gateway in the root namespace.
func (s *Snapshot) clientOfGateway(name string, via *virtualService) Client {
	g := s.gateway(parseGatewayName(name))
	return s.gatewayClient(name, g, s.serviceOfGateway(g), via)
}

// gatewayClient is clientOfGateway, of a Gateway that is there (else nil) and whose pods are behind svc (else nil).
func (s *Snapshot) gatewayClient(name string, g, svc *Object, via *virtualService) Client {
	c := Client{Kind: ClientGateway, Namespace: s.settings.RootNamespace, Gateways: []string{name}}
	if host := s.gatewayServiceOf(via); host != "" {
		if _, namespace, ok := s.settings.parseServiceHost(host); ok {
			c.Namespace = namespace
		}
	}
	if s.settings.Flags.OwnGateways {
		c.Namespace = parseGatewayName(name).Namespace
	}
	if g != nil {
		c.Labels = gatewaySpec(g).Selector
	}
	if svc != nil {
		c.Namespace = svc.Namespace
	}
	if g != nil && g.listener != nil {
		c.Namespace = g.listener.service.Namespace
	}
	return c
}

// serviceOfGateway returns the Service whose pods a Gateway selects, nil if there is none.
func (s *Snapshot) serviceOfGateway(g *Object) *Object {
	if g == nil {
		return nil
	}
	if g.listener != nil {
		return s.Get(g.listener.service)
	}
	return s.serviceSelectedBy(g.Namespace, gatewaySpec(g).Selector)
}

// knowsGatewayPods reports whether the namespace of a Gateway's pods is known: a route of the mesh leads to them, or
// a Service selects them.
func (s *Snapshot) knowsGatewayPods(name string, via *virtualService) bool {
	if s.gatewayServiceOf(via) != "" {
		return true
	}
	g := s.gateway(parseGatewayName(name))
	return g != nil && (g.listener != nil || s.serviceOfGateway(g) != nil)
}

// gatewayServiceOf returns the egress gateway's Service to which a VirtualService sends requests of sidecars; "" if
// it sends none there.
func (s *Snapshot) gatewayServiceOf(v *virtualService) string {
	if v == nil || !slices.Contains(v.gateways, meshGateway) {
		return ""
	}
	for _, host := range s.settings.routedHosts(v) {
		if s.isEgressGateway(host, v) {
			return host
		}
	}
	return ""
}

// serviceSelectedBy returns the Service whose pods have all labels of the selector of a namespace's Gateway, nil if there is none. A Service leads to pods
// of its own namespace, whether or not there are any, so of several the one of the root namespace goes before all others, and
// of these the oldest: nobody takes the pods of a gateway that stands by writing a Service with its labels. Services are not
// indexed by label; this walk over all of them is only for Gateways that no route of the mesh leads to.
func (s *Snapshot) serviceSelectedBy(namespace string, selector map[string]string) *Object {
	if len(selector) == 0 {
		return nil
	}
	var found *Object
	for _, o := range s.objects.Prefix(KindService + "\x00") {
		own := o.Spec.(*Service).Selector
		switch {
		case len(own) == 0 || !s.settings.reachesPods(namespace, o.Namespace) || !selectorMatches(selector, own):
		case o.Namespace == s.settings.RootNamespace:
			return o
		case found == nil || compareAge(o.Created, found.Created) < 0:
			found = o
		}
	}
	return found
}

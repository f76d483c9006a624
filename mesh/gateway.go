package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// gatewaysAt lists the Gateways that configure the pods behind a service of the cluster. Where the Service itself is
// not known, its name tells its labels as Istio's own charts set them: app is the name, istio the name without
// "istio-".
func (s *Snapshot) gatewaysAt(host string) []*Object {
	name, namespace, ok := s.settings.clusterService(host)
	if !ok {
		return nil
	}
	labels := map[string]string{"app": name, "istio": strings.TrimPrefix(name, "istio-")}
	if svc := s.Get(Ref{Kind: KindService, Namespace: namespace, Name: name}); svc != nil {
		labels = svc.Spec.(*Service).Selector
	}
	list := s.gatewaysSelecting(labels)
	if !slices.ContainsFunc(list, func(g *Object) bool { return len(gatewaySpec(g).Selector) > 0 }) {
		return nil // nothing says that these are pods of a gateway
	}
	return list
}

// gatewaysSelecting lists the Gateways that configure a gateway's pods with these labels.
func (s *Snapshot) gatewaysSelecting(labels map[string]string) []*Object {
	var list []*Object
	for _, g := range s.gatewaysBy.prefix(gatewayOfAll) {
		list = append(list, g)
	}
	for k, v := range labels {
		for _, g := range s.gatewaysBy.prefix(k + "\x00" + v + "\x00") {
			if subsetOf(gatewaySpec(g).Selector, labels) && !slices.Contains(list, g) {
				list = append(list, g)
			}
		}
	}
	slices.SortFunc(list, func(a, b *Object) int { return strings.Compare(a.key(), b.key()) })
	return list
}

func gatewaySpec(o *Object) *networking.Gateway { return o.Spec.(*networking.Gateway) }

// server is one port of the gateways behind a service: what it speaks and for which hosts.
type server struct {
	protocol Family
	tls      string // the TLS mode; "" for plaintext
	hosts    []string
}

// serverAt finds what the gateways serve on a port: the servers of one port speak alike, their hosts add up.
func serverAt(gateways []*Object, number uint32) (found server, ok bool) {
	for i, srv := range serversOn(gateways, number) {
		if i == 0 {
			found.protocol = srv.family
			if srv.encrypted() {
				found.tls = srv.tls.Mode.String()
			}
		}
		found.hosts = append(found.hosts, srv.sni()...)
		ok = true
	}
	return found, ok
}

// gatewayClient is the vantage of the gateway pods behind a service. via names gateways that are not known as
// objects yet.
func (s *Snapshot) gatewayClient(host string, gateways []*Object, via *virtualService) Client {
	c := Client{Kind: ClientGateway, Namespace: s.settings.RootNamespace}
	if name, namespace, ok := s.settings.clusterService(host); ok {
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

// gatewayNamed is the vantage of the pods that one Gateway configures: those behind a Service whose pods it selects,
// or else a gateway of Istio's own in the root namespace.
func (s *Snapshot) gatewayNamed(name string, via *virtualService) Client {
	c := Client{Kind: ClientGateway, Namespace: s.settings.RootNamespace, Gateways: []string{name}}
	if host := s.hopHost(via); host != "" {
		if _, namespace, ok := s.settings.clusterService(host); ok {
			c.Namespace = namespace
		}
	}
	if g := s.Get(gatewayRef(name)); g != nil {
		c.Labels = gatewaySpec(g).Selector
		if svc := s.serviceSelectedBy(c.Labels); svc != nil {
			c.Namespace = svc.Namespace
		}
	}
	return c
}

// tellsOfPods tells whether it is known in which namespace the pods of a gateway are: a route of the mesh leads to them, or a
// Service selects them.
func (s *Snapshot) tellsOfPods(name string, via *virtualService) bool {
	if s.hopHost(via) != "" {
		return true
	}
	g := s.Get(gatewayRef(name))
	return g != nil && s.serviceSelectedBy(gatewaySpec(g).Selector) != nil
}

// hopHost is the gateway service to which a VirtualService sends the mesh's own traffic.
func (s *Snapshot) hopHost(v *virtualService) string {
	if v == nil || !slices.Contains(v.gateways, meshGateway) {
		return ""
	}
	for host := range v.destinationHosts() {
		if host = s.settings.qualify(host, v.Namespace); s.leadsToGateway(host, v) {
			return host
		}
	}
	return ""
}

// serviceSelectedBy finds a Service whose pods carry all of selector: the gateway's own. Services are few that carry
// a gateway's labels, but they are not indexed by label: this walk is for Gateways that no route of the mesh names.
func (s *Snapshot) serviceSelectedBy(selector map[string]string) *Object {
	if len(selector) == 0 {
		return nil
	}
	for _, o := range s.objects.prefix(KindService + "\x00") {
		if own := o.Spec.(*Service).Selector; len(own) > 0 && subsetOf(selector, own) {
			return o
		}
	}
	return nil
}

// leadsToGateway tells whether host is an egress gateway's service: Gateways configure its pods, or the route that
// sends there is itself bound to a gateway and host is a service of the cluster that no ServiceEntry declares.
func (s *Snapshot) leadsToGateway(host string, via *virtualService) bool {
	if len(s.gatewaysAt(host)) > 0 {
		return true
	}
	if _, _, ok := s.settings.clusterService(host); !ok || via == nil || s.external(host) {
		return false
	}
	return via.bindsGateway() && !slices.Contains(via.hosts, host)
}

// external tells whether any service of this host lies outside the mesh.
func (s *Snapshot) external(host string) bool {
	return slices.ContainsFunc(s.services.at(host), func(svc *service) bool { return svc.external })
}

// gatewayRef reads "namespace/name".
func gatewayRef(name string) Ref {
	namespace, short, _ := strings.Cut(name, "/")
	return Ref{Kind: KindGateway, Namespace: namespace, Name: short}
}

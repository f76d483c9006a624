package mesh

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/tlsward/tlsward/mesh/host"
)

// IngressLeg is the way from an Ingress's controller, a client outside the mesh, to a server of an ingress gateway.
type IngressLeg struct {
	// Ingress is where it begins; DecidedBy is what says how the controller speaks.
	Ingress   Ref      `json:"ingress"`
	DecidedBy Decision `json:"decidedBy"`
	// Service ("namespace/name") and Port are the backend.
	Service string `json:"service"`
	Port    uint32 `json:"port"`
	TLS     bool   `json:"tls"`
	// ServerName is the SNI that is sent, "" for none; NameMatches reports whether a server of the port has such a host, or
	// nothing is known of the name.
	ServerName  string `json:"serverName"`
	NameMatches bool   `json:"nameMatches"`
	// Verified reports whether the server's certificate is checked, and ClientCertificate whether the controller shows one.
	Verified          bool `json:"verified"`
	ClientCertificate bool `json:"clientCertificate"`
	// Gateway has the server that takes it, or would. ServerTLS is its TLS mode, "" for a plaintext server.
	Gateway     Ref      `json:"gateway"`
	ServerTLS   string   `json:"serverTLS"`
	ServerHosts []string `json:"serverHosts"`
}

// IngressLegs returns the legs of Ingresses that lead to gateways, as far as the object under review has to do with them: an
// Ingress, the Service to which it leads, or the Gateway that configures that Service's pods. It stops when ctx is done: an error is ctx's.
func (s *Snapshot) IngressLegs(ctx context.Context, o *Object) ([]IngressLeg, error) {
	if o == nil {
		return nil, nil
	}
	legs := ingressLegs{Snapshot: s, services: map[Ref]*ingressService{}}
	switch o.Kind {
	case KindIngress:
		err := legs.add(ctx, o)
		return legs.list, err
	case KindService:
		legs.only = map[Ref]bool{o.Ref: true}
	case KindGateway, KindKubernetesGateway, KindListenerSet:
		legs.only, legs.gateway = s.servicesSelectedBy(o), &o.Ref
	}
	last := ""
	for _, service := range slices.SortedFunc(maps.Keys(legs.only), func(a, b Ref) int { return cmp.Compare(a.Namespace, b.Namespace) }) {
		if service.Namespace == last {
			continue
		}
		last = service.Namespace
		for _, ingress := range s.objects.Prefix(KindIngress + "\x00" + service.Namespace + "\x00") {
			if err := legs.add(ctx, ingress); err != nil {
				return nil, err
			}
		}
	}
	return legs.list, nil
}

// servicesSelectedBy returns the Services whose pods have the labels for which a Gateway, or what istiod makes of one, asks: a few, for
// all Ingresses are looked at for them.
func (s *Snapshot) servicesSelectedBy(o *Object) map[Ref]bool {
	g := o
	if o.Kind != KindGateway {
		made := s.madeGatewaysOf(o)
		if len(made) == 0 {
			return nil
		}
		g = made[0] // all are for the same pods
	}
	found := map[Ref]bool{}
	for _, service := range s.objects.Prefix(KindService + "\x00") {
		if selectorMatches(gatewaySpec(g).Selector, service.Spec.(*Service).Selector) && s.settings.gatewayReaches(g, service.Namespace) {
			found[service.Ref] = true
		}
	}
	return found
}

// ingressLegs are the legs of Ingresses that a review asks for.
type ingressLegs struct {
	*Snapshot
	// only has the Services to which they lead, nil for all; gateway is what takes them, nil for any.
	only    map[Ref]bool
	gateway *Ref
	// services has what was asked for.
	services map[Ref]*ingressService
	list     []IngressLeg
}

// add adds the legs of one Ingress. Most lead to no gateway, and somebody else's annotations are long, so these are read last, and once.
func (l *ingressLegs) add(ctx context.Context, o *Object) error {
	ingress, ok := o.Spec.(*Ingress)
	if !ok {
		return nil
	}
	controller := sync.OnceValue(func() ingressController { return controllerOf(o, ingress) })
	for _, b := range ingress.Backends {
		if err := ctx.Err(); err != nil {
			return err
		}
		ref := Ref{Kind: KindService, Namespace: o.Namespace, Name: b.Service}
		if l.only != nil && !l.only[ref] {
			continue
		}
		service := l.service(ref)
		port, servers := service.backend(b)
		if servers == nil {
			continue
		}
		u, known := controller().upstream(service.object, port, service.protocols())
		if !known {
			continue
		}
		if leg := u.leg(o, service.object, port, servers); l.gateway == nil || leg.Gateway == *l.gateway {
			l.list = append(l.list, leg)
		}
	}
	return nil
}

// ingressService is a Service to which Ingresses may lead, with what its backends are asked for again and again.
type ingressService struct {
	object *Object
	// byNumber and byName have the first of its ports of a number or a name by their index.
	byNumber map[uint32]int
	byName   map[string]int
	// servers has the servers that its pods have, by their ports' numbers.
	servers map[uint32]*ingressServers
	// protocols are those of gkeProtocols.
	protocols func() map[string]string
}

// service returns a Service; one that is not there, or of no gateway, has no servers.
func (l *ingressLegs) service(ref Ref) *ingressService {
	if known := l.services[ref]; known != nil {
		return known
	}
	service := &ingressService{object: l.Get(ref), byNumber: map[uint32]int{}, byName: map[string]int{}, servers: map[uint32]*ingressServers{}}
	l.services[ref] = service
	if service.object == nil {
		return service
	}
	service.protocols = sync.OnceValue(func() map[string]string { return gkeProtocolsOf(service.object) })
	for _, g := range l.gatewaysBehind(ref.Name + "." + ref.Namespace + ".svc." + l.settings.ClusterDomain) {
		for _, srv := range gatewaySpec(g).Servers {
			service.add(ingressServer{newGatewayServer(g, srv), g})
		}
	}
	if len(service.servers) > 0 {
		for i, p := range slices.Backward(service.object.Spec.(*Service).Ports) {
			service.byNumber[p.Number], service.byName[p.Name] = i, i
		}
	}
	return service
}

func (s *ingressService) add(srv ingressServer) {
	servers := s.servers[srv.number]
	if servers == nil {
		servers = &ingressServers{chosen: map[string]int{}}
		s.servers[srv.number] = servers
	}
	servers.list, servers.hosts = append(servers.list, srv), append(servers.hosts, srv.hostNames()...)
}

// backend returns the port that a backend names, and the servers that the pods have on it, nil for none: those of the port's number and,
// where no server has that, those of its targetPort (pilot/pkg/model/gateway.go resolvePorts).
func (s *ingressService) backend(b IngressBackend) (ServicePort, *ingressServers) {
	if len(s.servers) == 0 {
		return ServicePort{}, nil
	}
	ports := s.object.Spec.(*Service).Ports
	first := len(ports)
	if i, ok := s.byNumber[b.PortNumber]; ok && b.PortNumber != 0 {
		first = i
	}
	if i, ok := s.byName[b.PortName]; ok && b.PortName != "" {
		first = min(first, i)
	}
	if first == len(ports) {
		return ServicePort{}, nil
	}
	port := ports[first]
	return port, cmp.Or(s.servers[port.Number], s.servers[port.TargetPort])
}

// ingressServers are the servers of a port, and the hosts of all of them.
type ingressServers struct {
	list  []ingressServer
	hosts []string
	// chosen has what choose returns.
	chosen map[string]int
}

// ingressServer is a server of a Gateway.
type ingressServer struct {
	gatewayServer
	object *Object
}

// choose returns the index of the first server of TLS with a host for an SNI, -1 where there is none.
func (s *ingressServers) choose(name string) int {
	i, known := s.chosen[name]
	if !known {
		i = slices.IndexFunc(s.list, func(srv ingressServer) bool { return srv.isTLS() && srv.hasName(name) })
		s.chosen[name] = i
	}
	return i
}

// leg returns the leg to the server that takes it: for TLS the one with a host for its name, else the first.
func (u ingressUpstream) leg(o, service *Object, port ServicePort, servers *ingressServers) IngressLeg {
	leg := IngressLeg{
		Ingress: o.Ref, DecidedBy: Decision{Object: u.object.Ref, Field: u.field}, Service: service.Namespace + "/" + service.Name, Port: port.Number,
		TLS: u.tls, ServerName: u.serverName, Verified: u.verifies, ClientCertificate: u.certificate, ServerHosts: servers.hosts,
	}
	chosen := servers.choose(u.serverName)
	leg.NameMatches = chosen >= 0 || u.namesUnknown
	srv := servers.list[max(chosen, 0)]
	if !u.tls {
		srv = servers.list[0]
	}
	leg.Gateway = srv.object.written()
	if srv.isTLS() {
		leg.ServerTLS = srv.tls.GetMode().String()
	}
	return leg
}

// hasName reports whether a server has a host for an SNI; without one only "*" has.
func (srv ingressServer) hasName(name string) bool {
	return slices.ContainsFunc(srv.hostNames(), func(h string) bool { return h == "*" || name != "" && host.Covers(h, name) })
}

// hostNames returns the server's hosts without namespaces.
func (srv ingressServer) hostNames() []string {
	list := make([]string, 0, len(srv.hosts))
	for _, h := range srv.hosts {
		list = append(list, stripNamespace(h))
	}
	return list
}

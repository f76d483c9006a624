package mesh

import (
	"slices"

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
// Ingress, the Service to which it leads, or the Gateway that configures that Service's pods.
func (s *Snapshot) IngressLegs(o *Object) []IngressLeg {
	if o == nil {
		return nil
	}
	var list []IngressLeg
	switch o.Kind {
	case KindIngress:
		return s.ingressLegs(o)
	case KindService:
		for _, ingress := range s.objects.Prefix(KindIngress + "\x00" + o.Namespace + "\x00") {
			list = append(list, slices.DeleteFunc(s.ingressLegs(ingress), func(l IngressLeg) bool { return l.Service != o.Namespace+"/"+o.Name })...)
		}
	case KindGateway, KindKubernetesGateway, KindListenerSet:
		for _, ingress := range s.objects.Prefix(KindIngress + "\x00") {
			list = append(list, slices.DeleteFunc(s.ingressLegs(ingress), func(l IngressLeg) bool { return l.Gateway != o.Ref })...)
		}
	}
	return list
}

// ingressLegs returns the legs of one Ingress.
func (s *Snapshot) ingressLegs(o *Object) []IngressLeg {
	ingress, ok := o.Spec.(*Ingress)
	if !ok {
		return nil
	}
	var list []IngressLeg
	for _, b := range ingress.Backends {
		service := s.Get(Ref{Kind: KindService, Namespace: o.Namespace, Name: b.Service})
		if service == nil {
			continue
		}
		port, found := service.Spec.(*Service).backendPort(b)
		if !found {
			continue
		}
		u, known := upstreamOf(o, ingress, service, port)
		servers := s.ingressServers(service, port)
		if known && len(servers) > 0 {
			list = append(list, u.leg(o, service, port, servers))
		}
	}
	return list
}

// backendPort returns the port that a backend names.
func (s *Service) backendPort(b IngressBackend) (ServicePort, bool) {
	i := slices.IndexFunc(s.Ports, func(p ServicePort) bool {
		return b.PortNumber != 0 && p.Number == b.PortNumber || b.PortName != "" && p.Name == b.PortName
	})
	if i < 0 {
		return ServicePort{}, false
	}
	return s.Ports[i], true
}

// ingressServer is a server of a Gateway.
type ingressServer struct {
	gatewayServer
	object *Object
}

// ingressServers returns the servers that the pods behind a Service have on one of its ports: those of the port's number and,
// where no server has that, those of its targetPort (pilot/pkg/model/gateway.go resolvePorts).
func (s *Snapshot) ingressServers(service *Object, port ServicePort) []ingressServer {
	byNumber := map[uint32][]ingressServer{}
	for _, g := range s.gatewaysBehind(service.Name + "." + service.Namespace + ".svc." + s.settings.ClusterDomain) {
		for _, srv := range gatewaySpec(g).Servers {
			number := srv.GetPort().GetNumber()
			byNumber[number] = append(byNumber[number], ingressServer{newGatewayServer(g, srv), g})
		}
	}
	if servers := byNumber[port.Number]; len(servers) > 0 {
		return servers
	}
	return byNumber[port.TargetPort]
}

// leg returns the leg to the server that takes it: for TLS the one with a host for its name, else the first.
func (u ingressUpstream) leg(o, service *Object, port ServicePort, servers []ingressServer) IngressLeg {
	leg := IngressLeg{
		Ingress: o.Ref, DecidedBy: Decision{Object: u.object.Ref, Field: u.field}, Service: service.Namespace + "/" + service.Name, Port: port.Number,
		TLS: u.tls, ServerName: u.serverName, Verified: u.verifies, ClientCertificate: u.certificate,
	}
	chosen := slices.IndexFunc(servers, func(srv ingressServer) bool { return srv.isTLS() && srv.hasName(u.serverName) })
	leg.NameMatches = chosen >= 0 || u.namesUnknown
	srv := servers[max(chosen, 0)]
	if !u.tls {
		srv = servers[0]
	}
	leg.Gateway = srv.object.written()
	for _, srv := range servers {
		leg.ServerHosts = append(leg.ServerHosts, srv.hostNames()...)
	}
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

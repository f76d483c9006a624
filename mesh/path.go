package mesh

import (
	"slices"
)

// leg is one step of a path: a cluster of one proxy, what the bytes on it are, and whether it leaves the mesh.
type leg struct {
	kind      Leg
	client    Client
	host      string
	port      uint32
	subset    string
	payload   Family
	authority string // the Host header that a route sets
	cluster   Cluster
	known     bool // Istio builds the cluster
	server    server
	gateways  []*Object
	from      *destination // the route that sends here; nil for the direct way
	answer    *Decision    // of a leg that leads nowhere: what has no service for it
	opened    bool         // before the review nothing left this way
}

// verdict says in which form the bytes of this leg travel.
func (l leg) verdict() Verdict {
	switch {
	case !l.known || l.kind == LegNowhere:
		return Unknown
	case l.cluster.Originated() && l.payload == FamilyTLS:
		return DoubleTLS
	case l.cluster.Originated():
		return Originated
	case l.payload == FamilyTLS:
		return ApplicationTLS
	}
	return Plaintext
}

// worse orders verdicts by what a person would want to know first.
func worse(a, b Verdict) Verdict {
	order := []Verdict{Plaintext, Unknown, DoubleTLS, ApplicationTLS, Originated}
	if slices.Index(order, a) < slices.Index(order, b) {
		return a
	}
	return b
}

// egressVerdict is the worst of the legs that leave the mesh; "" if none does.
func egressVerdict(legs []leg) Verdict {
	var v Verdict
	for _, l := range legs {
		if l.kind != LegEgress {
			continue
		}
		if v == "" {
			v = l.verdict()
		} else {
			v = worse(v, l.verdict())
		}
	}
	return v
}

// diverted is true if routes take all traffic to gateways. Routes to other services of the mesh, or to nowhere, are not
// that: what is left of the direct way is judged as it stands.
func diverted(legs []leg) bool {
	return len(legs) > 0 && !slices.ContainsFunc(legs, func(l leg) bool { return l.kind != LegGateway && l.client.Kind != ClientGateway })
}

// legs lists all the ways that traffic from client to host:port takes, gateways included.
func (s *Snapshot) legs(client Client, host string, number uint32) []leg {
	return s.legsTo(client, host, host, number)
}

// legsTo lists them for a name that host covers.
func (s *Snapshot) legsTo(client Client, host, name string, number uint32) []leg {
	svc, ok := s.serviceFor(client, host)
	if !ok {
		return nil
	}
	p, ok := svc.port(number)
	if !ok || p.family() == FamilyUDP {
		return nil
	}
	if client.Kind == ClientZtunnel {
		return []leg{s.direct(client, svc, number, "", p.family())}
	}
	return s.routedLegs(client, svc, name, p)
}

// covering is the closest wildcard over a name that takes the client's traffic for it; "" where there is none.
func (s *Snapshot) covering(client Client, name string, number uint32) string {
	for i := range len(name) {
		svc, ok := s.serviceFor(client, "*"+name[i:])
		if !ok || !s.imported(client, svc) || !s.listens(client, svc, number) {
			continue
		}
		if p, has := svc.port(number); has && p.family() != FamilyUDP {
			return svc.host
		}
	}
	return ""
}

// imported tells whether a client listens for a service: one that it knows only because a route leads there is none.
func (s *Snapshot) imported(client Client, svc view) bool {
	return visible(svc.exportTo, svc.namespace, client.Namespace) &&
		(client.Kind != ClientSidecar || !s.hiddenBySidecar(client, svc.service))
}

// direct is the leg from a proxy straight out to a host.
func (s *Snapshot) direct(client Client, svc view, number uint32, subsetName string, payload Family) leg {
	l := leg{kind: LegEgress, client: client, host: svc.host, port: number, subset: subsetName, payload: payload}
	l.cluster, l.known = s.cluster(client, svc, number, subsetName)
	l.cluster.Hop.Verified = l.cluster.Hop.verifiesFor(l.cluster.service, payload)
	return l
}

// verifiesFor is verifies for SIMPLE and MUTUAL, and what mutualNames found for ISTIO_MUTUAL.
func (h Hop) verifiesFor(svc view, payload Family) bool {
	if h.TLS == "" || svc.service == nil {
		return false
	}
	if h.TLS == "ISTIO_MUTUAL" {
		return h.Verified
	}
	return h.verifies(payload)
}

// routedLegs follows the routes for this host and port, and the direct way beside them where they leave something to it.
// What a waypoint's routes do with what they take is not known so well that nothing could be said to leave.
func (s *Snapshot) routedLegs(client Client, svc view, name string, p port) []leg {
	list, open := s.ways(client, svc, name, p)
	payload := s.payload(client, svc, p)
	var legs []leg
	for _, d := range list {
		legs = append(legs, s.follow(client, name, payload, d)...)
	}
	direct := s.direct(client, svc, p.number, "", payload)
	switch {
	case open || len(legs) == 0 && client.Kind != ClientSidecar:
		return append(legs, direct)
	case len(legs) == 0:
		return []leg{s.nowhere(svc, direct, name, p)}
	}
	return legs
}

// routeKinds lists the kinds of routes that apply to a port.
func routeKinds(f Family) []Family {
	switch f {
	case FamilyHTTP:
		return []Family{FamilyHTTP}
	case FamilyTLS:
		return []Family{FamilyTLS}
	case FamilyUnspecified:
		return []Family{FamilyHTTP, FamilyOpaque}
	default:
		return []Family{FamilyOpaque}
	}
}

// follow goes where a route of the mesh sends a client's traffic for host: out, or to a gateway and on from there.
// A destination inside the mesh is no leg of ours, but it is one that takes the traffic off the direct way.
func (s *Snapshot) follow(client Client, host string, payload Family, d destination) []leg {
	if s.external(d.host) {
		return s.out(client, d, d.port, payload)
	}
	if !s.leadsToGateway(d.host, d.from) {
		return []leg{{kind: legInside, client: client, host: d.host, port: d.port, subset: d.subset, payload: payload, known: true, from: &d}}
	}
	hop := s.gatewayHop(client, d, d.port, payload)
	return append([]leg{hop}, s.beyond(hop, host)...)
}

// legInside is a leg to another service of the mesh; flows never show it.
const legInside Leg = "inside"

// out is the leg to an external destination of a route.
func (s *Snapshot) out(client Client, d destination, number uint32, payload Family) []leg {
	svc, ok := s.serviceFor(client, d.host)
	if !ok || !svc.external {
		return nil
	}
	l := s.direct(client, svc, number, d.subset, payload)
	l.authority, l.from = d.authority, &d
	if l.authority != "" && l.cluster.Hop.AutoSNI {
		l.cluster.Hop.SNI = l.authority
	}
	return []leg{l}
}

// destinationPort completes a destination without a port: the only port of the service, else the listener's. A
// sidecar's HTTP routes see of a service only the port on which they listen.
func (s *Snapshot) destinationPort(client Client, d destination, listener uint32) uint32 {
	switch {
	case d.port != 0:
		return d.port
	case d.kind == FamilyHTTP && client.Kind == ClientSidecar && listener != 0:
		return listener
	}
	if svc, ok := s.serviceFor(client, d.host); ok && len(svc.ports) == 1 {
		return svc.ports[0].number
	}
	return listener
}

// gatewayHop is the leg from a proxy to an egress gateway.
func (s *Snapshot) gatewayHop(client Client, d destination, number uint32, payload Family) leg {
	l := leg{kind: LegGateway, client: client, host: d.host, port: number, subset: d.subset, payload: payload, from: &d}
	l.gateways = s.gatewaysAt(d.host)
	if srv, ok := serverAt(l.gateways, number); ok {
		l.server = srv
	}
	l.cluster, l.known = s.hopCluster(client, d.host, number, d.subset, l.server)
	return l
}

// hopCluster is the cluster for a gateway's service, which may not be known as an object: then it is taken as a
// service of the cluster in the namespace that its name tells.
func (s *Snapshot) hopCluster(client Client, host string, number uint32, subsetName string, srv server) (Cluster, bool) {
	svc, ok := s.serviceFor(client, host)
	if !ok || !svc.has(number) {
		name, namespace, _ := s.settings.clusterService(host)
		ref := Ref{Kind: KindService, Namespace: namespace, Name: name}
		assumed := &service{ref: ref, host: host, namespace: namespace, kube: true}
		protocol := "HTTP"
		if srv.protocol == FamilyTLS {
			protocol = "TLS"
		}
		svc = view{service: assumed, ports: []port{{number: number, protocol: protocol, owner: assumed}}}
	}
	return s.cluster(client, svc, number, subsetName)
}

// has tells whether a client knows a service and this port of it.
func (v view) has(number uint32) bool {
	if v.service == nil {
		return false
	}
	_, ok := v.port(number)
	return ok
}

// beyond follows traffic that has come to a gateway over hop and was meant for host.
func (s *Snapshot) beyond(hop leg, host string) []leg {
	client := s.gatewayClient(hop.host, hop.gateways, hop.from.from)
	servers := serversOn(hop.gateways, hop.port)
	legs := s.served(client, servers, hop, host)
	for _, name := range client.Gateways {
		if len(servers) > 0 && s.Get(gatewayRef(name)) != nil {
			continue
		}
		for _, v := range s.routesFor(name, client.Namespace, host) {
			if found := s.gatewayRoutes(client, v, name, host, hop); len(found) > 0 {
				legs = append(legs, found...)
				break
			}
		}
	}
	return legs
}

// served lists the legs from a gateway's servers. They take what has come over the hop by the SNI that it has, or else by
// the one that it should have.
func (s *Snapshot) served(client Client, servers []gatewayServer, hop leg, host string) []leg {
	list, _ := s.gatewayWays(client, servers, arrival{sni: hop.cluster.Hop.SNI, authority: host})
	if len(list) == 0 {
		list, _ = s.gatewayWays(client, servers, arrival{sni: host, authority: host})
	}
	return s.outOfGateway(client, hop.payload, list)
}

// outOfGateway lists the legs to those destinations that lie outside the mesh.
func (s *Snapshot) outOfGateway(client Client, payload Family, list []destination) []leg {
	var legs []leg
	for _, d := range list {
		if s.external(d.host) {
			legs = append(legs, s.out(client, d, d.port, gatewayPayload(d.kind, payload))...)
		}
	}
	return legs
}

// gatewayRoutes gives where v sends what has come to a port of a gateway of which it is not known what it serves there: by
// the first kind of routes that v has for it.
func (s *Snapshot) gatewayRoutes(client Client, v *virtualService, gateway, host string, hop leg) []leg {
	r := request{gateway: gateway, host: host, port: hop.port, client: client}
	for _, kind := range []Family{FamilyHTTP, FamilyTLS, FamilyOpaque} {
		list := s.destinationsFor(v, kind, r)
		if len(list) == 0 {
			continue
		}
		for i, d := range list {
			list[i] = s.completeAtGateway(client, d, hop.port)
		}
		return s.outOfGateway(client, hop.payload, list)
	}
	return nil
}

func (srv server) passthrough() bool {
	return srv.tls == "PASSTHROUGH" || srv.tls == "AUTO_PASSTHROUGH"
}

// gatewayPayload is what a gateway sends on: HTTP where it routes by HTTP; TLS where it routes by its SNI, without ending
// it; else what came in.
func gatewayPayload(kind, came Family) Family {
	if kind == FamilyOpaque {
		return came
	}
	return kind
}

package mesh

import (
	"slices"
	"strconv"

	networking "istio.io/api/networking/v1alpha3"
)

// parsedHops returns the hops of what a client sends to a name: requests, where its port is for HTTP or sniffed, also where the
// client's Sidecar listens there for another protocol. As bytes they are under TLS without a name to check; where the proxy looks for
// TLS, is asked as an HTTP proxy, or does not listen (UDP), it passes them on as they are.
//
//	egress:
//	- port: {number: 80, protocol: HTTPS, name: tls}   # requests to port 80 leave in plaintext
//	  hosts: ["*/*"]
func (s *Snapshot) parsedHops(client Client, name string, number uint32) []hop {
	hops := s.connectionHops(client, name, number)
	family, ok := s.otherListenerFamily(client, name, number)
	if !ok {
		return hops
	}
	asBytes := s.takesBytes(client, name, number, family)
	for i := range hops {
		h := &hops[i]
		switch {
		case h.client.Kind != ClientSidecar || h.kind != HopEgress || h.payload != FamilyHTTP && h.payload != FamilyUnspecified:
		case asBytes:
			h.cluster.Hop.Verified = h.cluster.Hop.verifiesNameOf(h.cluster.service, FamilyOpaque)
		case s.allowsAny(client):
			h.passesOn, h.sidecar = CauseDeclaredOtherwise, s.sidecarFor(client)
			h.cluster.Hop = Hop{From: client.String(), To: name, Port: number, Protocol: h.cluster.Protocol, Names: []string{}}
		}
	}
	return hops
}

// takesBytes reports whether the listener that a client's Sidecar has for a port, of another family, takes requests to a name as bytes,
// and none pass on. One for TLS does so at the addresses of a service, where it asks for no name
// (pilot/pkg/networking/core/tls.go buildSidecarOutboundTLSFilterChainOpts).
func (s *Snapshot) takesBytes(client Client, name string, number uint32, family Family) bool {
	switch family {
	case FamilyOpaque:
		return !(s.listensElsewhere(client, name, number) && s.allowsAny(client))
	case FamilyTLS:
		svc, known := s.serviceListenedFor(client, name, number)
		return known && len(svc.addresses()) > 0 && !s.allowsAny(client)
	}
	return false
}

// otherListenerFamily returns the family of the listener that a client's Sidecar has for connections to a port that a service
// has for HTTP, or for anything, where that is another one, or an HTTP proxy's.
func (s *Snapshot) otherListenerFamily(client Client, name string, number uint32) (Family, bool) {
	svc, ok := s.serviceListenedFor(client, name, number)
	p, has := svc.port(number)
	if !ok || !has || client.Kind != ClientSidecar || !isHTTPOrSniffed(p) {
		return "", false
	}
	l, heard := s.capturingListener(client, svc, p)
	if !heard || l.port == 0 {
		return "", false
	}
	family := l.parsedAs(p)
	return family, family == FamilyOpaque || family == FamilyTLS || family == FamilyUDP || l.passesRequestsOn(svc) || s.listensElsewhere(client, name, number)
}

// takenAsBytes returns hops that take what a client sent to a name as requests or bytes before, where they are for the application's
// TLS alone, and yet the client's Sidecar listens there for bytes, which takes all that comes:
//
//	egress:
//	- port: {number: 80, protocol: TCP, name: tcp}   # requests go where the entry has port 80 for HTTPS
//	  hosts: ["./*"]
func (s *Snapshot) takenAsBytes(hops, earlier []hop, client Client, name string, number uint32) []hop {
	if len(earlier) == 0 || areForTLSAlone(earlier) || !areForTLSAlone(hops) {
		return hops
	}
	svc, _ := s.serviceListenedFor(client, name, number)
	p, _ := svc.port(number)
	if l, heard := s.capturingListener(client, svc, p); !heard || l.port == 0 || l.parsedAs(p) != FamilyOpaque {
		return hops
	}
	for i := range hops {
		h := &hops[i]
		h.payload, h.cluster.Hop.Verified = FamilyOpaque, h.cluster.Hop.verifiesNameOf(h.cluster.service, FamilyOpaque)
		if h.verdict() == Plaintext {
			h.passesOn, h.sidecar = CauseDeclaredOtherwise, s.sidecarFor(client)
		}
	}
	return hops
}

// areForTLSAlone reports whether hops take no request but inside TLS of the application's own. A wildcard entry in place of a
// host may do so, and then the proxy knows nothing that takes what it encrypted before:
//
//	hosts: ["*.bank.example"]
//	ports: [{number: 80, name: tls, protocol: TLS}]   # the entry of api.bank.example has HTTP on port 80
func areForTLSAlone(hops []hop) bool {
	return len(hops) > 0 && !slices.ContainsFunc(hops, func(h hop) bool { return h.kind != HopEgress || h.payload != FamilyTLS })
}

// listensElsewhere reports whether the listener that a client's Sidecar has for a port is for no requests, or for anything, so that it
// is made at the addresses of a service that has some (pilot/pkg/networking/core/listener.go buildSidecarOutboundListener), while its
// clients send requests to wherever DNS leads them:
//
//	egress:
//	- port: {number: 80, name: any}   # listens at 240.1.1.1 alone, where the entry has that address and HTTP on port 80
//	  hosts: ["*/*"]
func (s *Snapshot) listensElsewhere(client Client, name string, number uint32) bool {
	svc, _ := s.serviceListenedFor(client, name, number)
	p, has := svc.port(number)
	if !has || FamilyOf(p.protocol) != FamilyHTTP || len(svc.addresses()) == 0 || svc.kubernetes {
		return false
	}
	l, heard := s.capturingListener(client, svc, p)
	family := l.parsedAs(p)
	return heard && l.port != 0 && l.bind == "" && (family == FamilyUnspecified || family == FamilyOpaque)
}

// passesRequestsOn reports whether the listener's routes have no virtual host for the requests that iptables redirect there: those of
// an HTTP proxy are asked for HOST:PORT, but on port 80, and the port that a request has is left out of the comparison
// (pilot/pkg/networking/core/httproute.go mergeAllVirtualHosts, IgnorePortInHostMatching). What they do not know passes on; a service
// that has port 80, too, gets the requests there.
//
//	egress:
//	- port: {number: 8080, protocol: HTTP_PROXY, name: proxy}   # takes port 8080 of all servers
//	  hosts: ["*/*"]
func (l egressListener) passesRequestsOn(svc scopedService) bool {
	web, has := svc.port(undeclaredNamePort)
	return l.isHTTPProxy() && l.port != undeclaredNamePort && !(has && isHTTPOrSniffed(web))
}

// capturingListener returns the egress listener of a client's Sidecar that takes what is sent to a port of a service. Those
// without capture, or with an address of their own, leave the port to others (pilot/pkg/networking/core/listener.go
// buildSidecarOutboundListeners: the key of a listener is its address and port).
func (s *Snapshot) capturingListener(client Client, svc scopedService, p port) (egressListener, bool) {
	var list []egressListener
	all := s.egressListeners(client)
	for i := range all {
		if l := &all[i]; (l.port == 0 || l.port == p.number) && l.captures(svc) {
			list = append(list, *l)
		}
	}
	return s.egressListenerAmong(list, client, svc, p)
}

// passesBy returns the field of a client's Sidecar for which no listener takes what is sent to a port of a known service: one
// without capture, one with another address, or one for requests where the port is for bytes. Pods without iptables, which the
// Sidecar tells by an ingress listener without capture, send nothing past their proxy.
//
//	egress:
//	- port: {number: 80, protocol: HTTP, name: http}
//	  bind: 127.0.0.1
//	  captureMode: NONE   # connections to port 80 of any server pass the proxy as they are
//	  hosts: ["*/*"]
func (s *Snapshot) passesBy(client Client, name string, number uint32) (field string, ok bool) {
	o := s.sidecarFor(client)
	svc, known := s.serviceFor(client, name)
	p, has := svc.port(number)
	if o == nil || !known || !has || client.Kind != ClientSidecar || p.family() == FamilyUDP || hasUncapturedIngress(o) {
		return "", false
	}
	if _, heard := s.capturingListener(client, svc, p); heard {
		return "", false
	}
	for _, l := range s.egressListeners(client) {
		if l.port != 0 && l.port != number {
			continue
		}
		at := "spec.egress[" + strconv.Itoa(l.index) + "]"
		switch {
		case l.uncaptured:
			return at + ".captureMode", true
		case !l.captures(svc):
			return at + ".bind", true
		case FamilyOf(l.protocol) == FamilyHTTP && !isHTTPOrSniffed(p):
			return at + ".port", true
		}
	}
	return "", false
}

// hasUncapturedIngress reports whether a Sidecar is for pods without iptables, as Istio documents it.
func hasUncapturedIngress(o *Object) bool {
	return slices.ContainsFunc(sidecarSpec(o).Ingress, func(l *networking.IstioIngressListener) bool {
		return l.GetCaptureMode() == networking.CaptureMode_NONE
	})
}

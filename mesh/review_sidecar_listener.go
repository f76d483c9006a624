package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// parsedHops returns the hops of what a client sends to a name: requests, where its port is for HTTP or sniffed, also where the
// client's Sidecar listens there for another protocol. As bytes they are under TLS without a name to check; where the proxy looks for
// TLS, or does not listen (UDP), it passes them on as they are.
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
	for i := range hops {
		h := &hops[i]
		switch {
		case h.client.Kind != ClientSidecar || h.kind != HopEgress || h.payload != FamilyHTTP && h.payload != FamilyUnspecified:
		case family == FamilyOpaque:
			h.cluster.Hop.Verified = h.cluster.Hop.verifiesNameOf(h.cluster.service, FamilyOpaque)
		case s.allowsAny(client):
			h.passesOn, h.sidecar = CauseDeclaredOtherwise, s.sidecarFor(client)
			h.cluster.Hop = Hop{From: client.String(), To: name, Port: number, Protocol: h.cluster.Protocol, Names: []string{}}
		}
	}
	return hops
}

// otherListenerFamily returns the family of the listener that a client's Sidecar has for connections to a port that a service
// has for HTTP, or for anything, where that is another one.
func (s *Snapshot) otherListenerFamily(client Client, name string, number uint32) (Family, bool) {
	svc, ok := s.serviceFor(client, name)
	p, has := svc.port(number)
	if !ok || !has || client.Kind != ClientSidecar || !isHTTPOrSniffed(p) {
		return "", false
	}
	l, heard := s.egressListenerFor(client, svc, p)
	if !heard || l.port == 0 || !s.isCaptured(client, svc) {
		return "", false
	}
	family := l.parsedAs(p)
	return family, family == FamilyOpaque || family == FamilyTLS || family == FamilyUDP
}

// isCaptured reports whether the listeners of a client's Sidecar take what is sent to a service. One without capture, or with
// an address of its own, takes what pods send to it by their own choice.
func (s *Snapshot) isCaptured(client Client, svc scopedService) bool {
	o := s.sidecarFor(client)
	return o != nil && !slices.ContainsFunc(sidecarSpec(o).Egress, func(e *networking.IstioEgressListener) bool {
		return e.GetCaptureMode() == networking.CaptureMode_NONE ||
			e.GetBind() != "" && !slices.Contains(svc.entry.GetAddresses(), e.GetBind())
	})
}

package mesh

import "slices"

// On which ports the proxy looks for requests, so that a port for bytes gets none.

// takesRequests reports whether a service's port for bytes gets requests, too, wherever a client sends them: it has the
// listener for all addresses, and shares it with no port on which the proxy looks for requests. Where it shares it, requests
// pass through, as no virtual host is for them.
func (l *portListeners) takesRequests(client Client, svc *service) bool {
	return len(svc.addresses()) == 0 && l.snapshot.sharesListener(svc, l.number) && l.otherLookingForRequests(client, svc) == nil
}

// looksForRequests reports whether the proxy looks for requests wherever a client sends them on the port of a service that is
// sniffed: the listener for all addresses is the service's, or that of others for HTTP, whose routes are all services'.
func (l *portListeners) looksForRequests(client Client, svc *service) bool {
	return l.snapshot.sharesListener(svc, l.number) || l.otherLookingForRequests(client, svc) != nil
}

// otherLookingForRequests returns the first other service that has the proxy look for requests in the listener for all addresses;
// nil where none does.
func (l *portListeners) otherLookingForRequests(client Client, svc *service) *service {
	for other := range l.snapshot.servicesOnPort(client.Namespace, l.number) {
		p, _ := other.port(l.number)
		if isHTTPOrSniffed(p) && (other.host != svc.host || other.ref != svc.ref) && l.snapshot.sharesListener(other, l.number) &&
			l.hasListenerFor(client, other) && !l.isBehindTLS(other) {
			return other
		}
	}
	return nil
}

// isBehindTLS reports whether another entry of a service's host and namespace has its port for TLS: the listener stays that one's
// (pilot/pkg/networking/core/listener.go, outboundListenerEntry.services).
func (l *portListeners) isBehindTLS(svc *service) bool {
	return slices.ContainsFunc(l.snapshot.services.At(svc.host), func(other *service) bool {
		p, has := other.port(l.number)
		return other.ref != svc.ref && other.namespace == svc.namespace && has && FamilyOf(p.protocol) == FamilyTLS
	})
}

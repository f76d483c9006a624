package mesh

import (
	"net/netip"
	"slices"
	"strings"
)

// writtenOtherwise returns a service of another host whose listener is for the same address written in another way, nil for none. Istio
// tells addresses apart as they are written (pilot/pkg/networking/core/listener.go listenerKey), and Envoy, which does not, takes the one of
// the two listeners that comes first: Istio sends them in the order of a Go map. Here "2001:db8::5" is either's:
//
//	addresses: ["2001:db8::5"]                             addresses: ["2001:DB8:0::5"]
func (l *portListeners) writtenOtherwise(address netip.Addr, svc *service, here []*service) *service {
	if address.Is4() || len(here) == 1 { // IPv4 is written in one way
		return nil
	}
	written := l.writtenAs(address, svc)
	for _, other := range here {
		if other.host != svc.host && !slices.Equal(l.writtenAs(address, other), written) {
			return other
		}
	}
	return nil
}

// writtenAs returns how a service has an address with a listener of its own written down, each way once.
func (l *portListeners) writtenAs(address netip.Addr, svc *service) []string {
	texts := svc.entry.GetAddresses()
	if p, has := svc.port(l.number); has && svc.listensAtEndpoints(p) {
		for _, e := range l.snapshot.endpointsFor(svc.host, svc.namespace, func(p port) bool { return p.number == l.number }) {
			texts = append(slices.Clip(texts), e.address)
		}
	}
	var written []string
	for _, text := range texts {
		if prefix, ok := parseAddresses(text); ok && prefix.IsSingleIP() && prefix.Addr() == address {
			if strings.Contains(text, "/") { // Istio writes these anew (pilot/pkg/serviceregistry/serviceentry/conversion.go)
				text = address.String()
			}
			written = append(written, text)
		}
	}
	if len(written) == 0 { // a Service's, or one that Istio has allocated
		written = append(written, address.String())
	}
	slices.Sort(written)
	return slices.Compact(written)
}

package compare

import (
	"net/netip"
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/mesh"
)

// withAllocated returns the mesh with the addresses that istiod has allocated to hosts without any, as far as a proxy that resolves
// names listens at them. In a cluster they are in the entries' status; in files they may not be.
func withAllocated(s *mesh.Snapshot, p Proxy, config *envoy.Config) *mesh.Snapshot {
	if !p.DNSCapture {
		return s
	}
	known := s
	for o := range s.Objects() {
		entry, ok := o.Spec.(*networking.ServiceEntry)
		if !ok || len(entry.Addresses)+len(o.Status) > 0 {
			continue
		}
		with := *o
		for _, host := range entry.Hosts {
			for _, a := range listeningFor(config, entry, host) {
				with.Status = append(with.Status, mesh.HostAddress{Host: host, Value: a.String()})
			}
		}
		if len(with.Status) > 0 {
			known = known.With(&with)
		}
	}
	return known
}

// listeningFor returns the addresses of istiod's at which a proxy listens for a host of an entry.
func listeningFor(config *envoy.Config, entry *networking.ServiceEntry, host string) []netip.Addr {
	var list []netip.Addr
	for _, at := range config.Listening() {
		has := func(p *networking.ServicePort) bool { return p.GetNumber() == uint32(at.Port()) }
		if automatic(at.Addr()) && slices.ContainsFunc(entry.Ports, has) && leadsTo(config, at, host) && !slices.Contains(list, at.Addr()) {
			list = append(list, at.Addr())
		}
	}
	return list
}

// automatic reports whether istiod gives an address away to hosts that have none (pilot/pkg/controllers/ipallocate).
func automatic(a netip.Addr) bool {
	return netip.MustParsePrefix("240.240.0.0/16").Contains(a) || netip.MustParsePrefix("2001:2::/48").Contains(a)
}

func leadsTo(config *envoy.Config, at netip.AddrPort, host string) bool {
	for _, o := range config.Walk(envoy.Connection{Redirected: envoy.OutboundCapture, Destination: at}) {
		if key, ok := keyOf(o.Cluster()); ok && key.host == host {
			return true
		}
	}
	return false
}

package mesh

import (
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// IsLinkLocal reports whether all servers of an entry are at link-local addresses (RFC 3927, RFC 4291 section 2.5.6): its
// endpoints, or where it has none its addresses or hosts. Clouds have their metadata there (169.254.169.254), and speak no TLS.
func IsLinkLocal(entry *networking.ServiceEntry) bool {
	servers := entry.GetHosts()
	if len(entry.GetAddresses()) > 0 {
		servers = entry.GetAddresses()
	}
	if len(entry.GetEndpoints()) > 0 {
		servers = nil
		for _, e := range entry.GetEndpoints() {
			servers = append(servers, e.GetAddress())
		}
	}
	return len(servers) > 0 && !slices.ContainsFunc(servers, func(server string) bool {
		address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimSuffix(server, "/32"), "/128"))
		return err != nil || !address.IsLinkLocalUnicast()
	})
}

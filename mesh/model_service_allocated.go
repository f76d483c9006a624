package mesh

import (
	"net/netip"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// autoallocateLabel, "false" on a ServiceEntry, leaves it without addresses of Istio's.
const autoallocateLabel = "networking.istio.io/enable-autoallocate-ip"

// allocatedAddresses returns the addresses that Istio has allocated to a host of an entry, and wrote into its status. They
// count where it has no addresses of its own, and resolution is not NONE (pilot/pkg/networking/serviceentry
// ip_autoallocation.go, pilot/pkg/serviceregistry/serviceentry/conversion.go convertServices).
//
//	spec: {hosts: [db.example], resolution: DNS, ...}
//	status: {addresses: [{host: db.example, value: 240.240.0.1}]}
func allocatedAddresses(o *Object, entry *networking.ServiceEntry, host string) []netip.Prefix {
	if len(entry.Addresses) > 0 || !mayBeAllocated(o.Labels, entry) {
		return nil
	}
	var list []netip.Prefix
	for _, a := range o.Status {
		if at, err := netip.ParseAddr(a.Value); err == nil && a.Host == host {
			list = append(list, netip.PrefixFrom(at, at.BitLen()))
		}
	}
	return list
}

// mayBeAllocated reports whether Istio allocates addresses to an entry with these labels, where it has none of its own.
func mayBeAllocated(labels map[string]string, entry *networking.ServiceEntry) bool {
	return entry.Resolution != networking.ServiceEntry_NONE && !strings.EqualFold(labels[autoallocateLabel], "false")
}

// hasNoAddress reports whether a service never has an address by which ztunnel could know it.
func (svc *service) hasNoAddress() bool {
	return svc.entry != nil && len(svc.entry.Addresses) == 0 && !mayBeAllocated(svc.labels, svc.entry)
}

// hasNoServer reports whether no server has an address of a range: those from which Istio allocates
// (pilot/pkg/features PILOT_IP_AUTOALLOCATE_IPV4_PREFIX and _IPV6_PREFIX), and the reserved block that the first of these is
// of (RFC 1112 section 4), from which people choose addresses for the same purpose.
func hasNoServer(addresses netip.Prefix) bool {
	for _, r := range []string{"240.0.0.0/4", "2001:2::/48"} {
		if ranges := netip.MustParsePrefix(r); ranges.Bits() <= addresses.Bits() && ranges.Contains(addresses.Addr()) {
			return true
		}
	}
	return false
}

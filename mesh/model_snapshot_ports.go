package mesh

import (
	"cmp"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// The parts of Snapshot.ports: services by port, each part by what follows the port in its keys.
const (
	// portScope: a namespace to which the service is exported by name, or "*"; then the service's age.
	portScope = "scope"
	// portAddress: an address on which the port has a listener of its own.
	portAddress = "address"
	// portRange: a range of addresses for which the port has a filter chain of its own.
	portRange = "range"
	// portEndpoints: ports with a listener at each address of the service's endpoints, if it has any.
	portEndpoints = "endpoints"
	// portServerFirst: ports for MONGO and MYSQL.
	portServerFirst = "server-first"
	// portBytes: ports for bytes that have a part in the listener for all addresses.
	portBytes = "bytes"
)

// vipKey starts the keys of Snapshot.ports under which the services are that ztunnel knows by an address, whatever their ports.
func vipKey(at netip.Addr) string { return "vip\x00" + at.String() + "\x00" }

// portKey starts the keys of one part of Snapshot.ports for one port.
func portKey(part string, number uint32) string { return fmt.Sprintf("%s\x00%d\x00", part, number) }

// portKeys returns the keys of Snapshot.ports under which a service is found by one of its ports.
func portKeys(svc *service, p port) iter.Seq[string] {
	return func(yield func(string) bool) {
		id := "\x00" + svc.ref.key() + "\x00" + svc.host
		order := ageKey(svc.created) + "\x00" + svc.host + "\x00" + svc.namespace + id
		keys := []string{}
		for _, scope := range svc.exportScopes() {
			keys = append(keys, portKey(portScope, p.number)+scope+"\x00"+order)
		}
		for _, prefix := range svc.listenerAddresses(p) {
			part := portRange
			if isOwnAddress(prefix) {
				part = portAddress
			}
			keys = append(keys, portKey(part, p.number)+prefix.Addr().String()+"\x00"+fmt.Sprint(prefix.Bits())+id)
		}
		for _, at := range svc.ambientAddresses() {
			keys = append(keys, vipKey(at)+id)
		}
		if svc.listensAtEndpoints(p) {
			keys = append(keys, portKey(portEndpoints, p.number)+id)
		}
		if p.isServerFirst() {
			keys = append(keys, portKey(portServerFirst, p.number)+id)
		}
		if svc.entry != nil && FamilyOf(p.protocol) == FamilyOpaque && len(svc.addresses()) == 0 {
			keys = append(keys, portKey(portBytes, p.number)+id)
		}
		for _, key := range keys {
			if !yield(key) {
				return
			}
		}
	}
}

// ageKey returns a string that sorts as compareAge does.
func ageKey(created time.Time) string {
	if created.IsZero() {
		return "~"
	}
	return created.UTC().Format("20060102150405.000000000")
}

// exportScopes returns the namespaces to which a service is exported by name, or "*" for all; none where nobody sees it.
func (svc *service) exportScopes() []string {
	if public(svc.exportTo) {
		return []string{"*"}
	}
	if slices.Contains(svc.exportTo, "~") {
		return nil
	}
	var scopes []string
	for _, name := range svc.exportTo {
		if name == "." {
			name = svc.namespace
		}
		scopes = append(scopes, name)
	}
	slices.Sort(scopes)
	return slices.Compact(scopes)
}

// chainAddresses returns the addresses and ranges of a service for which a port has a listener or a filter chain of its
// own. Ports for HTTP have none: all of them share the listener 0.0.0.0 with one route table.
func (svc *service) chainAddresses(p port) []netip.Prefix {
	if FamilyOf(p.protocol) == FamilyHTTP || FamilyOf(p.protocol) == FamilyUDP {
		return nil
	}
	return svc.addresses()
}

// listenerAddresses returns what chainAddresses does, and the addresses that Istio has allocated: proxies have a listener for
// these where DNS is captured, and elsewhere nobody connects to them.
func (svc *service) listenerAddresses(p port) []netip.Prefix {
	list := svc.chainAddresses(p)
	if FamilyOf(p.protocol) != FamilyHTTP && FamilyOf(p.protocol) != FamilyUDP {
		list = append(slices.Clip(list), svc.allocated...)
	}
	return list
}

// isOwnAddress reports whether a listener of its own is for the address: a range is a filter chain of the listener for all.
func isOwnAddress(prefix netip.Prefix) bool {
	return prefix.IsSingleIP() && prefix.Addr() != netip.IPv4Unspecified()
}

// rangeOfKey returns the range that a key of portRange stands for.
func rangeOfKey(key string) netip.Prefix {
	parts := strings.SplitN(key, "\x00", 5)
	prefix, _ := parseAddresses(parts[2] + "/" + parts[3])
	return prefix
}

// addresses returns the ClusterIPs of a Kubernetes Service, or what can be read of a ServiceEntry's addresses
// (pilot/pkg/serviceregistry/serviceentry/conversion.go convertServices has one service for each).
func (svc *service) addresses() []netip.Prefix {
	if svc.kubernetes {
		return svc.clusterIPs
	}
	var list []netip.Prefix
	for _, prefix := range svc.writtenAddresses() {
		list = append(list, prefix)
	}
	return list
}

// writtenAddresses returns an iterator over what can be read of a ServiceEntry's addresses, by how each is written.
func (svc *service) writtenAddresses() iter.Seq2[string, netip.Prefix] {
	return func(yield func(string, netip.Prefix) bool) {
		for _, address := range svc.entry.GetAddresses() {
			if prefix, ok := parseAddresses(address); ok && !yield(address, prefix) {
				return
			}
		}
	}
}

// ambientAddresses returns the addresses by which ztunnel knows a service: its own or, where it has none, those that Istio has
// allocated.
func (svc *service) ambientAddresses() []netip.Addr {
	prefixes := svc.addresses()
	if len(prefixes) == 0 {
		prefixes = svc.allocated
	}
	list := make([]netip.Addr, 0, len(prefixes))
	for _, prefix := range prefixes {
		list = append(list, prefix.Masked().Addr())
	}
	return list
}

// parseAddresses returns the range that an address or a CIDR stands for, masked; ok is false for anything else. A range that begins at
// 0.0.0.0 and is written by another address of it, as 0.0.0.5/1, begins at 0.0.0.1 here: it is a condition, as isMatched asks, while
// 0.0.0.0/1 is none. Istio reads what is written, and Envoy masks both.
func parseAddresses(text string) (prefix netip.Prefix, ok bool) {
	if ip, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(ip, ip.BitLen()), true
	}
	written, err := netip.ParsePrefix(text)
	prefix = written.Masked()
	if err == nil && isMatched(written) && !isMatched(prefix) {
		prefix = netip.PrefixFrom(prefix.Addr().Next(), prefix.Bits())
	}
	return prefix, err == nil
}

// isMatched reports whether a range becomes a condition of a filter chain: one that is written from 0.0.0.0 does not, however wide
// (pilot/pkg/networking/core/listener.go toFilterChainMatch).
func isMatched(prefix netip.Prefix) bool { return prefix.Addr() != netip.IPv4Unspecified() }

// listensAtEndpoints reports whether a port has a listener at each address of its endpoints in place of one for all
// addresses: resolution NONE without addresses (pilot/pkg/networking/core/listener.go buildSidecarOutboundListeners).
func (svc *service) listensAtEndpoints(p port) bool {
	family := FamilyOf(p.protocol)
	return svc.entry != nil && family != FamilyHTTP && family != FamilyUDP && len(svc.entry.Addresses) == 0 && svc.isOriginalDst()
}

// isServerFirst reports whether the port is for a protocol whose servers speak first. It shares its listener with no other
// protocol (pilot/pkg/networking/core/listener.go isConflictWithWellKnownPort).
func (p port) isServerFirst() bool {
	return strings.EqualFold(p.protocol, "mongo") || strings.EqualFold(p.protocol, "mysql")
}

// hasServerFirst reports whether any service has a port of this number for a protocol whose servers speak first.
func (s *Snapshot) hasServerFirst(number uint32) bool {
	for range s.ports.Prefix(portKey(portServerFirst, number)) {
		return true
	}
	return false
}

// servicesOnPort returns an iterator over the services with a port that a namespace sees, in the order in which Istio makes
// listeners: those exported to it by name, then the public ones, each the oldest first; see exportOrder.
func (s *Snapshot) servicesOnPort(namespace string, number uint32) iter.Seq[*service] {
	return func(yield func(*service) bool) {
		for _, order := range s.settings.Version.exportOrders(namespace) {
			scope := namespace
			if order == exportedToAll {
				scope = "*"
			}
			for _, svc := range s.ports.Prefix(portKey(portScope, number) + scope + "\x00") {
				if s.settings.Version.exportOrder(svc, namespace) == order && !yield(svc) {
					return
				}
			}
		}
	}
}

// hostsOnPort returns an iterator over the hosts with a port, each once, with the first of the services that declare it.
func (s *Snapshot) hostsOnPort(number uint32) iter.Seq2[string, *service] {
	return func(yield func(string, *service) bool) {
		seen := map[string]bool{}
		for _, svc := range s.ports.Prefix(portKey(portScope, number)) {
			if seen[svc.host] {
				continue
			}
			seen[svc.host] = true
			if !yield(svc.host, svc) {
				return
			}
		}
	}
}

// precedes returns the order in which Istio makes the listeners of services that a namespace sees; see servicesOnPort.
func (v Version) precedes(namespace string) func(a, b *service) int {
	return func(a, b *service) int {
		return cmp.Or(cmp.Compare(v.exportOrder(a, namespace), v.exportOrder(b, namespace)), olderService(a, b))
	}
}

package mesh

import (
	"net/netip"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// maxRefusedPorts is how many ports of a VirtualService's hosts are looked at, maxRefusedClients for the clients of how many namespaces, and
// maxRefusedMatches how many names and ranges of their filter chains. More of these count as refused.
const (
	maxRefusedPorts   = 512
	maxRefusedClients = 16
	maxRefusedMatches = 1 << 19
)

// refusedChains returns the tls and tcp routes of a VirtualService under review where Envoy refuses the listener that all hosts of a port
// share, though none of its matches is wrong by itself: Istio leaves a filter chain out only where it matches the very same as another one
// (pilot/pkg/networking/core/tls.go), and these have a name and a range in common with one of another route, of another VirtualService or of
// the host itself. Here it is a.example:
//
//	kind: VirtualService                                 kind: VirtualService   # under review
//	spec:                                                spec:
//	  hosts: [a.example]                                   hosts: [a.example]
//	  tls:                                                 tls:
//	  - match: [{sniHosts: [a.example, b.example]}]        - match: [{sniHosts: [a.example]}]
func (s *Snapshot) refusedChains(before *Snapshot, object, stored *Object) []OutsideModel {
	spec, ok := object.Spec.(*networking.VirtualService)
	if !ok || stored != nil && sameSpec(object, stored) || len(refusedMatches(object.Namespace, spec)) > 0 {
		return nil
	}
	v := s.settings.virtualService(object, spec)
	if !slices.Contains(v.gateways, meshGateway) {
		return nil
	}
	var found []OutsideModel
	for field, families := range map[string][]Family{"spec.tls": {FamilyTLS}, "spec.tcp": {FamilyOpaque, FamilyUnspecified}} {
		has := field == "spec.tls" && len(spec.Tls) > 0 || field == "spec.tcp" && len(spec.Tcp) > 0
		if has && s.refusesChainsOf(before, v, families) {
			found = append(found, OutsideModel{Field: field, StartsPlaintext: true, Means: MeansRefusedListener})
		}
	}
	slices.SortFunc(found, func(a, b OutsideModel) int { return len(a.Field) - len(b.Field) })
	return found
}

// refusesChainsOf reports whether Envoy refuses the listener for ports of some families, of the hosts of a VirtualService, and did not before.
func (s *Snapshot) refusesChainsOf(before *Snapshot, v *virtualService, families []Family) bool {
	looked := 0
	now, old := chainMatches{Snapshot: s}, chainMatches{Snapshot: before}
	for _, name := range v.hosts {
		for hostname := range s.hostsCoveredBy(name) {
			for _, namespace := range s.namespacesSeeing(v, hostname) {
				client := Client{Kind: ClientSidecar, Namespace: namespace}
				svc, ok := s.serviceFor(client, hostname)
				if !ok {
					continue
				}
				for _, p := range svc.ports {
					if !slices.Contains(families, p.family()) {
						continue
					}
					if looked++; looked > maxRefusedPorts {
						return false
					}
					if now.meetOn(client, svc, p) && !old.meetOn(client, svc, p) {
						return true
					}
				}
			}
		}
	}
	return false
}

// namespacesSeeing returns the namespace of a VirtualService, and those to which it or another one for a host is exported by name.
func (s *Snapshot) namespacesSeeing(v *virtualService, hostname string) []string {
	list := []string{v.Namespace}
	for _, other := range append(s.virtualServicesForHost(hostname), v) {
		for _, to := range append(slices.Clone(other.exportTo), other.Namespace) {
			if to != "*" && to != "." && to != "~" && !slices.Contains(list, to) && len(list) < maxRefusedClients {
				list = append(list, to)
			}
		}
	}
	return list
}

// chainMatches looks for filter chains with a match in common in the listeners of a mesh.
type chainMatches struct {
	*Snapshot
	looked int // see maxRefusedMatches
}

// meetOn reports whether two of the filter chains that a client's proxy has for a port, in the listener for all addresses, have a match in
// common, so that Envoy refuses it.
func (c *chainMatches) meetOn(client Client, svc scopedService, p port) bool {
	l, heard := c.egressListenerFor(client, svc, p)
	if !heard || l.bind != "" || l.uncaptured {
		return false
	}
	for _, to := range listenerAddresses(svc.service, Outbound{}) {
		if to.at != anyAddress {
			continue // nobody else's
		}
		chains := c.tcpChains
		if l.parsedAs(p) == FamilyTLS {
			chains = c.tlsChains
		}
		if c.meetSome(chains(client, l, svc, p, to)) {
			return true
		}
	}
	return false
}

// meetSome reports whether some of the filter chains have a match in common.
func (c *chainMatches) meetSome(chains []*outboundChain) bool {
	type match struct {
		name      string
		addresses netip.Prefix
	}
	seen := map[match]bool{}
	for _, chain := range chains {
		if chain.isMatchAll() {
			continue
		}
		names, ranges := chain.names(), chain.prefixes()
		if len(names) == 0 {
			names = []string{""}
		}
		if len(ranges) == 0 {
			ranges = []netip.Prefix{{}}
		}
		for _, name := range names {
			for _, r := range ranges {
				m := match{name, r.Masked()}
				if c.looked++; seen[m] || c.looked > maxRefusedMatches {
					return true
				}
				seen[m] = true
			}
		}
	}
	return false
}

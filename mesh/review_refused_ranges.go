package mesh

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// rangesMeet reports whether chains meet by what tls or tcp routes match of addresses, as they are and as they were: with those of other
// routes, with that of a host itself, or of another host with one of the ranges.
func (r *chainsReview) rangesMeet(now, was *virtualService, kind chainKind) bool {
	asked := map[string]bool{}
	for _, v := range []*virtualService{now, was} {
		if !kind.isOf(v) || !kind.matchesRanges(now) && !kind.matchesRanges(was) && kind == chainsOfTLS {
			continue
		}
		for _, pattern := range v.hosts {
			if routes := r.after.routesFor(pattern, kind); r.spent(1) || len(routes) > 1 && r.mayMeetAt(pattern, routes, kind, asked) {
				return true
			}
			for hostname := range r.after.hostsCoveredBy(pattern) {
				if r.hostMeets(hostname, asked) {
					return true
				}
			}
		}
	}
	return false
}

// hosts returns the hosts of services, as "spec.hosts[0]", whose chains meet with any, or those of the host for which they stand.
func (r *chainsReview) hosts(services []*service) []string {
	var fields []string
	asked := map[string]bool{}
	for i, svc := range services {
		field := fmt.Sprintf("spec.hosts[%d]", i)
		names := []string{svc.host}
		if svc.kubernetes {
			field = "metadata.name"
			if svc.alias {
				field = "spec.externalName"
			}
			names = slices.DeleteFunc([]string{svc.host, r.after.aliasTarget(svc.host)}, func(name string) bool {
				// Else the listener of a Service is at its own address, and one that is another name has none.
				return len(r.contestOf(r.after, name).hosts) == 0
			})
		}
		if slices.ContainsFunc(names, func(name string) bool { return r.hostMeets(name, asked) }) {
			fields = append(fields, field)
		}
	}
	return fields
}

// hostMeets reports whether any of a host's chains meets with another, of its own or of another host. Of hosts with the same addresses,
// ports and routes one is asked.
func (r *chainsReview) hostMeets(hostname string, asked map[string]bool) bool {
	routes := slices.Concat(r.after.routesFor(hostname, chainsOfTLS), r.after.routesFor(hostname, chainsOfTCP))
	contest := r.contestOf(r.after, hostname)
	if r.spent(1 + chainCost*len(routes)) {
		return true
	}
	if len(routes) == 0 && len(contest.hosts) == 0 {
		return false // the chains of the host itself are of one name, or one range
	}
	var key strings.Builder
	key.WriteString("host")
	writeRoutes(&key, routes)
	var ports []port
	for _, svc := range r.after.services.At(hostname) {
		fmt.Fprint(&key, "\x00", svc.entry.GetAddresses(), svc.exportTo)
		for _, p := range svc.ports {
			if chainsOfTLS.isFor(p) || chainsOfTCP.isFor(p) {
				fmt.Fprint(&key, " ", p.number, p.protocol)
				ports = append(ports, p)
			}
		}
	}
	if len(ports) == 0 || asked[key.String()] && len(contest.hosts) == 0 {
		return false
	}
	asked[key.String()] = true
	cost := costOfChains(routes)
	if r.spent(cost) || len(contest.hosts) == 0 && !mayMeet(routes) {
		return r.work > maxChainWork
	}
	clients := r.clientsOf(hostname, routes)
	if len(contest.hosts) > 0 {
		clients = append(clients, r.contestants(hostname, contest)...)
	}
	for _, client := range clients {
		for _, p := range ports {
			if r.spent(cost) || r.meetOn(r.after, client, hostname, p.number) && !r.meetOn(r.before, client, hostname, p.number) {
				return true
			}
		}
	}
	return r.work > maxChainWork
}

// meetOn reports whether any two of the chains that a client has for a port of a host, and for those of hosts with a name or a range of
// theirs, meet in the listener for all addresses.
func (r *chainsReview) meetOn(s *Snapshot, client Client, hostname string, number uint32) bool {
	own := s.sharedChains(client, hostname, number)
	if r.anyMeet(own) {
		return true
	}
	for _, other := range r.alike(s, hostname, own, number) {
		chains := s.sharedChains(client, other, number)
		if r.spent(chainCost + len(chains)) {
			return true
		}
		for _, c := range chains {
			if slices.ContainsFunc(own, func(o *outboundChain) bool { return r.spent(c.size()*o.size()/chainCost) || c.meets(o) }) {
				return true
			}
		}
	}
	return false
}

// size returns how many names and ranges a chain matches.
func (c *outboundChain) size() int { return len(c.serverNames) + len(c.ranges) }

// meets reports whether a chain of one host and one of another have a match in common, and Istio leaves out neither.
func (c *outboundChain) meets(other *outboundChain) bool {
	return !c.isMatchAll() && c.matchesSome(other) && !c.conflictsWith(other)
}

// alike returns the hosts other than one whose chains may have a name or a range in common with its own.
func (r *chainsReview) alike(s *Snapshot, hostname string, chains []*outboundChain, number uint32) []string {
	hosts := slices.Clone(r.contestOf(s, hostname).hosts)
	ranges := map[netip.Prefix]bool{}
	for _, c := range chains {
		for _, prefix := range c.prefixes() {
			ranges[prefix] = true
		}
		r.work += len(c.ranges)
	}
	for prefix := range ranges {
		key := portKey(portRange, number) + prefix.Addr().String() + "\x00" + fmt.Sprint(prefix.Bits()) + "\x00"
		for _, svc := range s.ports.Prefix(key) {
			if hosts = append(hosts, svc.host); len(hosts) > maxAlikeHosts {
				break
			}
		}
	}
	if len(ranges) > 0 {
		hosts = append(hosts, r.hostsMatching(s, ranges, number)...)
	}
	slices.Sort(hosts)
	return slices.DeleteFunc(slices.Compact(hosts), func(name string) bool { return name == hostname || len(s.services.At(name)) == 0 })
}

// hostsMatching returns the hosts with a port whose routes match any of some ranges.
func (r *chainsReview) hostsMatching(s *Snapshot, ranges map[netip.Prefix]bool, number uint32) []string {
	var hosts []string
	for _, v := range s.virtualServices.Prefix(byAddress) {
		if r.spent(1 + matchedRanges(v.spec)) {
			return hosts
		}
		if !chainsOfTLS.matchesAny(v, ranges) && !chainsOfTCP.matchesAny(v, ranges) {
			continue
		}
		for _, pattern := range v.hosts {
			for known, services := range s.hostsCoveredBy(pattern) {
				has := slices.ContainsFunc(services, func(svc *service) bool { _, has := svc.port(number); return has })
				if r.spent(1) || has && len(hosts) >= maxAlikeHosts {
					return hosts
				}
				if has {
					hosts = append(hosts, known)
				}
			}
		}
	}
	return hosts
}

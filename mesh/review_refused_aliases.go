package mesh

import (
	"slices"
	"strings"
)

// contest is what of other filter chains may have one of the names that a host's own have by Services of type ExternalName.
type contest struct {
	// hosts are whose chains they are, the host itself where a name is there twice.
	hosts []string
	// namespaces are those for whose clients alone a name is: it has no dot.
	namespaces []string
}

// contestOf returns what may meet with a host by aliases: of the host itself, or of others of which the host is one of namesOfAlias.
// Here it is mine.team-a for both:
//
//	kind: Service                                        kind: ServiceEntry
//	metadata: {name: mine, namespace: team-a}            spec:
//	spec:                                                  hosts: [mine.team-a]
//	  type: ExternalName                                   ports: [{number: 443, name: tls, protocol: TLS}]
//	  externalName: pass.bank.example
func (r *chainsReview) contestOf(s *Snapshot, hostname string) contest {
	key := contestKey{s, hostname}
	c, known := r.contests[key]
	if known {
		return c
	}
	note := func(name, namespace string, hosts ...string) {
		hosts = slices.DeleteFunc(hosts, func(other string) bool { return !shareListener(s.services.At(hostname), s.services.At(other)) })
		if len(hosts) > 0 && !strings.Contains(name, ".") {
			c.namespaces = append(c.namespaces, namespace)
		}
		c.hosts = append(c.hosts, hosts...)
	}
	for _, alias := range s.aliasesOf(hostname) {
		_, namespace, _ := s.settings.parseServiceHost(alias)
		for _, name := range s.settings.namesOfAlias(alias, namespace) {
			note(name, namespace, r.hostsWithName(s, name)...)
		}
	}
	for _, alias := range s.aliasesNamed(hostname) {
		_, namespace, _ := s.settings.parseServiceHost(alias)
		if target := s.aliasTarget(alias); len(s.services.At(target)) > 0 && s.isDeclared(hostname) {
			note(hostname, namespace, target)
		}
	}
	slices.Sort(c.hosts)
	slices.Sort(c.namespaces)
	c = contest{hosts: slices.Compact(c.hosts), namespaces: slices.Compact(c.namespaces)}
	if r.contests == nil {
		r.contests = map[contestKey]contest{}
	}
	r.contests[key] = c
	return c
}

// shareListener reports whether services have a port of one number in the listeners for all addresses.
func shareListener(a, b []*service) bool {
	numbers := map[uint32]bool{}
	for _, svc := range a {
		for _, p := range svc.ports {
			numbers[p.number] = true
		}
	}
	return slices.ContainsFunc(b, func(svc *service) bool {
		return slices.ContainsFunc(svc.ports, func(p port) bool { return numbers[p.number] }) &&
			slices.ContainsFunc(listenerAddresses(svc, Outbound{}), func(to listenerAddress) bool { return to.at == anyAddress })
	})
}

// contestKey is whose contest it is, in which snapshot.
type contestKey struct {
	snapshot *Snapshot
	hostname string
}

// hostsWithName returns the hosts whose filter chains may have a server name: the host of that name, and those of tls routes that match it.
func (r *chainsReview) hostsWithName(s *Snapshot, name string) []string {
	var hosts []string
	if s.isDeclared(name) {
		hosts = append(hosts, name)
	}
	for _, v := range s.virtualServices.Prefix(bySNI + name + "\x00") {
		if r.spent(1) || !slices.Contains(v.gateways, meshGateway) {
			continue
		}
		for _, pattern := range v.hosts {
			for known, services := range s.hostsCoveredBy(pattern) {
				if r.spent(1) || len(hosts) >= maxAlikeHosts {
					return hosts
				}
				if slices.ContainsFunc(services, func(svc *service) bool { return slices.ContainsFunc(svc.ports, chainsOfTLS.isFor) }) {
					hosts = append(hosts, known)
				}
			}
		}
	}
	return hosts
}

// contestants returns the sidecars that may have both a host's chains and those of its contest.
func (r *chainsReview) contestants(hostname string, c contest) []Client {
	var list []Client
	seen := map[string]bool{}
	add := func(clients []Client) {
		for _, client := range clients {
			if client.Kind == ClientSidecar && !r.spent(1) && !seen[client.String()] {
				seen[client.String()] = true
				list = append(list, client)
			}
		}
	}
	for _, name := range append([]string{hostname}, c.hosts...) {
		add(r.clientsOf(name, r.after.routesFor(name, chainsOfTLS)))
		add(r.after.Clients(name))
		for _, namespace := range c.namespaces {
			add(r.after.clientsIn(namespace, name))
		}
	}
	return list
}

// aliasesMeet reports whether chains meet by a name of an alias that tls routes match, or by the aliases of a host whose own chains they take
// the place of, or did.
func (r *chainsReview) aliasesMeet(now, was *virtualService) bool {
	if r.after.aliases.Len() == 0 {
		return false
	}
	asked := map[string]bool{}
	if chainsOfTLS.isOf(now) {
		for _, name := range now.serverNames() {
			for _, alias := range r.after.aliasesNamed(name) {
				if target := r.after.aliasTarget(alias); target != "" && r.hostMeets(target, asked) {
					return true
				}
			}
		}
	}
	for _, v := range []*virtualService{now, was} {
		if !chainsOfTLS.isOf(v) {
			continue
		}
		for _, pattern := range v.hosts {
			for hostname := range r.after.hostsCoveredBy(pattern) {
				if r.spent(1) || len(r.contestOf(r.after, hostname).hosts) > 0 && r.hostMeets(hostname, asked) {
					return true
				}
			}
		}
	}
	return false
}

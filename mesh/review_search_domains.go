package mesh

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// searchDomains adds the flows of ambient clients whose names the ServiceEntry under review takes by a search domain. A pod's
// resolver tries these first for a name of fewer than five dots, and ztunnel answers for a host of that name, or a wildcard over
// it, before it strips the domain (ztunnel src/dns/server.rs get_aliases, find_server), whatever the exportTo:
//
//	metadata: {name: api, namespace: egress}   metadata: {name: x, namespace: team-a}    # under review
//	spec:                                      spec:
//	  hosts: [api.example.com]                   hosts: [api.example.com.shop.svc.cluster.local]
//
// A sidecar that captures DNS has the name behind the domain in its table, and answers with it, where the host has an address: see
// takenByName.
func (r *review) searchDomains() {
	if r.object == nil || r.after.ambientNamespaces.Len() == 0 {
		return
	}
	byPort := map[uint32][]*addressReview{}
	for _, own := range r.after.settings.servicesOf(r.object) {
		if !r.after.settings.hasSearchDomain(own) || r.after.serviceInNamespace(own.host, own.namespace).ref != own.ref {
			continue
		}
		for _, p := range own.ports {
			if ar := (&addressReview{review: r, own: own, number: p.number}); !ar.hadName() {
				byPort[p.number] = append(byPort[p.number], ar)
			}
		}
	}
	for _, number := range slices.Sorted(maps.Keys(byPort)) {
		r.takeNames(number, byPort[number])
	}
}

// takeNames adds what is taken of services by their names, on a port. The services of the port are gone through once, however many
// hosts the entry has.
func (r *review) takeNames(number uint32, takers []*addressReview) {
	index := r.after.settings.newSearchIndex(takers)
	victims := make([][]*service, len(takers))
	for known := range r.after.hostsOnPort(number) {
		if r.stopped() {
			return
		}
		for _, victim := range servicePerNamespace(r.after.services.At(known)) {
			for _, i := range index.mayAnswer(victim) {
				victims[i] = append(victims[i], victim)
			}
		}
	}
	for i, taker := range takers {
		taker.addNames(victims[i])
	}
}

// hadName reports whether the entry answered for its host and port before the review, too.
func (r *addressReview) hadName() bool {
	if r.old == nil {
		return false
	}
	return slices.ContainsFunc(r.before.settings.servicesOf(r.old), func(was *service) bool {
		_, had := was.port(r.number)
		return had && was.host == r.own.host && r.before.settings.hasSearchDomain(was)
	})
}

// addNames adds what is taken of services by their names.
func (r *addressReview) addNames(victims []*service) {
	found := 0
	for _, victim := range victims {
		if r.stopped() || found == maxTakenHosts {
			return
		}
		p, has := victim.port(r.number)
		if !has || victim.host == r.own.host || FamilyOf(p.protocol) == FamilyTLS || FamilyOf(p.protocol) == FamilyUDP {
			continue
		}
		if r.spendTaken(); r.stopped() {
			return
		}
		namespaces := r.after.clientNamespaces(victim.host)
		if namespace := r.after.settings.namespaceOfSearchDomain(r.own.host); namespace != "" {
			namespaces = append(namespaces, namespace)
		}
		slices.Sort(namespaces)
		takes := func(namespace string) (claim, bool) {
			name, ok := r.after.settings.searchedAs(r.own.host, victim, namespace)
			return claim{name: name}, ok
		}
		if r.addVictim(victim, p, slices.Compact(namespaces), takes) {
			found++
		}
	}
}

// hasSearchDomain reports whether ztunnel answers for a host of an entry that ends in the cluster's domain: one without an address
// of its own, and to which Istio allocates none, is left to the resolver behind it.
func (s Settings) hasSearchDomain(svc *service) bool {
	return svc.entry != nil && (len(svc.addresses()) > 0 || mayBeAllocated(svc.labels, svc.entry)) &&
		host.Matches(strings.ToLower(svc.host), "*."+s.ClusterDomain)
}

// namespaceOfSearchDomain returns the namespace whose pods have the search domain at the end of a host; "" if it is one of all pods.
func (s Settings) namespaceOfSearchDomain(name string) string {
	rest, _ := strings.CutSuffix(strings.ToLower(name), ".svc."+s.ClusterDomain)
	return rest[strings.LastIndexByte(rest, '.')+1:]
}

// searchIndex finds the hosts of an entry that may answer for a service by a search domain, whatever the namespace of the client is: all
// for which searchedAs returns a name, and a few more.
type searchIndex struct {
	settings Settings
	// exact has hosts without the search domain behind them, wild wildcards, both by their index; all are wildcards over a search
	// domain as a whole.
	exact, wild map[string][]int
	all         []int
}

func (s Settings) newSearchIndex(takers []*addressReview) searchIndex {
	x := searchIndex{settings: s, exact: map[string][]int{}, wild: map[string][]int{}}
	for i, taker := range takers {
		name := strings.ToLower(taker.own.host)
		for _, domain := range []string{s.namespaceOfSearchDomain(name) + ".svc." + s.ClusterDomain, "svc." + s.ClusterDomain, s.ClusterDomain} {
			rest, below := strings.CutSuffix(name, "."+domain)
			switch {
			case !below && host.Matches(name, "*."+domain), below && host.IsWildcard(rest) && !strings.HasPrefix(rest, "*."):
				x.all = append(x.all, i)
			case !below:
			case host.IsWildcard(rest):
				x.wild[rest] = append(x.wild[rest], i)
			default:
				x.exact[rest] = append(x.exact[rest], i)
			}
		}
	}
	return x
}

// mayAnswer returns the indexes, ascending and each once, of the hosts that may answer for a service.
func (x searchIndex) mayAnswer(victim *service) []int {
	list := slices.Clone(x.all)
	for _, name := range x.settings.searchedNames(victim) {
		list = append(list, x.exact[name]...)
		for i := range name {
			if name[i] == '.' {
				list = append(list, x.wild["*"+name[i:]]...)
			}
		}
		if !host.IsWildcard(name) {
			continue
		}
		for _, index := range []map[string][]int{x.exact, x.wild} {
			for other, indexes := range index {
				if host.Matches(other, name) {
					list = append(list, indexes...)
				}
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// searchedNames returns the names, in lower case, for which pods ask when they mean a service: the last of a Kubernetes Service only
// in its own namespace.
func (s Settings) searchedNames(victim *service) []string {
	names := []string{strings.ToLower(victim.host)}
	if short, of, service := s.parseServiceHost(victim.host); service && victim.kubernetes {
		names = append(names, short+"."+of, short+"."+of+".svc", short)
	}
	return names
}

// searchedAs returns the name of a service for which pods of a namespace ask by a search domain, where the host taker answers that.
func (s Settings) searchedAs(taker string, victim *service, namespace string) (name string, ok bool) {
	names := s.searchedNames(victim)
	if len(names) > 1 && victim.namespace != namespace {
		names = names[:len(names)-1]
	}
	taker = strings.ToLower(taker)
	for _, domain := range []string{namespace + ".svc." + s.ClusterDomain, "svc." + s.ClusterDomain, s.ClusterDomain} {
		for _, name := range names {
			if searched := name + "." + domain; searched != victim.host && host.Matches(taker, searched) {
				return name, true
			}
		}
	}
	return "", false
}

// searchDomainsOf returns the hosts of an entry that ambient clients, and pods whose sidecars capture DNS, ask for when they mean other
// hosts, whether or not anybody has declared these yet: a name of several labels in front of the search domain of a namespace, and a
// wildcard over any of the domains. The pods of a headless Service have names of two labels there.
func (s *Snapshot) searchDomainsOf(object *Object) []OutsideModel {
	entry, ok := object.Spec.(*networking.ServiceEntry)
	if !ok || s.ambientNamespaces.Len() == 0 && !s.settings.DNSCapture {
		return nil
	}
	var found []OutsideModel
	for _, svc := range s.settings.servicesOf(object) {
		if s.settings.hasSearchDomain(svc) && s.isSearched(strings.ToLower(svc.host)) {
			found = append(found, OutsideModel{Field: fmt.Sprintf("spec.hosts[%d]", slices.Index(entry.Hosts, svc.host)), Means: MeansSearchDomain})
		}
	}
	return found
}

// isSearched reports whether such clients ask for a host, in lower case, when they mean another one.
func (s *Snapshot) isSearched(name string) bool {
	rest, inNamespace := strings.CutSuffix(name, ".svc."+s.settings.ClusterDomain)
	i := strings.LastIndexByte(rest, '.')
	if !inNamespace || i < 0 {
		return host.IsWildcard(name)
	}
	if !s.settings.DNSCapture && !s.isAmbient(rest[i+1:]) {
		return false
	}
	_, parent, several := strings.Cut(rest[:i], ".")
	return rest[:i] == "*" || several && rest[0] != '*' && len(s.services.At(parent+name[i:])) == 0
}

package mesh

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// refusedChains returns the tls and tcp routes of a VirtualService under review, or the hosts of an entry, where Envoy refuses the listener
// that all hosts of a port share, though nothing of the object is wrong by itself: Istio leaves a filter chain out only where it matches the
// very same as another one (pilot/pkg/networking/core/tls.go), and these have a name and a range in common with one of another route, of another
// VirtualService or of a host itself. Here it is a.example, whether or not anybody declares it already:
//
//	kind: VirtualService                                 kind: VirtualService   # under review
//	spec:                                                spec:
//	  hosts: [a.example, b.example]                        hosts: [a.example]
//	  tls:                                                 tls:
//	  - match: [{sniHosts: [a.example, b.example]}]        - match: [{sniHosts: [a.example]}]
//
// It is asked for each class of clients that has both chains, of whatever namespace. Where there are more of them than are looked at, they
// count as refused: see maxChainWork.
func (s *Snapshot) refusedChains(before *Snapshot, object, stored *Object) []OutsideModel {
	if object != nil && stored != nil && sameSpec(object, stored) {
		return nil
	}
	r := &chainsReview{before: before, after: s}
	reviewed := object
	if object == nil {
		reviewed = stored
	}
	if reviewed == nil {
		return nil
	}
	var fields []string
	switch spec := reviewed.Spec.(type) {
	case *networking.VirtualService:
		if object == nil || len(refusedMatches(object.Namespace, spec)) == 0 {
			fields = r.routes(object, stored)
		}
	case *networking.ServiceEntry, *Service:
		if object != nil {
			fields = r.hosts(s.settings.servicesOf(object))
		}
	}
	var found []OutsideModel
	for _, field := range fields {
		found = append(found, OutsideModel{Field: field, StartsPlaintext: true, Means: MeansRefusedListener})
	}
	return found
}

// chainsReview is the review of an object as to filter chains that meet by it.
type chainsReview struct {
	before, after *Snapshot
	work          int // see maxChainWork
	contests      map[contestKey]contest
}

const (
	// maxChainWork is how many chains, names, ranges and hosts of them are looked at for one object. More of them count as refused.
	maxChainWork = 1 << 16
	// chainCost is what making the chains of a host costs, against a step from one to the next.
	chainCost = 8
	// maxAlikeHosts is how many hosts with a range of another's are held against it.
	maxAlikeHosts = 64
)

// spent counts work, and reports whether it is too much.
func (r *chainsReview) spent(work int) bool {
	r.work += work
	return r.work > maxChainWork
}

// routes returns the fields of a VirtualService, as it is and as it was, by which chains meet.
func (r *chainsReview) routes(object, stored *Object) []string {
	var now, was *virtualService
	if object != nil {
		now = r.after.meshRoutes(object)
	}
	if stored != nil {
		was = r.before.meshRoutes(stored)
	}
	var fields []string
	for _, kind := range []chainKind{chainsOfTLS, chainsOfTCP} {
		if kind.isOf(now) && r.namesMeet(now, kind) || r.rangesMeet(now, was, kind) || kind == chainsOfTLS && r.aliasesMeet(now, was) {
			fields = append(fields, "spec."+string(kind))
		}
	}
	return fields
}

// meshRoutes returns the VirtualService that an object is, where it has routes for sidecars; else nil.
func (s *Snapshot) meshRoutes(o *Object) *virtualService {
	spec, ok := o.Spec.(*networking.VirtualService)
	if !ok {
		return nil
	}
	v := s.settings.virtualService(o, spec)
	if !slices.Contains(v.gateways, meshGateway) {
		return nil
	}
	return v
}

// namesMeet reports whether a name that v's tls routes match is matched by those of another VirtualService too, and not by the very same
// match: both are for the host of that name, when somebody declares it, and for others that they have in common.
func (r *chainsReview) namesMeet(v *virtualService, kind chainKind) bool {
	if kind != chainsOfTLS {
		return false
	}
	names, asked := v.serverNames(), map[string]bool{}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if r.spent(1) || r.after.isMatchedByOther(name, v) && r.mayMeetAt(name, r.after.routesFor(name, kind), kind, asked) {
			return true
		}
	}
	return false
}

// isMatchedByOther reports whether tls routes of another VirtualService for sidecars match a name as well.
func (s *Snapshot) isMatchedByOther(name string, v *virtualService) bool {
	for _, other := range s.virtualServices.Prefix(bySNI + name + "\x00") {
		if other.Ref != v.Ref && slices.Contains(other.gateways, meshGateway) {
			return true
		}
	}
	return false
}

// routesFor returns the VirtualServices for sidecars with routes of a kind for a host, each once.
func (s *Snapshot) routesFor(hostname string, kind chainKind) []*virtualService {
	var list []*virtualService
	for _, pattern := range s.virtualServiceHostsCovering(hostname) {
		list = s.virtualServicesNaming(list, pattern)
	}
	list = slices.DeleteFunc(virtualServicesForL4(list, hostname), func(v *virtualService) bool {
		return !kind.isOf(v) || !slices.Contains(v.gateways, meshGateway)
	})
	slices.SortFunc(list, func(a, b *virtualService) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name), strings.Compare(a.Kind, b.Kind))
	})
	return slices.CompactFunc(list, func(a, b *virtualService) bool { return a.Ref == b.Ref })
}

// mayMeet reports whether chains of routes may meet for any client: two different matches have a name in common, or any has addresses.
func mayMeet(routes []*virtualService) bool {
	matchOf := map[string]string{}
	for _, v := range routes {
		if matchedRanges(v.spec) > 0 {
			return true
		}
		for _, route := range v.spec.Tls {
			for _, m := range route.GetMatch() {
				key := strings.Join(m.GetSniHosts(), ",")
				for _, name := range m.GetSniHosts() {
					if had, has := matchOf[name]; has && had != key {
						return true
					}
					matchOf[name] = key
				}
			}
		}
	}
	return false
}

// costOfChains returns what making the chains of routes costs.
func costOfChains(routes []*virtualService) int {
	cost := chainCost
	for _, v := range routes {
		cost += chainCost + matchedRanges(v.spec)
		for _, route := range v.spec.Tls {
			for _, m := range route.GetMatch() {
				cost += 1 + len(m.GetSniHosts())
			}
		}
	}
	return cost
}

// writeRoutes writes what VirtualServices are known by.
func writeRoutes(key *strings.Builder, routes []*virtualService) {
	for _, v := range routes {
		key.WriteString("\x00" + v.Namespace + "/" + v.Name)
	}
}

// mayMeetAt reports whether routes have chains that meet, for any client of a host that somebody declares, or may declare. Of hosts for
// which the same routes are one is asked.
func (r *chainsReview) mayMeetAt(hostname string, routes []*virtualService, kind chainKind, asked map[string]bool) bool {
	ports := r.portsOf(hostname, routes, kind)
	var key strings.Builder
	fmt.Fprint(&key, kind, ports)
	writeRoutes(&key, routes)
	if r.spent(chainCost*len(routes)) || asked[key.String()] {
		return r.work > maxChainWork
	}
	asked[key.String()] = true
	cost := costOfChains(routes)
	if r.spent(cost) || !mayMeet(routes) {
		return r.work > maxChainWork
	}
	for _, client := range r.clientsOf(hostname, routes) {
		for _, number := range ports {
			if r.spent(cost) || r.routesMeet(r.after, client, hostname, number, kind) && !r.routesMeet(r.before, client, hostname, number, kind) {
				return true
			}
		}
	}
	return r.work > maxChainWork
}

// routesMeet reports whether any two chains of routes for a host meet.
func (r *chainsReview) routesMeet(s *Snapshot, client Client, hostname string, number uint32, kind chainKind) bool {
	return r.anyMeet(s.chainsByRoutes(client, hostname, number, kind))
}

// portsOf returns the ports of a kind that a host has and, where nobody declares it, one that no route asks for; and those that routes match.
func (r *chainsReview) portsOf(hostname string, routes []*virtualService, kind chainKind) []uint32 {
	var numbers []uint32
	for _, svc := range r.after.services.At(hostname) {
		for _, p := range svc.ports {
			if kind.isFor(p) {
				numbers = append(numbers, p.number)
			}
		}
	}
	if len(numbers) == 0 {
		numbers = append(numbers, unmatchedPort)
	}
	for _, v := range routes {
		for _, number := range matchedPorts(v) {
			if number != 0 {
				numbers = append(numbers, number)
			}
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// unmatchedPort stands for those that no match asks for.
const unmatchedPort = 1

// clientsOf returns the sidecars that may have different chains for a host, one for all that have the same: those of Clients, and of each
// namespace the pods that two selectors of routes, or of a Sidecar, select.
func (r *chainsReview) clientsOf(hostname string, routes []*virtualService) []Client {
	var asked []map[string]string
	byNamespace := false
	for _, v := range routes {
		for _, m := range l4Matches(v.spec) {
			byNamespace = byNamespace || m.GetSourceNamespace() != ""
			if labels := m.GetSourceLabels(); len(labels) > 0 {
				asked = append(asked, labels)
			}
		}
	}
	var list []Client
	alike := map[string]bool{}
	for _, c := range r.after.Clients(hostname) {
		if c.Kind != ClientSidecar || r.spent(1+len(routes)/2) {
			continue
		}
		if sees := r.seenBy(c, hostname, routes, len(asked) > 0, byNamespace); !alike[sees] {
			alike[sees] = true
			list = append(list, c)
		}
	}
	if len(asked) == 0 {
		return list
	}
	seen := map[string]bool{}
	for _, c := range list {
		seen[c.String()] = true
	}
	for _, c := range list {
		for _, labels := range asked {
			both, ok := bothLabels(c.Labels, labels)
			if client := (Client{Kind: ClientSidecar, Namespace: c.Namespace, Labels: both}); ok && !seen[client.String()] {
				seen[client.String()] = true
				list = append(list, client)
			}
			if r.spent(1) {
				return nil
			}
		}
	}
	return list
}

// seenBy returns what of routes, and of the services of a host, a client has: clients with the same have the same chains.
func (r *chainsReview) seenBy(c Client, hostname string, routes []*virtualService, byLabels, byNamespace bool) string {
	var seen strings.Builder
	if byNamespace {
		seen.WriteString(c.Namespace)
	}
	sidecar := r.after.sidecarFor(c)
	if sidecar != nil {
		seen.WriteString(" " + sidecar.key())
	}
	if byLabels {
		seen.WriteString(" " + labelsKey(c.Labels))
	}
	seen.WriteByte(0)
	for _, v := range routes {
		seen.WriteByte(seenAs(visible(v.exportTo, v.Namespace, c.Namespace), v.Namespace == c.Namespace, public(v.exportTo)))
	}
	for _, svc := range r.after.services.At(hostname) {
		seen.WriteByte(seenAs(visible(svc.exportTo, svc.namespace, c.Namespace), svc.namespace == c.Namespace, public(svc.exportTo)))
	}
	return seen.String()
}

// seenAs returns a letter for how a client sees an object.
func seenAs(visible, own, public bool) byte {
	switch {
	case !visible:
		return '-'
	case own && public:
		return 'o'
	case own:
		return 'p'
	case public:
		return '*'
	}
	return 'n'
}

// bothLabels returns the labels of pods that two selectors select; ok is false where there are none.
func bothLabels(a, b map[string]string) (both map[string]string, ok bool) {
	both = map[string]string{}
	for k, v := range a {
		both[k] = v
	}
	for k, v := range b {
		if had, has := both[k]; has && had != v {
			return nil, false
		}
		both[k] = v
	}
	return both, true
}

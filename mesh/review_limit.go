package mesh

import (
	"fmt"
	"maps"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// What one object may ask of a review. Published configurations have not a tenth of it. The limits are for whoever adds
// something: a deletion is decided whole, within the review's deadline.
const (
	// maxSelectors is how many selectors the objects of one namespace may have for one host, in their own or another.
	maxSelectors = 256
	// maxSelectorLabels is how many labels one selector may ask for.
	maxSelectorLabels = 64
	// maxRouteWork is how many matches of a VirtualService may be held against a client's port: all of them once for each
	// client, port and host that they concern, with hopCost for each destination.
	maxRouteWork = 256_000
	// maxWorkloadHosts is how many hosts a WorkloadEntry may be behind.
	maxWorkloadHosts = 256
	// maxDelegated is how many routes the delegates of a VirtualService may give it, those of one that it names several times
	// as often.
	maxDelegated = 1024
	// maxServerNames is how many names the tls routes of a VirtualService may have at all servers of mode PASSTHROUGH to which it is bound
	// together, and those of a Gateway's namespace at its own.
	maxServerNames = 16_384
)

// LimitError is the error of a review that an object makes larger than any review may be. Its author is at fault, or
// the author of what is stored for the same host.
type LimitError struct {
	Object Ref
	// Reason says what there is too much of, and what to do about it.
	Reason string
}

// Error returns the object and the reason.
func (e *LimitError) Error() string { return e.Object.String() + ": " + e.Reason }

// exceed stops the review with a LimitError.
func (r *review) exceed(format string, args ...any) {
	if r.err == nil {
		r.err = &LimitError{Object: r.reviewed().Ref, Reason: fmt.Sprintf(format, args...)}
	}
}

// limitSelectors stops the review where the object under review adds a selector to more than maxSelectors for a host, or
// one of more than maxSelectorLabels. Those of other namespaces' objects are not counted: nobody uses up what is a
// neighbour's.
func (r *review) limitSelectors(host string, before, after []Client) {
	if r.object == nil || len(after) == 0 {
		return
	}
	had, has := countSelectors(before), countSelectors(after)
	for _, namespace := range slices.Sorted(maps.Keys(has)) {
		n := has[namespace]
		if own := r.ownSelectors(host, namespace, n.selectors); own > maxSelectors {
			r.exceed("with it there are %d selectors for %s in %s (workloadSelector of DestinationRules and Sidecars, sourceLabels of routes), "+
				"more than the %d that a review looks at: select by fewer labels", own, host, namespaceText(namespace), maxSelectors)
		}
		if n.labels > maxSelectorLabels && n.labels > had[namespace].labels {
			r.exceed("a selector for %s in %s asks for %d labels, more than the %d that a review looks at: select by fewer labels",
				host, namespaceText(namespace), n.labels, maxSelectorLabels)
		}
	}
}

// ownSelectors returns how many of the selectors for a host in a namespace are of objects of the namespace of the one under
// review, 0 where all of them are within the limit, or there are no more than before.
func (r *review) ownSelectors(host, namespace string, all int) int {
	if all <= maxSelectors {
		return 0
	}
	owner := r.object.Namespace
	own := r.after.selectorsOf(owner, namespace, host)
	if own <= r.before.selectorsOf(owner, namespace, host) {
		return 0
	}
	return own
}

// selectorCount is the number of selectors, and of labels in the largest of them.
type selectorCount struct{ selectors, labels int }

// countSelectors returns how many selectors clients have, by namespace.
func countSelectors(clients []Client) map[string]selectorCount {
	counts := map[string]selectorCount{}
	for _, c := range clients {
		if n := counts[c.Namespace]; len(c.Labels) > 0 {
			counts[c.Namespace] = selectorCount{n.selectors + 1, max(n.labels, len(c.Labels))}
		}
	}
	return counts
}

// namespaceText returns a client's namespace as a sentence names it.
func namespaceText(namespace string) string {
	if namespace == AnyNamespace {
		return "any other namespace"
	}
	return "namespace " + namespace
}

// limitDelegates stops the review where the object under review gives a VirtualService more routes by its delegates than any may
// have: it is that VirtualService, or one of the delegates.
func (r *routeReview) limitDelegates() {
	if r.object == nil {
		return
	}
	roots := r.after.virtualServicesOf(r.object)
	for _, root := range r.after.virtualServices.Prefix(byDelegate + r.object.key() + "\x00") {
		roots = append(roots, root)
	}
	for _, root := range roots {
		n := r.after.delegated(root)
		if n > maxDelegated && n > r.before.delegated(r.before.virtualServiceOf(root.Ref)) {
			r.exceed("%s has %d routes of its delegates with it, more than the %d that a review looks at: delegate less", root.Ref, n, maxDelegated)
		}
	}
}

// delegated returns how many routes the delegates of v have, once for each route that delegates to them; 0 for nil.
func (s *Snapshot) delegated(v *virtualService) int {
	n := 0
	if v == nil || !v.hasDelegates {
		return n
	}
	for _, route := range v.http {
		if route.Delegate == nil {
			continue
		}
		if delegate := s.Get(delegateRef(route.Delegate, v.Namespace)); delegate != nil {
			n += len(delegate.Spec.(*networking.VirtualService).Http)
		}
	}
	return n
}

// virtualServiceOf returns the VirtualService of a name, nil where there is none.
func (s *Snapshot) virtualServiceOf(ref Ref) *virtualService {
	o := s.Get(ref)
	if o == nil {
		return nil
	}
	spec, ok := o.Spec.(*networking.VirtualService)
	if !ok {
		return nil
	}
	return s.settings.virtualService(o, spec)
}

// limitSidecars stops the review where the Sidecar under review is one more with a workloadSelector than a namespace may have, whatever
// its hosts are: whoever declares one should not have to pay for it.
func (r *review) limitSidecars() {
	if r.object == nil || sidecarSpec(r.object).WorkloadSelector == nil || r.old != nil && sidecarSpec(r.old).WorkloadSelector != nil {
		return
	}
	n := 0
	for _, o := range r.after.objects.Prefix(KindSidecar + "\x00" + r.object.Namespace + "\x00") {
		if sidecarSpec(o).WorkloadSelector != nil {
			n++
		}
	}
	if n > maxSelectors {
		r.exceed("with it there are %d Sidecars with a workloadSelector in namespace %s, more than the %d that a review looks at: select by fewer labels",
			n, r.object.Namespace, maxSelectors)
	}
}

// limitRules stops the review where the DestinationRule under review is one more for its host than a namespace may have.
func (r *review) limitRules() {
	if r.object == nil || r.old != nil && ruleSpec(r.old).Host == ruleSpec(r.object).Host {
		return
	}
	host := r.after.settings.qualify(ruleSpec(r.object).Host, r.object.Namespace)
	set := r.after.rules.At(host + "\x00" + r.object.Namespace)
	if set == nil {
		return
	}
	n := 0
	for _, o := range set.rules {
		if ruleSpec(o).WorkloadSelector == nil {
			n++ // those by selector are counted as such
		}
	}
	if n > maxSelectors {
		r.exceed("with it there are %d DestinationRules for %s in namespace %s, more than the %d that a review looks at",
			n, host, r.object.Namespace, maxSelectors)
	}
}

// limitRoutes stops the review where the VirtualService under review is too much for its hosts, also for those that nothing
// declares yet: whoever declares one should not have to pay for it.
func (r *routeReview) limitRoutes(hosts []string) {
	for _, host := range hosts {
		if r.stopped() {
			return
		}
		r.spend(len(r.clients(host)))
	}
}

// spend counts that all routes of the VirtualService under review are held against something n times, and stops the review
// where that is too often.
func (r *review) spend(n int) {
	if r.routeWork += n * r.routeCost; r.routeWork > maxRouteWork {
		r.exceed("its matches and destinations, for each client, port and host that they concern, are more than a review looks at: " +
			"split it, or select by fewer labels")
	}
}

// spendPairs counts that routes are held against one another n times, of which 64 cost what one match does, and stops the review where
// that is too often. A deletion is decided whole.
func (r *review) spendPairs(n int) {
	if r.pairs += n; r.object != nil && r.pairs > 64*maxRouteWork {
		r.exceed("the matches that it no longer has, each beside those of others behind them, are more than a review looks at: remove fewer at once")
	}
}

// hopCost is what a client's port costs without any route, and what each destination costs, in matches.
const hopCost = 64

// routeCost returns the cost of holding all routes of the VirtualServices that an object is, or contributes to, against a
// client's port, in matches; 0 for an object without routes.
func (s *Snapshot) routeCost(o *Object) int {
	if o == nil {
		return 0
	}
	cost := 0
	for _, v := range s.virtualServicesOf(o) {
		cost = max(cost, s.settings.routeCost(v))
	}
	return cost
}

// routeCost returns the cost of holding all routes of v against a client's port.
func (s Settings) routeCost(v *virtualService) int {
	cost, seen := hopCost, map[Destination]bool{}
	for _, route := range v.http {
		cost += max(len(route.Match), 1)
		s.addHTTPRoute(nil, seen, v, route, routeAuthors{})
	}
	for d := range l4Destinations(v.spec) {
		seen[Destination{Host: d.Host, Port: d.GetPort().GetNumber(), Subset: d.Subset}] = true
	}
	return cost + len(l4Matches(v.spec)) + len(seen)*hopCost
}

// limitServerNames stops the review where the VirtualService or Gateway under review makes more names at servers of mode PASSTHROUGH than
// are compared. Those by the routes of other namespaces are not counted.
func (r *review) limitServerNames() {
	if r.object == nil {
		return
	}
	if n := r.after.namesAtServers(r.object); n > maxServerNames && (r.old == nil || n > r.before.namesAtServers(r.old)) {
		r.exceed("its servers of mode PASSTHROUGH, each with all sniHosts of the tls routes for it, make %d names, more than the %d that a review looks at: "+
			"bind to fewer gateways, or split the sniHosts", n, maxServerNames)
	}
}

// namesAtServers returns how many names the tls routes of a VirtualService have at all servers to which it is bound, or those of a Gateway's
// namespace at its servers.
func (s *Snapshot) namesAtServers(o *Object) int {
	names, servers := 0, 0
	switch spec := o.Spec.(type) {
	case *networking.VirtualService:
		if names = sniHosts(spec); names > 0 {
			for g := range s.boundGateways(s.settings.virtualService(o, spec)) {
				servers += passingServers(g)
			}
		}
	case *networking.Gateway:
		if servers = passingServers(o); servers > 0 {
			for _, v := range s.virtualServices.Prefix(byGateway + o.Namespace + "/" + o.Name + "\x00" + o.Namespace + "\x00") {
				names += sniHosts(v.spec)
			}
		}
	}
	return names * servers
}

// passingServers returns how many servers of a Gateway pass TLS on by routes.
func passingServers(g *Object) int {
	n := 0
	for _, srv := range gatewaySpec(g).Servers {
		if srv.GetPort() != nil && newGatewayServer(g, srv).passesByRoutes() {
			n++
		}
	}
	return n
}

// sniHosts returns how many names the matches of a VirtualService's tls routes have.
func sniHosts(spec *networking.VirtualService) int {
	n := 0
	for _, route := range spec.Tls {
		for _, m := range route.GetMatch() {
			n += len(m.GetSniHosts())
		}
	}
	return n
}

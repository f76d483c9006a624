package mesh

import (
	"maps"
	"slices"
)

const (
	// maxCombinedSelectors is how many selectors decide together what a pod loses: the route that it took, the one that
	// it takes, the rule that it had, the one that it has, and its Sidecar. Labels beyond those that these five ask for
	// can only add selections, so that a pod with no others loses as much.
	maxCombinedSelectors = 5
	// maxCombinedClients is how many combinations of selectors a review looks at for one host: those of twelve selectors
	// that have no label key in common.
	maxCombinedClients = 2048
)

// combinedClients returns the clients that may exist: pods with the labels of several selectors, where such pods may lose
// their TLS. Here no client with the labels of one or two selectors loses anything, but one with all three does: before
// the second rule came, it went straight out, by the first.
//
//	# DestinationRule, TLS                       # DestinationRule, older, without TLS, under review
//	workloadSelector: {matchLabels: {app: web}}  workloadSelector: {matchLabels: {team: shop}}
//
//	# VirtualService
//	http:
//	- match: [{sourceLabels: {egress: direct}}]
//	  route: [{destination: {host: edition.cnn.com}}]
//	- route: [{destination: {host: egress.istio-system.svc.cluster.local}}]
//
// Where there are more of them than the review looks at, it stops with a LimitError.
func (r *review) combinedClients(host string, clients []Client) []Client {
	if len(r.before.services.At(host)) == 0 {
		return nil // nobody has TLS to lose
	}
	var list []Client
	selectors := selectorsByNamespace(clients)
	for _, namespace := range slices.Sorted(maps.Keys(selectors)) {
		selectors := selectors[namespace]
		combined, ok := r.combineLabels(selectors, maxCombinedClients-len(list))
		if ok && len(combined) == 0 || r.stopped() || !r.mayBeLost(host, namespace, selectors) {
			continue
		}
		if !ok {
			r.exceed("pods of %s may have the labels of several of the %d selectors for %s (workloadSelector of DestinationRules and Sidecars, "+
				"sourceLabels of routes) in more than %d combinations, and some of them may send plaintext: select by fewer labels, "+
				"or give TLS to all pods there", namespaceText(namespace), len(selectors), host, maxCombinedClients)
			return nil
		}
		for _, labels := range combined {
			list = append(list, Client{Kind: ClientSidecar, Namespace: namespace, Labels: labels})
		}
	}
	return list
}

// selectorsByNamespace returns the labels of the sidecars among clients, by namespace.
func selectorsByNamespace(clients []Client) map[string][]map[string]string {
	selectors := map[string][]map[string]string{}
	for _, c := range clients {
		if c.Kind == ClientSidecar && len(c.Labels) > 0 {
			selectors[c.Namespace] = append(selectors[c.Namespace], c.Labels)
		}
	}
	return selectors
}

// combineLabels returns the labels of pods that two to maxCombinedSelectors of selectors select. ok is false where there
// are more than limit.
func (r *review) combineLabels(selectors []map[string]string, limit int) (combined []map[string]string, ok bool) {
	known := map[string]bool{}
	for _, labels := range selectors {
		known[labelsKey(labels)] = true
	}
	last := selectors
	for range maxCombinedSelectors - 1 {
		var next []map[string]string
		for _, labels := range last {
			if r.stopped() {
				return nil, false
			}
			for _, more := range selectors {
				both, can := joinLabels(labels, more)
				if !can || known[labelsKey(both)] {
					continue
				}
				if len(combined)+len(next) == limit {
					return nil, false
				}
				known[labelsKey(both)] = true
				next = append(next, both)
			}
		}
		combined, last = append(combined, next...), next
	}
	return combined, true
}

// mayBeLost reports whether what any pods of a namespace send to host may leave in plaintext after the review: by the
// routes and the Sidecar of one selector, or by any rule for one of the hosts to which routes lead. A Sidecar under review
// answers for another way under TLS too.
func (r *review) mayBeLost(host, namespace string, selectors []map[string]string) bool {
	if r.reviewed().Kind == KindSidecar {
		return true
	}
	client := Client{Kind: ClientSidecar, Namespace: namespace}
	for _, labels := range append([]map[string]string{nil}, selectors...) {
		client.Labels = labels
		for _, number := range r.after.Ports(host) {
			if r.stopped() || slices.ContainsFunc(r.after.hops(client, host, number), func(h hop) bool { return h.verdict() == Plaintext }) {
				return true
			}
		}
	}
	hosts := []string{host}
	for _, v := range r.after.virtualServicesForHost(host) {
		hosts = append(hosts, r.after.externalDestinations(v)...)
	}
	slices.Sort(hosts)
	return slices.ContainsFunc(slices.Compact(hosts), func(host string) bool { return r.after.hasPlaintextCluster(namespace, host) })
}

// hasPlaintextCluster reports whether any pods of a namespace have a cluster of host in plaintext: of a port that is not
// for TLS of the application's, or to which routes lead.
func (s *Snapshot) hasPlaintextCluster(namespace, host string) bool {
	client := Client{Kind: ClientSidecar, Namespace: namespace}
	svc, ok := s.serviceFor(client, host)
	if !ok {
		return true // a Sidecar may show it to some pods
	}
	l := s.destinationRules(client, svc)
	rules := l.found.all
	if len(rules) == 0 || rules[len(rules)-1].hasSelector {
		rules = append(slices.Clip(rules), nil) // pods that none of them selects have no rule
	}
	for _, p := range svc.ports {
		if p.family() == FamilyUDP || p.family() == FamilyTLS && !s.isRouteDestination(host, p.number) {
			continue
		}
		if slices.ContainsFunc(rules, func(rule *consolidatedRule) bool { return rule.leavesPlaintext(client, svc, p.number) }) {
			return true
		}
	}
	return false
}

// leavesPlaintext reports whether a client's clusters of a port by the rule, which may be nil, have no TLS: that of the
// host, or that of any subset.
func (m *consolidatedRule) leavesPlaintext(client Client, svc scopedService, number uint32) bool {
	if m == nil {
		return true
	}
	c := Cluster{rule: m, service: svc}
	if c.causeOfPlaintext(client, m.tlsFor(number, "").settings) != CauseNone {
		return true
	}
	return slices.ContainsFunc(m.subsets, func(sub ruleSubset) bool {
		return c.causeOfPlaintext(client, m.tlsFor(number, sub.Name).settings) != CauseNone
	})
}

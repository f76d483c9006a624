package mesh

import (
	"slices"

	"github.com/tlsward/tlsward/mesh/host"
)

// sidecarReview is the review of a Sidecar, which may change any host for its pods: nearly all it treats alike, and those it
// finds without asking for the hops of each.
type sidecarReview struct {
	*review
	// pairs are what may configure some pods before and after the review; nil where the Sidecars cannot be indexed, and each
	// host has to be looked at.
	pairs []sidecarPair
	// indexes has the index of each Sidecar, wildcards the hosts of wildcard entries outside the mesh.
	indexes   map[*Object]*egressIndex
	wildcards hostSet
	// hidden has the flow that stands for what a client does not know any more, by client and the lists that cover its host.
	hidden map[string]int
	// clientsOf has the clients of a namespace by the selectors of Sidecars.
	clientsOf map[string][]Client
}

// sidecarPair is what configures pods before and after the review.
type sidecarPair struct{ before, after *egressIndex }

// hostEffect is what a Sidecar under review does to a host.
type hostEffect int

const (
	// effectNone: its pods know the same service and routes as before, or had none before.
	effectNone hostEffect = iota
	// effectHidden: some of them do not know it any more, and no wildcard takes its place.
	effectHidden
	// effectAny: the hops tell.
	effectAny
)

func newSidecarReview(r *review) *sidecarReview {
	s := &sidecarReview{
		review: r, indexes: map[*Object]*egressIndex{}, wildcards: hostSet{suffixes: map[string]bool{}},
		hidden: map[string]int{}, clientsOf: map[string][]Client{},
	}
	s.pairs = s.findPairs()
	for wildcard := range r.after.services.Prefix("*") {
		if r.after.isExternal(wildcard) {
			s.wildcards.add(wildcard)
		}
	}
	return s
}

// findPairs returns the pairs of the Sidecar under review, as it was and as it is, and of those in whose place it comes.
func (r *sidecarReview) findPairs() []sidecarPair {
	all := append(r.others(), r.versions()...)
	for _, o := range all {
		x, ok := r.after.settings.Version.newEgressIndex(o)
		if !ok {
			return nil
		}
		r.indexes[o] = x
	}
	var pairs []sidecarPair
	add := func(before, after *Object) { pairs = append(pairs, sidecarPair{r.indexes[before], r.indexes[after]}) }
	if r.old != nil && r.object != nil {
		add(r.old, r.object)
	}
	for _, o := range r.others() {
		if r.object != nil {
			add(o, r.object)
		}
		if r.old != nil {
			add(r.old, o)
		}
	}
	return pairs
}

// others returns the Sidecars that may configure the same pods; nil among them stands for none.
func (r *sidecarReview) others() []*Object {
	namespace := r.reviewed().Namespace
	list := []*Object{nil}
	for _, o := range r.after.objects.Prefix(KindSidecar + "\x00" + namespace + "\x00") {
		if o.Ref != r.reviewed().Ref {
			list = append(list, o)
		}
	}
	if root := r.after.settings.RootNamespace; namespace != root {
		list = append(list, r.after.sidecarFor(Client{Kind: ClientSidecar, Namespace: root}))
	}
	return list
}

// effectOn returns what the Sidecar under review does to a host with these services.
func (r *sidecarReview) effectOn(hostname string, all []*service) hostEffect {
	if r.pairs == nil || len(all) != 1 || all[0].entry == nil {
		return effectAny
	}
	effect := effectNone
	routes := r.after.virtualServicesForHost(hostname)
	for _, client := range r.clientNamespaces(all[0], routes) {
		for _, p := range r.pairs {
			own := client == all[0].namespace
			before, after := p.before.imports(all[0].namespace, hostname, own), p.after.imports(all[0].namespace, hostname, own)
			switch {
			case !(before && after) && r.wildcards.covers(hostname):
				return effectAny
			case before && !after:
				effect = effectHidden
			case before && !r.areAlike(routes, p, client):
				return effectAny
			}
		}
	}
	return effect
}

// clientNamespaces returns the namespaces whose clients the Sidecar may configure differently for a host.
func (r *sidecarReview) clientNamespaces(svc *service, routes []*virtualService) []string {
	if namespace := r.reviewed().Namespace; namespace != r.after.settings.RootNamespace {
		return []string{namespace}
	}
	list := []string{svc.namespace, AnyNamespace}
	for _, v := range routes {
		if !slices.Contains(list, v.Namespace) {
			list = append(list, v.Namespace)
		}
	}
	return list
}

// areAlike reports whether routes are imported alike before and after the review for clients of a namespace, and lead to the
// same services.
func (r *sidecarReview) areAlike(routes []*virtualService, p sidecarPair, client string) bool {
	same := func(namespace, hostname string) bool {
		own := namespace == client
		return p.before.imports(namespace, hostname, own) == p.after.imports(namespace, hostname, own)
	}
	for _, v := range routes {
		if v.hasDelegates || slices.ContainsFunc(v.hosts, func(h string) bool { return host.IsWildcard(h) || !same(v.Namespace, h) }) {
			return false
		}
		for _, d := range v.destinations {
			services := r.after.services.At(d)
			if len(services) > 1 || len(services) == 1 && !same(services[0].namespace, d) {
				return false
			}
		}
	}
	return true
}

// addHiddenHost adds the flows of a host that clients do not know any more, all of it by the Sidecars alone.
func (r *sidecarReview) addHiddenHost(svc *service) {
	i := slices.IndexFunc(svc.ports, func(p port) bool { return p.family() != FamilyUDP })
	if i < 0 {
		return
	}
	namespaces := []string{r.reviewed().Namespace}
	if namespaces[0] == r.after.settings.RootNamespace {
		namespaces = append([]string{svc.namespace, AnyNamespace}, svc.exportTo...)
		slices.Sort(namespaces)
		namespaces = slices.Compact(namespaces)
	}
	for _, namespace := range namespaces {
		if namespace == "." || !visible(svc.exportTo, svc.namespace, namespace) {
			continue
		}
		for _, client := range r.clientsBySidecars(namespace) {
			own := namespace == svc.namespace
			if r.indexes[r.before.sidecarFor(client)].imports(svc.namespace, svc.host, own) &&
				!r.indexes[r.after.sidecarFor(client)].imports(svc.namespace, svc.host, own) {
				r.addHidden(client, svc.host, svc.ports[i].number)
			}
		}
	}
}

// clientsBySidecars returns the clients of a namespace that the Sidecar under review configures, by the selectors of
// Sidecars alone.
func (r *sidecarReview) clientsBySidecars(namespace string) []Client {
	list, known := r.clientsOf[namespace]
	if !known {
		list = slices.DeleteFunc(r.after.clientsIn(namespace, ""), func(c Client) bool { return !r.isConfigured(c) })
		r.clientsOf[namespace] = list
	}
	return list
}

package mesh

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/mesh/host"
)

// LostVerification is the check of a server's name that connections to a host lose, by an object of a namespace that is not the
// client's. The only one that declares the host may choose by what CA it is checked, and where routes lead from there, but not
// that it is checked no more, nor for other names than somebody else's rule has.
type LostVerification struct {
	// Host is what the client asks for; where a route leads elsewhere, the flow's host is another.
	Host string `json:"host"`
	// Service is the object that declares it; of the namespace of the object under review where no other one declares it.
	Service Ref `json:"service"`
	// Names are the names that are checked now, in place of the host's; empty where none is checked.
	Names []string `json:"names"`
	// Trust is what the certificate is checked by now, in place of what it was; "" where that is the same, or no name is checked.
	Trust string `json:"trust,omitempty"`
	// Asks is the Host header that a route gives the requests, where it is none of the server's whose name is still checked; "" where
	// they keep their own.
	Asks string `json:"asks,omitempty"`
}

// verification is what the certificates of servers are checked for, and by, and the namespaces of the rules that say so.
type verification struct{ names, trusts, rules []string }

// systemRoots is the trust of a rule that names no CA.
const systemRoots = "the CAs of the system"

// identityOfMesh stands for the name that is checked where an endpoint's own label asks for the mesh's mutual TLS.
const identityOfMesh = "an identity of the mesh"

// withLostVerification sets what changes lose of a client's connections to name, which declared, the same or a wildcard,
// declares. earlier are its hops before the review.
func (r *review) withLostVerification(list []change, earlier []hop, client Client, declared, name string) []change {
	checked := r.checkedBefore(earlier, name)
	if len(checked.names) == 0 {
		return list
	}
	for i := range list {
		list[i].lost = r.lostVerification(list[i].hop, checked, client, declared, name)
	}
	return list
}

// lostVerification returns what a hop under TLS loses of the check of name, nil if that is nothing, or if the object under
// review may decide on it: it is of the client's namespace, or of the only one that declares the host (but see mayNotLoosen).
func (r *review) lostVerification(h hop, checked verification, client Client, declared, name string) *LostVerification {
	if h.kind != HopEgress || h.verdict() != Originated {
		return nil
	}
	names := h.checkedNames(name)
	isKnown := func(n string) bool { return n == name || slices.Contains(checked.names, n) }
	author, trust := r.authorOf(h), ""
	if len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return !isKnown(n) }) {
		if trust = h.trust(); trust == "" || slices.Contains(checked.trusts, trust) || author == r.after.settings.RootNamespace {
			return r.rewritten(h, checked, client, declared, name)
		}
		names = nil
	}
	if author == client.Namespace {
		return nil
	}
	svc := r.declaredByOther(client, declared, author)
	if svc == nil && trust == "" && r.mayNotLoosen(h, names, checked) {
		svc = r.serviceBefore(client, declared).service
	}
	if svc == nil {
		return nil
	}
	return &LostVerification{Host: name, Service: svc.ref, Names: append([]string{}, names...), Trust: trust}
}

// rewritten returns what requests for name lose where a route of a third party gives them another Host header, while the SNI and the
// names that are checked are written down: one server may have sites of many, as in a CDN, and the TLS is right for all of them.
// Here team-a's route at a gateway that is everybody's leads to its own site:
//
//	metadata: {name: x, namespace: team-a}                               # rule of the gateway's namespace
//	spec:                                                                host: api.example.com
//	  hosts: [api.example.com]                                           trafficPolicy:
//	  gateways: [egress/egress]                                            tls:
//	  http:                                                                  mode: SIMPLE
//	  - rewrite: {authority: team-a.example.net}                             sni: api.example.com
//	    route: [{destination: {host: api.example.com}}]                      subjectAltNames: [api.example.com]
func (r *review) rewritten(h hop, checked verification, client Client, declared, name string) *LostVerification {
	if h.route == nil || h.payload == FamilyTLS || h.payload == FamilyOpaque || h.authority == "" || h.cluster.Hop.AutoSNI ||
		!slices.ContainsFunc(r.versions(), func(o *Object) bool { return o.Ref == h.route.author || o.Ref == h.route.by() }) {
		return nil
	}
	own := append([]string{name, h.host}, checked.names...)
	if entry := h.cluster.service.serviceEntry(); entry != nil {
		own = append(own, entry.Hosts...)
	}
	c := takenConnection{review: r, client: client, declared: declared, name: name, number: h.port}
	if host.AnyCovers(own, strings.ToLower(h.authority)) || !c.isOfThirdParty(h.route) {
		return nil
	}
	svc := r.declaredByOther(client, declared, h.route.author.Namespace)
	return &LostVerification{Host: name, Service: svc.ref, Names: []string{}, Asks: h.authority}
}

// mayNotLoosen reports whether the object under review is a rule, a policy or an entry that may not even in the only namespace that
// declares the host of a hop have the server's certificate checked for these names: for none, or for another server's where not
// its own rule had it checked for this one's.
//
//	# root namespace                           # namespace of the ServiceEntry, under review
//	host: "*.example.com"                      host: api.example.com
//	trafficPolicy: {tls: {mode: SIMPLE}}       trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}
func (r *review) mayNotLoosen(h hop, names []string, checked verification) bool {
	switch o := r.reviewed(); o.Kind {
	case KindServiceEntry, KindBackendTLSPolicy:
		return len(names) == 0
	case KindDestinationRule:
		return len(names) == 0 || len(h.namesOfOthers()) > 0 && !slices.Contains(checked.rules, o.Namespace)
	}
	return false
}

// checkedBefore returns what was checked on all ways that a client's bytes took, or would have taken without a route that led
// nowhere; nothing if any of these went unchecked.
func (r *review) checkedBefore(earlier []hop, name string) verification {
	var all verification
	for _, h := range earlier {
		if h.kind != HopEgress && h.kind != HopNone {
			continue
		}
		names := h.checkedNames(name)
		if len(names) == 0 {
			return verification{}
		}
		all.names, all.trusts = append(all.names, names...), append(all.trusts, h.trust())
		if h.hasRule() {
			all.rules = append(all.rules, h.tlsSetting().decision.Object.Namespace)
		}
	}
	return all
}

// checkedNames returns the names that the certificate of a hop's server is checked for, where the client asks for name.
func (h hop) checkedNames(name string) []string {
	shown := h.cluster.Hop
	switch {
	case h.cluster.everywhere && shown.TLS == "":
		return []string{identityOfMesh}
	case !h.exists || shown.TLS == "" || !shown.Verified:
		return nil
	case len(shown.Names) > 0:
		return shown.Names
	case shown.TLS == "ISTIO_MUTUAL":
		return []string{identityOfMesh}
	}
	return []string{cmp.Or(h.authority, name)}
}

// trust returns what a rule has the certificate of a hop's server checked by: a credential, a file of CAs, or those of the
// system; "" where no rule does, as for the mesh's own mutual TLS (pilot/pkg/networking/core/cluster_tls.go).
func (h hop) trust() string {
	if !h.exists || h.cluster.rule == nil || h.cluster.Hop.TLS == "" || h.cluster.Hop.TLS == "ISTIO_MUTUAL" {
		return ""
	}
	t := h.tlsSetting().settings
	return cmp.Or(t.GetCredentialName(), t.GetCaCertificates(), systemRoots)
}

// authorOf returns the namespace of who decided on a hop: of the VirtualService that says where the route leads, a delegate too,
// else of the object under review.
func (r *review) authorOf(h hop) string {
	if r.reviewed().Kind == KindVirtualService && h.route != nil {
		return h.route.author.Namespace
	}
	return r.reviewed().Namespace
}

// declaredByOther returns the service of a host that a client had before the review, or may have had, and that is of
// another namespace than author; nil if there is none.
func (r *review) declaredByOther(client Client, host, author string) *service {
	if svc, ok := r.before.serviceFor(client, host); ok && svc.namespace != author {
		return svc.service
	}
	for _, svc := range r.before.services.At(host) {
		if svc.namespace != author && r.before.isImported(client, scopedService{service: svc, ports: svc.ports}) {
			return svc
		}
	}
	if wide := r.serviceBefore(client, host).service; wide != nil && wide.host != host && wide.namespace != author {
		return wide
	}
	return nil
}

// namesOfOthers returns the names for which a rule has the certificate of a hop's server checked, where none of them may be one
// of the host's own: of its entry's hosts, subjectAltNames and endpoints, or of the same domain. Identities
// and addresses are no names.
func (h hop) namesOfOthers() []string {
	if h.kind != HopEgress || !h.hasRule() || !h.exists || !h.cluster.Hop.Verified {
		return nil
	}
	names := h.tlsSetting().settings.GetSubjectAltNames()
	own := []string{h.host, h.authority}
	if entry := h.cluster.service.serviceEntry(); entry != nil {
		own = slices.Concat(own, entry.Hosts, entry.SubjectAltNames, endpointHosts(entry))
	}
	if slices.ContainsFunc(names, func(name string) bool { return isNameOfAny(own, name) }) {
		return nil
	}
	return names
}

// isNameOfAny reports whether a name that is checked may be that of one of some hosts.
func isNameOfAny(hosts []string, name string) bool {
	if _, err := netip.ParseAddr(name); err == nil || strings.Contains(name, "://") {
		return true
	}
	name = strings.ToLower(name)
	return slices.ContainsFunc(hosts, func(known string) bool {
		known = strings.ToLower(known)
		return host.Matches(known, name) || known != "" && host.Domain(known) == host.Domain(name)
	})
}

package mesh

import (
	"cmp"
	"net"
	"slices"
	"strconv"
)

// Flow is one connection that a review has to answer for: its path, what it was before the review, and what policies
// need to judge it without knowing Istio.
type Flow struct {
	Path
	HopKind HopKind `json:"hopKind"`
	Subset  string  `json:"subset,omitempty"`
	// Protocol is the declared protocol of the service's port as written; Family is its class.
	Protocol string `json:"protocol,omitempty"`
	Family   Family `json:"family"`
	// Payload is the family of the bytes on this hop, where it differs from the port's (a gateway that has
	// terminated the mesh's TLS sends http to a port of family tls).
	Payload Family `json:"payload"`
	// TargetPorts are the effective ports, ascending; empty if Istio builds no endpoints.
	TargetPorts []uint32 `json:"targetPorts,omitempty"`
	// SNIHosts are the names that the SNI may have: the ServiceEntry's hosts, or those of the Gateway's server.
	SNIHosts []string `json:"sniHosts,omitempty"`
	// EndpointHosts are DNS names among the endpoints' addresses.
	EndpointHosts []string `json:"endpointHosts,omitempty"`
	// ServerTLS is the gateway server's tls mode on a gateway hop ("" for a plaintext server).
	ServerTLS string `json:"serverTLS,omitempty"`
	// Server is the plaintext server to which a gateway hop leads, where it is the only one of its port on these pods.
	Server *ServerRef `json:"server,omitempty"`
	// ServerName is the SNI by which the gateway takes a gateway hop, where it encrypts; "" where any will do.
	ServerName string `json:"serverName,omitempty"`
	// MissingServer is the server that a gateway hop needs, where it encrypts and those of its port are for other hosts alone.
	MissingServer *MissingServer `json:"missingServer,omitempty"`
	// Before is the verdict of the same flow before the review; "" if there was no such flow.
	Before Verdict `json:"before,omitempty"`
	// WasUnrouted reports whether before the review routes led all of it to no service, so that nothing left.
	WasUnrouted bool `json:"wasUnrouted,omitempty"`
	// Rule is the DestinationRule that applies to the client; nil if none does.
	Rule *Ref `json:"rule,omitempty"`
	// WildcardRule reports whether Rule is for a wildcard over Host, and so for other hosts too.
	WildcardRule bool `json:"wildcardRule,omitempty"`
	// RuleForServices reports whether Rule is for a wildcard over names of the cluster's Services and has their mutual TLS start, and Host
	// is a name among these that another namespace has declared.
	RuleForServices bool `json:"ruleForServices,omitempty"`
	// ClientInRootNamespace reports whether the client is in the mesh's root namespace, where it sees only those rules of
	// its own namespace first that are exported to nobody else.
	ClientInRootNamespace bool `json:"clientInRootNamespace,omitempty"`
	// HostNotVisible is true at a waypoint whose namespace does not see the host: no rule of any namespace applies there.
	HostNotVisible bool `json:"hostNotVisible,omitempty"`
	// BackendSection is the name of the port, where the namespace of the ServiceEntry has BackendTLSPolicies, and one for that port
	// would start TLS for the client; "" anywhere else.
	BackendSection string `json:"backendSection,omitempty"`
	// LostTLS is TLS of the rule under review, where now a rule that it hid before leaves the bytes in plaintext.
	LostTLS *LostTLS `json:"lostTLS,omitempty"`
	// AsksFor is what the client asks for, whose connections were under TLS before the review, or would be without TakenFromTLS,
	// where a route leads them to Host.
	AsksFor string `json:"asksFor,omitempty"`
	// LostVerification is the check of the server's name that the client's connections lose by an object of somebody
	// else's.
	LostVerification *LostVerification `json:"lostVerification,omitempty"`
	// NamesOfOthers are the names for which a rule has the server's certificate checked, where none of them may be one of the
	// host's own.
	NamesOfOthers []string `json:"namesOfOthers,omitempty"`
	// Opened is the server of a gateway that lets callers without an identity out to the host, which others on the same pods
	// ask for one.
	Opened *OpenedServer `json:"opened,omitempty"`
	// TakenBy is the listener of another host that takes these connections, which were under TLS before.
	TakenBy *OtherListener `json:"takenBy,omitempty"`
	// Diverted is where these connections, which were under TLS before, go in place of the host, with HopMesh; nil where a
	// rule disables their TLS.
	Diverted *Diversion `json:"diverted,omitempty"`
	// TakenFromTLS is the object without which these connections, which did not leave before the review, would be under TLS:
	// an entry that took the place of another for the host, or a VirtualService that leads here; nil where there is none.
	TakenFromTLS *Ref `json:"takenFromTLS,omitempty"`
	// PortFallback reports whether the host's server also gets what the client sends on the port to addresses that no
	// entry declares.
	PortFallback bool `json:"portFallback,omitempty"`
	// DecidedByObject reports whether the object under review decides this flow's TLS, or should.
	DecidedByObject bool `json:"decidedByObject"`
	// Service is the ServiceEntry that declares the host, or the Service of the gateway that a gateway hop leads to.
	Service *Ref `json:"service,omitempty"`
	// Ignored reports whether the object under review has TLS for this flow that Istio ignores, by Cause.
	Ignored bool `json:"ignored,omitempty"`
	// Related is another object that has to do with the flow: the rule whose TLS is taken, the host that differs in
	// case, the route that sets the Host header.
	Related string `json:"related,omitempty"`
	// IgnoredForSome reports whether Istio ignores that TLS for this client, and not for others, among them a gateway to which
	// no route leads yet.
	IgnoredForSome bool `json:"ignoredForSome,omitempty"`
	// RelatedUnused reports whether the rule in Related decided no client's TLS before the review: TLS in it would be
	// ignored, too.
	RelatedUnused bool `json:"relatedUnused,omitempty"`
	// Tunnel is whom the host, a proxy, is asked to pass these bytes on to, by a rule's tunnel.
	Tunnel string `json:"tunnel,omitempty"`
	// OtherHosts is the number of flows to other hosts that differ from this one in nothing but the host, and are left
	// out.
	OtherHosts int `json:"otherHosts,omitempty"`
	// Routed reports whether a route leads the flow to Host and Port, from whichever listener.
	Routed bool `json:"-"`
}

// LostTLS is TLS that is lost as one rule takes the place of another.
type LostTLS struct {
	// Field is where the rule under review had it.
	Field string `json:"field"`
	// Successor is where the rule that now decides would have to have it.
	Successor Decision `json:"successor"`
}

// flowKey identifies a flow in a review.
type flowKey struct {
	client, host, subset string
	authority            string
	kind                 ClientKind
	port                 uint32
	hopKind              HopKind
	payload              Family
}

// sortedFlows returns flows in the order of compareFlows. Pointers are sorted: a Flow is large, and sorting moves each many times.
func sortedFlows(flows []Flow) []Flow {
	order := make([]*Flow, len(flows))
	for i := range flows {
		order[i] = &flows[i]
	}
	if slices.IsSortedFunc(order, compareFlows) {
		return flows
	}
	slices.SortStableFunc(order, compareFlows)
	sorted := make([]Flow, len(flows))
	for i, f := range order {
		sorted[i] = *f
	}
	return sorted
}

// compareFlows returns the order in which a review lists its flows.
func compareFlows(a, b *Flow) int {
	return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port), cmp.Compare(a.HopKind, b.HopKind),
		a.Client.compare(b.Client), cmp.Compare(a.Subset, b.Subset), cmp.Compare(a.Payload, b.Payload))
}

// key returns what identifies the hop's flow.
func (h hop) key() flowKey {
	return flowKey{kind: h.client.Kind, client: h.client.Namespace + labelsKey(h.client.Labels), host: h.host, port: h.port, subset: h.subset, authority: h.authority, hopKind: h.kind, payload: h.payload}
}

// flow returns the hop's flow, without what the review adds.
func (h hop) flow() Flow {
	f := Flow{
		Path:    Path{Client: h.client, Host: h.host, Port: h.port, Hops: []Hop{h.shown()}, Verdict: h.verdict(), Cause: h.cause()},
		HopKind: h.kind, Subset: h.subset, Protocol: h.cluster.Protocol, Family: h.cluster.Family, Payload: h.payload,
		TargetPorts: h.cluster.TargetPorts, WasUnrouted: h.wasUnrouted, HostNotVisible: h.cluster.lookup.hostNotVisible,
		Routed: h.route != nil,
	}
	if t := h.cluster.tunnel(); t != nil && h.payload != FamilyHTTP {
		f.Tunnel = net.JoinHostPort(t.TargetHost, strconv.FormatUint(uint64(t.TargetPort), 10))
	}
	if h.cluster.rule != nil {
		f.Rule = &h.cluster.rule.first.Ref
		f.WildcardRule = h.cluster.lookup.endedAt != nil && h.cluster.lookup.endedAt.host != h.host
	}
	if h.passesOn != CauseNone && h.cluster.service.service != nil {
		f.Related = h.cluster.service.ref.String()
	}
	if h.passesOn == CauseRoutedInside {
		f.Related = h.route.author.String()
	}
	if h.sidecar != nil {
		f.Related = h.sidecar.Ref.String()
	}
	if h.authority != "" {
		f.Related = h.route.by().String()
	}
	return f
}

package mesh

// ClientKind says which proxy stands before a client.
type ClientKind string

// The proxies that can send traffic out.
const (
	ClientSidecar  ClientKind = "sidecar"
	ClientGateway  ClientKind = "gateway"
	ClientWaypoint ClientKind = "waypoint"
	// ClientZtunnel is an ambient pod without a waypoint on its way: no proxy that reads rules.
	ClientZtunnel ClientKind = "ztunnel"
)

// Client is a vantage: a set of pods that Istio configures alike.
type Client struct {
	Kind ClientKind `json:"kind"`
	// Namespace is the namespace of the pods. It is AnyNamespace for all namespaces that no object singles out.
	Namespace string `json:"namespace"`
	// Labels are labels that the pods carry, where a selector tells pods of one namespace apart.
	Labels map[string]string `json:"labels,omitempty"`
	// Gateways names ("namespace/name") the Gateway objects that configure a gateway client's workload.
	Gateways []string `json:"gateways,omitempty"`
}

// AnyNamespace stands for every namespace that no object of the mesh singles out.
const AnyNamespace = "*"

// Verdict says in which form bytes leave the mesh.
type Verdict string

// The verdicts of Resolve.
const (
	// Plaintext: the bytes leave as the application wrote them, and nothing says that they are TLS.
	Plaintext Verdict = "plaintext"
	// Originated: a proxy starts TLS around them.
	Originated Verdict = "originated"
	// ApplicationTLS: the application starts TLS itself, the proxies pass it on.
	ApplicationTLS Verdict = "application-tls"
	// DoubleTLS: a proxy starts TLS around the application's TLS.
	DoubleTLS Verdict = "double-tls"
	// Unknown: the mesh has no answer (no such host or port, an opaque protocol without originated TLS is
	// Plaintext with family opaque, not Unknown).
	Unknown Verdict = "unknown"
)

// Family is what a port's declared protocol says of the bytes that the application sends to it.
type Family string

// The families of istio.io/istio pkg/config/protocol.
const (
	FamilyHTTP        Family = "http"        // cleartext L7: HTTP, HTTP2, GRPC, GRPC-Web, HTTP_PROXY
	FamilyTLS         Family = "tls"         // HTTPS, TLS: encrypted by the application
	FamilyOpaque      Family = "opaque"      // TCP, MONGO, MYSQL, REDIS
	FamilyUnspecified Family = "unspecified" // none given: Istio sniffs
	FamilyUDP         Family = "udp"         // no clusters are built
)

// Cause says why a flow is as it is, in one word that policies can compare.
type Cause string

// The causes. A flow that is well has CauseNone.
const (
	CauseNone Cause = ""
	// CauseNoRule: no DestinationRule applies to this client at all.
	CauseNoRule Cause = "no-rule"
	// CauseUnset: a DestinationRule applies and sets no TLS for this port.
	CauseUnset Cause = "unset"
	// CauseDisabled: mode DISABLE is written down.
	CauseDisabled Cause = "disabled"
	// CauseNoMode: tls without a mode, which Istio reads as DISABLE.
	CauseNoMode Cause = "no-mode"
	// CauseUnselected: only rules with a workloadSelector stand, and none selects this client.
	CauseUnselected Cause = "unselected"
	// CauseCredential: credentialName on a sidecar without workloadSelector: no TLS context.
	CauseCredential Cause = "credential-ignored"
	// CauseIncompleteMutual: MUTUAL with neither credentialName nor a pair of files: no TLS context.
	CauseIncompleteMutual Cause = "incomplete-mutual"
	// CauseMutualAtWaypoint: a waypoint treats ISTIO_MUTUAL towards external hosts as none.
	CauseMutualAtWaypoint Cause = "mutual-at-waypoint"
	// CauseSelectorAtWaypoint: a waypoint ignores rules with a workloadSelector.
	CauseSelectorAtWaypoint Cause = "selector-at-waypoint"
	// CauseZtunnel: an ambient pod without a waypoint: nothing reads DestinationRules.
	CauseZtunnel Cause = "ztunnel"
	// CauseMergedAway: the rule under review has TLS that Istio drops in favour of another rule's policy.
	CauseMergedAway Cause = "merged-away"
	// CauseOffPath: the rule under review is on no client's lookup path for this host.
	CauseOffPath Cause = "off-path"
	// CauseUnknownHost: no ServiceEntry and no Service has this host.
	CauseUnknownHost Cause = "unknown-host"
	// CauseCaseMismatch: a known host differs from this one in case only.
	CauseCaseMismatch Cause = "case-mismatch"
	// CausePassthrough: the host is not in the client's Sidecar egress list, or in no registry: passthrough.
	CausePassthrough Cause = "passthrough"
	// CauseNowhere: routes take all of it and lead to no service; nothing leaves.
	CauseNowhere Cause = "no-destination"
)

// Decision names the object and the field that decided something.
type Decision struct {
	Object Ref `json:"object"`
	// Field is a path into the object, as "spec.trafficPolicy.portLevelSettings[0].tls.mode".
	Field string `json:"field"`
}

// String gives "Kind namespace/name field".
func (d Decision) String() string {
	if d.Field == "" {
		return d.Object.String()
	}
	return d.Object.String() + " " + d.Field
}

// Hop is one leg of a path: from one proxy to the next, or out of the mesh.
type Hop struct {
	// From and To are proxies or hosts, as a person names them.
	From string `json:"from"`
	To   string `json:"to"`
	// Port is the port that the bytes are sent to (the effective one: endpoint port, targetPort or number).
	Port uint32 `json:"port"`
	// Protocol is the declared protocol of the destination's port.
	Protocol string `json:"protocol"`
	// TLS is the mode of the TLS that the proxy starts on this leg (SIMPLE, MUTUAL, ISTIO_MUTUAL), "" for none.
	TLS string `json:"tls"`
	// SNI is the server name sent; "" when none is sent. AutoSNI means that it is taken from the Host header.
	SNI     string `json:"sni"`
	AutoSNI bool   `json:"autoSNI,omitempty"`
	// Names are the subject alternative names checked. AutoNames means that the Host header's is checked.
	Names     []string `json:"names"`
	AutoNames bool     `json:"autoNames,omitempty"`
	// Verified is true if the server's name is checked on this leg.
	Verified bool `json:"verified"`
	// Insecure is true for insecureSkipVerify.
	Insecure bool `json:"insecure,omitempty"`
	// DecidedBy is what decided the TLS of this leg; nil if no object did.
	DecidedBy *Decision `json:"decidedBy"`
}

// Considered is an object that was looked at for a flow, and why it did not decide.
type Considered struct {
	Object Ref    `json:"object"`
	Why    string `json:"why"`
}

// Path is the answer to one question: what happens to the bytes that client sends to host:port.
type Path struct {
	Client     Client       `json:"client"`
	Host       string       `json:"host"`
	Port       uint32       `json:"port"`
	Hops       []Hop        `json:"hops"`
	Verdict    Verdict      `json:"verdict"`
	Cause      Cause        `json:"cause,omitempty"`
	Considered []Considered `json:"considered,omitempty"`
}

// Leg says what a flow's last hop is.
type Leg string

// The legs that policies judge.
const (
	// LegEgress leaves the mesh.
	LegEgress Leg = "egress"
	// LegGateway goes from a proxy to an egress gateway, inside the mesh.
	LegGateway Leg = "gateway"
	// LegNowhere leads to no service: routes take all of it, and redirect or answer it in the proxy, or let it pass by.
	LegNowhere Leg = "none"
)

// Flow is what a review has to answer for: a Path, what it was before the review, and what policies need to
// judge it without knowing Istio.
type Flow struct {
	Path
	Leg    Leg    `json:"hopKind"`
	Subset string `json:"subset,omitempty"`
	// Protocol is the declared protocol of the service's port as written; Family is its class.
	Protocol string `json:"protocol,omitempty"`
	Family   Family `json:"family"`
	// Payload is the family of the bytes on this leg, where it differs from the port's (a gateway that has
	// terminated the mesh's TLS sends http to a port of family tls).
	Payload Family `json:"payload"`
	// TargetPorts are the effective ports, ascending; empty if Istio builds no endpoints.
	TargetPorts []uint32 `json:"targetPorts,omitempty"`
	// SNIHosts are the names that the SNI may have: the ServiceEntry's hosts, or those of the Gateway's server.
	SNIHosts []string `json:"sniHosts,omitempty"`
	// EndpointHosts are DNS names among the endpoints' addresses.
	EndpointHosts []string `json:"endpointHosts,omitempty"`
	// ServerTLS is the gateway server's tls mode on a gateway leg ("" for a plaintext server).
	ServerTLS string `json:"serverTLS,omitempty"`
	// Before is the verdict of the same flow before the review; "" if there was no such flow.
	Before Verdict `json:"before,omitempty"`
	// Opened is true if before the review routes led all of it nowhere, so that nothing left.
	Opened bool `json:"wasUnrouted,omitempty"`
	// Rule is the DestinationRule that applies to the client; nil if none does.
	Rule *Ref `json:"rule,omitempty"`
	// Wide is true if Rule is for a wildcard over Host, and so for other hosts too.
	Wide bool `json:"wildcardRule,omitempty"`
	// Private is true if of its own namespace's rules the client goes only by those that are exported to nobody else, as
	// in the mesh's root namespace.
	Private bool `json:"clientInRootNamespace,omitempty"`
	// Unseen is true at a waypoint whose namespace does not see the host: no rule applies there, wherever it stands.
	Unseen bool `json:"hostNotVisible,omitempty"`
	// Held is what the rule under review decided before, where a rule that it hid leaves the bytes in plaintext now.
	Held *Held `json:"lostTLS,omitempty"`
	// Ours is true if the object under review is what decides (or should decide) this flow's TLS.
	Ours bool `json:"decidedByObject"`
	// Service is the ServiceEntry that declares the host.
	Service *Ref `json:"service,omitempty"`
	// Ignored is true if TLS is written in the object under review for this flow, and Cause says why Istio
	// ignores it.
	Ignored bool `json:"ignored,omitempty"`
	// By is another object that has a hand in the flow: the rule that shadows, the host that differs in case, the
	// route that sets the Host header.
	By string `json:"related,omitempty"`
	// Partly is true if Istio ignores that TLS for some clients alone, and keeps it for others.
	Partly bool `json:"ignoredForSome,omitempty"`
	// Idle is true if the rule that By names decided nothing for anybody before the review: TLS in it would be ignored, too.
	Idle bool `json:"relatedUnused,omitempty"`
	// Also counts the flows to other hosts that are told by this one: alike in all but the host.
	Also int `json:"otherHosts,omitempty"`
}

// Held is TLS that is lost as one rule takes the place of another.
type Held struct {
	// Field is where the rule under review had it.
	Field string `json:"field"`
	// Heir is where the rule that now decides would have to have it.
	Heir Decision `json:"successor"`
}

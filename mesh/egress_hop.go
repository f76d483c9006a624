package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// HopKind is the kind of a flow's last hop.
type HopKind string

// The kinds of hops that policies judge.
const (
	// HopEgress leaves the mesh.
	HopEgress HopKind = "egress"
	// HopGateway goes from a proxy to an egress gateway, inside the mesh.
	HopGateway HopKind = "gateway"
	// HopMesh was meant for a service of the mesh, or was under TLS outside, and goes elsewhere or in plaintext by an object
	// of somebody else's.
	HopMesh HopKind = "mesh"
	// HopNone leads to no service: routes take everything, and redirect or answer it in the proxy, or let it pass
	// through.
	HopNone HopKind = "none"
)

// hopInside is a hop to another service of the mesh. No flow has it.
const hopInside HopKind = "inside"

// hop is one hop of a path: a cluster of one proxy, and what is sent to it.
type hop struct {
	kind        HopKind
	client      Client
	host        string
	port        uint32
	subset      string
	payload     Family
	authority   string // the Host header that the SNI is taken from, or that a route sets
	cluster     Cluster
	exists      bool              // Istio builds the cluster
	gateways    []*Object         // of HopGateway: what configures the pods
	servers     portServers       // of HopGateway: what they have on the port
	route       *routeDestination // nil for the host's own cluster
	decidedBy   *Decision         // of HopNone: the route without a destination
	wasUnrouted bool              // before the review nothing left
	passesOn    Cause             // why no filter chain takes it, and the proxy passes on what it gets
	sidecar     *Object           // the Sidecar whose listener is the reason for passesOn; nil where the host's own is
}

// ServerRef is a server of a Gateway or, of the Gateway API, a listener.
type ServerRef struct {
	// Gateway is the Gateway, or the ListenerSet.
	Gateway Ref `json:"gateway"`
	// Index is its place in spec.servers, or spec.listeners.
	Index int `json:"index"`
}

// verdict returns the form in which bytes take this hop.
func (h hop) verdict() Verdict {
	switch {
	case h.passesOn != CauseNone && h.payload != FamilyTLS:
		return Plaintext
	case !h.exists || h.kind == HopNone:
		return Unknown
	case h.cluster.Originated() && h.payload == FamilyTLS && !h.servers.unwrapTLS() && h.cluster.tunnel() == nil:
		return DoubleTLS
	case h.cluster.Originated() && (h.payload != FamilyTLS || h.servers.unwrapTLS()), h.cluster.everywhere && h.payload != FamilyTLS:
		return Originated
	case h.payload == FamilyTLS:
		return ApplicationTLS
	}
	return Plaintext
}

// cause returns why the hop is as it is. Without a destination, requests end in the proxy, and other connections pass
// through.
func (h hop) cause() Cause {
	switch {
	case h.verdict() == Originated:
		return CauseNone
	case h.passesOn != CauseNone:
		return h.passesOn
	case h.kind != HopNone:
		return h.cluster.Cause
	case h.payload == FamilyTLS || h.payload == FamilyOpaque:
		return CausePassthrough
	}
	return CauseNoDestination
}

// shown returns the hop as a Path shows it.
func (h hop) shown() Hop {
	out := h.cluster.Hop
	if out.From == "" || h.kind == HopNone {
		out = Hop{From: h.client.String(), To: h.host, Port: h.port, Names: []string{}}
	}
	switch h.kind {
	case HopEgress:
		if h.cluster.everywhere && out.TLS == "" {
			// Outside, the mesh's own CA alone says no more than that the server is any workload of the mesh.
			out.TLS, out.Verified = networking.ClientTLSSettings_ISTIO_MUTUAL.String(), len(h.cluster.identities) > 0 || h.cluster.service.kubernetes
			out.Names = append(out.Names, h.cluster.identities...)
		}
	case HopGateway:
		out.To = "gateway " + h.host
	case HopNone:
		out.To, out.Protocol, out.DecidedBy = "nowhere", h.cluster.Protocol, h.decidedBy
	}
	return out
}

// hasRule reports whether a DestinationRule applies to the hop.
func (h hop) hasRule() bool { return h.exists && h.cluster.rule != nil }

// tlsSetting returns the TLS of the rule that applies to the hop.
func (h hop) tlsSetting() tlsSetting { return h.cluster.rule.tlsFor(h.port, h.subset) }

// decidingRule returns the DestinationRule, of the consolidated one, whose TLS applies to the hop.
func (h hop) decidingRule() *Object {
	from := h.tlsSetting().decision.Object
	return h.cluster.rule.from[slices.IndexFunc(h.cluster.rule.from, func(o *Object) bool { return o.isMadeOf(from) || o.Ref == from })]
}

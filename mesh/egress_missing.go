package mesh

import "slices"

// withoutMissing returns hops without those to gateways for which this client has no cluster, and without what leaves behind
// them: no rule that the client's lookup finds has the subset to which the route leads, so that Envoy answers 503 itself
// (source/common/router/router.cc, "Cluster not found"). missing is the first of these, nil where there is none.
//
//	# VirtualService, for all namespaces
//	route: [{destination: {host: egress.istio-system.svc.cluster.local, subset: cnn}}]
//	# DestinationRule default/egress: found by clients of its own namespace alone, for the host is of another one
//	subsets: [{name: cnn}]
func withoutMissing(hops []hop) (reached []hop, missing *hop) {
	behind := false
	for i, h := range hops {
		if h.client.Kind != ClientGateway || h.kind == HopGateway {
			behind = h.kind == HopGateway && !h.exists
		}
		switch {
		case !behind:
			reached = append(reached, h)
		case missing == nil:
			missing = &hops[i]
		}
	}
	return slices.Clip(reached), missing
}

// shownMissing returns a hop to a gateway for which the client has no cluster, as a Path shows it: who leads there decides.
func (h hop) shownMissing() Hop {
	out := Hop{From: h.client.String(), To: "gateway " + h.host, Port: h.port, Names: []string{}}
	out.DecidedBy = &Decision{Object: h.route.by(), Field: "spec"}
	return out
}

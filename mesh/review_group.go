package mesh

import (
	"slices"

	"github.com/tlsward/tlsward/mesh/host"
)

// maxUngroupedFlows is how many flows a review returns one by one. A person reads no more than that, and a policy
// that judges one of several that differ in nothing but their host judges all.
const maxUngroupedFlows = 64

// flowClass is what flows have in common that are returned as one.
type flowClass struct {
	client, subset, protocol, by, tls, sni, rule, field string
	port                                                uint32
	hopKind                                             HopKind
	payload, family                                     Family
	verdict, before                                     Verdict
	cause                                               Cause
	target                                              uint32
	ours, ignored, verified, named, endpoint, opened    bool
	apart                                               string
}

// groupFlows returns the first flow of each class, with the number of the others in OtherHosts.
func groupFlows(flows []Flow, apart func(host string) string) []Flow {
	if len(flows) <= maxUngroupedFlows {
		return flows
	}
	first := map[flowClass]int{}
	var folded []Flow
	for _, f := range flows {
		key := f.class()
		if apart != nil {
			key.apart = apart(f.Host)
		}
		if i, known := first[key]; known {
			folded[i].OtherHosts += 1 + f.OtherHosts
			continue
		}
		first[key] = len(folded)
		folded = append(folded, f)
	}
	return folded
}

// class returns the flow's class. What depends on the host alone is not part of it.
func (f Flow) class() flowClass {
	key := flowClass{
		client: f.Client.String(), subset: f.Subset, protocol: f.Protocol, by: f.Related, port: f.Port, hopKind: f.HopKind, payload: f.Payload,
		family: f.Family, verdict: f.Verdict, before: f.Before, cause: f.Cause, ours: f.DecidedByObject, ignored: f.Ignored,
		opened: f.WasUnrouted,
	}
	if f.Rule != nil {
		key.rule = f.Rule.String()
	}
	if len(f.TargetPorts) > 0 {
		key.target = f.TargetPorts[0]
	}
	if n := len(f.Hops); n > 0 {
		hop := f.Hops[n-1]
		key.tls, key.sni, key.verified = hop.TLS, hop.SNI, hop.Verified
		key.named, key.endpoint = host.AnyCovers(f.SNIHosts, hop.SNI), slices.Contains(f.EndpointHosts, hop.SNI)
		if hop.TLS == "ISTIO_MUTUAL" {
			key.sni = "" // the cluster's name, another for each host
		}
		if hop.DecidedBy != nil {
			key.field = hop.DecidedBy.String()
		}
	}
	return key
}

package mesh

import (
	"slices"
	"strings"
)

// manyFlows is how many flows a review may have before those that differ in nothing but their host are told as one:
// a person reads no more, and a policy that judges one of them judges all.
const manyFlows = 64

// alike is what flows must share to be told as one.
type alike struct {
	client, subset, protocol, by, tls, sni, rule, field string
	port                                                uint32
	leg                                                 Leg
	payload, family                                     Family
	verdict, before                                     Verdict
	cause                                               Cause
	target                                              uint32
	ours, ignored, verified, named, endpoint, opened    bool
	apart                                               string
}

// fold tells flows that are alike as one, the first, and counts the rest in Also.
func fold(flows []Flow, apart func(host string) string) []Flow {
	if len(flows) <= manyFlows {
		return flows
	}
	first := map[alike]int{}
	var folded []Flow
	for _, f := range flows {
		key := f.alike()
		if apart != nil {
			key.apart = apart(f.Host)
		}
		if i, known := first[key]; known {
			folded[i].Also += 1 + f.Also
			continue
		}
		first[key] = len(folded)
		folded = append(folded, f)
	}
	return folded
}

func (f Flow) alike() alike {
	key := alike{
		client: f.Client.String(), subset: f.Subset, protocol: f.Protocol, by: f.By, port: f.Port, leg: f.Leg, payload: f.Payload,
		family: f.Family, verdict: f.Verdict, before: f.Before, cause: f.Cause, ours: f.Ours, ignored: f.Ignored,
		opened: f.Opened,
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
		key.named, key.endpoint = covers(f.SNIHosts, hop.SNI), slices.Contains(f.EndpointHosts, hop.SNI)
		if hop.TLS == "ISTIO_MUTUAL" {
			key.sni = "" // the cluster's name, another for each host
		}
		if hop.DecidedBy != nil {
			key.field = hop.DecidedBy.String()
		}
	}
	return key
}

// covers tells whether one of hosts is name, in any case, or a wildcard over it.
func covers(hosts []string, name string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool { return HostMatches(strings.ToLower(h), strings.ToLower(name)) })
}

package mesh

import (
	"encoding/json"
	"slices"

	"github.com/tlsward/tlsward/mesh/host"
)

// maxUngroupedFlows is how many flows a review returns one by one. A person reads no more than that, and a policy
// that judges one of several that differ in nothing but their host judges all.
const maxUngroupedFlows = 64

// groupFlows returns the first flow of each class, with the number of the others in OtherHosts. Flows of one class
// are equal but for their hosts, which the same of lists cover.
func groupFlows(flows []Flow, lists HostLists) []Flow {
	if len(flows) <= maxUngroupedFlows {
		return flows
	}
	index := map[string]int{}
	var grouped []Flow
	for _, f := range flows {
		class := f.withoutHost()
		class.Host = lists.covering(f.Host)
		key, err := json.Marshal(class)
		if err != nil {
			return flows // cannot be: a Flow has nothing that JSON has not
		}
		if i, found := index[string(key)]; found {
			grouped[i].OtherHosts += 1 + f.OtherHosts
			continue
		}
		index[string(key)] = len(grouped)
		grouped = append(grouped, f)
	}
	return grouped
}

// withoutHost returns the flow without what depends on its host alone. What a policy compares the host with is left
// as a mark.
func (f Flow) withoutHost() Flow {
	f.Host, f.Service, f.OtherHosts, f.Client.Gateways = "", nil, 0, nil
	sni := ""
	if n := len(f.Hops); n > 0 {
		sni = f.Hops[n-1].SNI
		f.Hops = []Hop{f.Hops[n-1].withoutHost()}
	}
	if lost := f.LostVerification; lost != nil {
		f.LostVerification = &LostVerification{Service: Ref{Namespace: lost.Service.Namespace}, Names: mark(len(lost.Names) > 0), Trust: lost.Trust}
	}
	f.SNIHosts, f.EndpointHosts = mark(host.AnyCovers(f.SNIHosts, sni)), mark(slices.Contains(f.EndpointHosts, sni))
	return f
}

// withoutHost returns the hop without what depends on its host alone.
func (h Hop) withoutHost() Hop {
	h.To, h.Names = "", nil // Verified stays, which is what names are for
	if h.TLS == "ISTIO_MUTUAL" {
		h.SNI = "" // the name of the cluster
	}
	return h
}

// mark returns a list that stands for yes, or nil for no.
func mark(yes bool) []string {
	if yes {
		return []string{"yes"}
	}
	return nil
}

package mesh

import (
	"encoding/json"
	"slices"
	"strings"
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
	index, names := map[string]int{}, namesOfServers{}
	var grouped []Flow
	for _, f := range flows {
		class := f.withoutHost(names)
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
func (f Flow) withoutHost(names namesOfServers) Flow {
	f.Host, f.Service, f.OtherHosts, f.Client.Gateways = "", nil, 0, nil
	sni := ""
	if n := len(f.Hops); n > 0 {
		sni = f.Hops[n-1].SNI
		f.Hops = []Hop{f.Hops[n-1].withoutHost()}
	}
	if lost := f.LostVerification; lost != nil {
		f.LostVerification = &LostVerification{Service: Ref{Namespace: lost.Service.Namespace}, Names: mark(len(lost.Names) > 0), Trust: lost.Trust}
	}
	f.SNIHosts, f.EndpointHosts = mark(names.cover(f.SNIHosts, sni)), mark(slices.Contains(f.EndpointHosts, sni))
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

// namesOfServers are the names that servers answer to, as sets: all hosts of a ServiceEntry have the same list of them.
type namesOfServers map[nameList]*hostSet

// nameList tells lists apart, by where they are.
type nameList struct {
	first *string
	n     int
}

// cover is host.AnyCovers.
func (n namesOfServers) cover(list []string, name string) bool {
	if len(list) == 0 {
		return false
	}
	key := nameList{&list[0], len(list)}
	set := n[key]
	if set == nil {
		set = newHostSet()
		for _, pattern := range list {
			set.add(strings.ToLower(pattern))
		}
		n[key] = set
	}
	return set.covers(strings.ToLower(name))
}

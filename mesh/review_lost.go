package mesh

import (
	"maps"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// routesHere adds the flows to host that routes of the mesh bring there: requests to a port for TLS, which nobody but the
// proxy encrypts, whatever the port is declared for; and whatever a route for another host took there under TLS until now.
func (r *review) routesHere(host string, clients []Client) {
	if r.routes {
		return // those of the VirtualService under review are added with it
	}
	for _, v := range r.after.routesTo(host) {
		for _, client := range clients {
			for _, l := range r.after.meshLegs(v, client, host) {
				was := r.clusterBefore(l)
				if l.payload == FamilyHTTP && l.cluster.Family == FamilyTLS || lost(was, l) {
					r.add(l, was)
				}
			}
		}
	}
}

// lost is true of a leg that was under TLS and is in plaintext.
func lost(was Verdict, l leg) bool { return was == Originated && l.verdict() == Plaintext }

// doubtful adds the flows of clients of which nobody knows whether they exist, where they lose their TLS: nothing else is
// held against a review for their sake.
func (r *review) doubtful(host string, clients []Client, touched func(Client) bool) {
	r.losses = true
	defer func() { r.losses = false }()
	blends := slices.DeleteFunc(r.blends(clients), func(c Client) bool { return !touched(c) })
	for _, client := range blends {
		for _, number := range r.after.Ports(host) {
			r.client(client, host, number)
		}
	}
	r.routesHere(host, blends)
	r.gatewaysElsewhere(host, touched)
}

// mostBlends bounds how many pairs of labels are looked at: a rule names one set of them, a route as many as it likes.
const mostBlends = 4096

// blends gives pods that carry the labels by which the object under review singles pods out, and those by which another
// does at once.
func (r *review) blends(clients []Client) []Client {
	own := r.labelsNamed()
	if len(own) == 0 || len(own)*len(clients) > mostBlends {
		return nil
	}
	var list []Client
	known := map[string]bool{}
	for _, c := range clients {
		known[c.String()] = true
	}
	for _, c := range clients {
		if c.Kind != ClientSidecar || len(c.Labels) == 0 {
			continue
		}
		for _, labels := range own {
			blend, ok := joined(c.Labels, labels)
			if next := (Client{Kind: c.Kind, Namespace: c.Namespace, Labels: blend}); ok && !known[next.String()] {
				known[next.String()] = true
				list = append(list, next)
			}
		}
	}
	return list
}

// labelsNamed lists the labels by which the object under review singles pods out, now and before.
func (r *review) labelsNamed() []map[string]string {
	var list []map[string]string
	for _, o := range []*Object{r.object, r.old} {
		if o == nil {
			continue
		}
		switch spec := o.Spec.(type) {
		case *networking.DestinationRule:
			list = append(list, spec.GetWorkloadSelector().GetMatchLabels())
		case *networking.VirtualService:
			for from := range r.after.sources(r.after.settings.virtualService(o, spec)) {
				list = append(list, from.labels)
			}
		}
	}
	return slices.DeleteFunc(list, func(labels map[string]string) bool { return len(labels) == 0 })
}

// joined gives the labels of a pod that carries both; ok is false where no pod can.
func joined(a, b map[string]string) (map[string]string, bool) {
	both := maps.Clone(a)
	for k, v := range b {
		if have, ok := both[k]; ok && have != v {
			return nil, false
		}
		both[k] = v
	}
	return both, true
}

// gatewaysElsewhere adds the flows of gateway pods in namespaces where no Service tells of them.
func (r *review) gatewaysElsewhere(host string, touched func(Client) bool) {
	routes := append(r.after.gatewayRoutesTo(host), r.after.routesTo(host)...)
	if !slices.ContainsFunc(routes, (*virtualService).bindsGateway) {
		return
	}
	namespaces := append(r.before.vantageNamespaces(host), r.after.vantageNamespaces(host)...)
	slices.Sort(namespaces)
	for _, v := range routes {
		for _, name := range v.gateways {
			if name == meshGateway || r.after.tellsOfPods(name, v) {
				continue
			}
			client := r.after.gatewayNamed(name, v)
			for _, client.Namespace = range slices.Compact(namespaces) {
				for _, l := range r.after.gatewayLegsOf(v, name, client) {
					if l.host == host && touched(l.client) {
						r.add(l, r.clusterBefore(l))
					}
				}
			}
		}
	}
}

package mesh

import (
	"iter"
	"slices"
)

// gatewayWays are the ways through gateways in a snapshot, as far as a review has asked for them. A review asks for the same
// Gateway once for each route that is bound to it, and for the same route once for each host to which it leads.
type gatewayWays struct {
	snapshot *Snapshot
	facts    map[*Object]*gatewayFacts
	shared   map[[2]*Object]bool
	sent     map[servedWay][][]routeDestination       // by server
	served   map[servedWay]map[string][]gatewayServer // by host
	allowed  map[servedWay]bool
	guards   map[placeOfWay]*gatewayWay
	open     map[placeOfWay]bool
	made     madeHops
	verdicts map[hopAsked]Verdict
}

// gatewayFacts are what a review needs to know of a Gateway.
type gatewayFacts struct {
	servers []gatewayServer
	service *Object // see serviceOfGateway
	// mutual and open report whether any server asks all callers for an identity, and whether any does not.
	mutual, open bool
}

// servedWay tells ways apart.
type servedWay struct {
	gateway *Object
	route   *virtualService
	client  string
}

// placeOfWay is a host that the pods of a Gateway send to.
type placeOfWay struct {
	gateway Ref
	host    string
}

func newGatewayWays(s *Snapshot) *gatewayWays {
	return &gatewayWays{
		snapshot: s, facts: map[*Object]*gatewayFacts{}, shared: map[[2]*Object]bool{}, sent: map[servedWay][][]routeDestination{}, served: map[servedWay]map[string][]gatewayServer{},
		allowed: map[servedWay]bool{}, guards: map[placeOfWay]*gatewayWay{}, open: map[placeOfWay]bool{}, made: madeHops{}, verdicts: map[hopAsked]Verdict{},
	}
}

// waysAfter returns the ways after the review.
func (r *review) waysAfter() *gatewayWays {
	if r.ways[1] == nil {
		r.ways[1] = newGatewayWays(r.after)
	}
	return r.ways[1]
}

// waysBefore returns the ways before the review.
func (r *review) waysBefore() *gatewayWays {
	if r.ways[0] == nil {
		r.ways[0] = newGatewayWays(r.before)
	}
	return r.ways[0]
}

// of returns what there is to know of a Gateway.
func (w *gatewayWays) of(g *Object) *gatewayFacts {
	if known := w.facts[g]; known != nil {
		return known
	}
	f := &gatewayFacts{servers: mergedServersOf(g), service: w.snapshot.serviceOfGateway(g)}
	for _, srv := range f.servers {
		f.mutual = f.mutual || srv.isMutual()
		f.open = f.open || !srv.asksForIdentity()
	}
	w.facts[g] = f
	return f
}

// client is clientOfGateway.
func (w *gatewayWays) client(name string, via *virtualService) Client {
	g := w.snapshot.gateway(parseGatewayName(name))
	if g == nil {
		return w.snapshot.clientOfGateway(name, via)
	}
	return w.snapshot.gatewayClient(name, g, w.of(g).service, via)
}

// to returns an iterator over the ways to a host through the pods of a Gateway, by the Gateways for which wanted is true.
func (w *gatewayWays) to(host string, gateway *Object, wanted func(*gatewayFacts) bool) iter.Seq[gatewayWay] {
	return func(yield func(gatewayWay) bool) {
		for _, v := range w.snapshot.virtualServicesWithDestination(host) {
			for _, name := range v.gateways {
				g := w.snapshot.gateway(parseGatewayName(name))
				if g == nil || !wanted(w.of(g)) || !w.sharePods(g, gateway) {
					continue
				}
				if !yield(gatewayWay{gateway: g, route: v, client: w.client(name, v)}) {
					return
				}
			}
		}
	}
}

// sharePods is Snapshot.sharePods.
func (w *gatewayWays) sharePods(a, b *Object) bool {
	pair := [2]*Object{a, b}
	share, known := w.shared[pair]
	if !known {
		share = w.snapshot.sharePods(a, b)
		w.shared[pair] = share
	}
	return share
}

// destinations returns where each server of a way sends by its route. The caller must not change them.
func (w *gatewayWays) destinations(way gatewayWay) [][]routeDestination {
	key := servedWay{way.gateway, way.route, way.client.String()}
	sent, known := w.sent[key]
	if !known {
		for _, srv := range w.of(way.gateway).servers {
			sent = append(sent, w.snapshot.gatewayDestinationsOf(way.client, srv, way.route))
		}
		w.sent[key] = sent
	}
	return sent
}

// serversTo returns the servers from which a way leads to a host. The caller must not change them.
func (w *gatewayWays) serversTo(way gatewayWay, host string) []gatewayServer {
	key := servedWay{way.gateway, way.route, way.client.String()}
	hosts, known := w.served[key]
	if !known {
		hosts = map[string][]gatewayServer{}
		sent := w.destinations(way)
		for i, srv := range w.of(way.gateway).servers {
			var led []string
			for _, d := range sent[i] {
				led = append(led, d.Host)
			}
			slices.Sort(led)
			for _, h := range slices.Compact(led) {
				hosts[h] = append(hosts[h], srv)
			}
		}
		w.served[key] = hosts
	}
	return hosts[host]
}

// openServersTo returns the servers from which a way leads callers without a checked identity to a host: where a policy asks for one,
// those that take any certificate for it.
func (w *gatewayWays) openServersTo(way gatewayWay, host string) []gatewayServer {
	open := slices.DeleteFunc(slices.Clone(w.serversTo(way, host)), gatewayServer.asksForIdentity)
	if len(open) > 0 && w.authorizes(way) {
		open = slices.DeleteFunc(open, func(srv gatewayServer) bool { return !srv.takesAnyCertificate() })
	}
	return open
}

// authorizes is authorizesGateway for the pods of a way.
func (w *gatewayWays) authorizes(way gatewayWay) bool {
	key := servedWay{gateway: way.gateway, client: way.client.String()}
	allowed, known := w.allowed[key]
	if !known {
		allowed = w.snapshot.authorizesGateway(way.client)
		w.allowed[key] = allowed
	}
	return allowed
}

// verdict returns the verdict that of returns for the cluster of a hop: many routes lead to one.
func (w *gatewayWays) verdict(h hop, of func(hop) Verdict) Verdict {
	asked := askedHop(h.client, h.host, h.port, h.subset, h.payload)
	found, known := w.verdicts[asked]
	if !known {
		found = of(h)
		w.verdicts[asked] = found
	}
	return found
}

// hopsOf returns the hops by v out of a Gateway, whose pods are client.
func (w *gatewayWays) hopsOf(v *virtualService, name string) []hop {
	client, routes := w.client(name, v), w.snapshot.gatewayRoutesOf(v)
	routes.made = w.made
	g := w.snapshot.gateway(parseGatewayName(name))
	if g == nil || len(gatewaySpec(g).Servers) == 0 {
		return routes.unknownGatewayHops(name, client)
	}
	return routes.hopsTo(client, w.destinations(gatewayWay{gateway: g, route: v, client: client}))
}

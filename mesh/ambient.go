package mesh

import "slices"

// The labels that say how a namespace or a service takes part in an ambient mesh, and the class of a Gateway that is a
// waypoint (istio.io/istio pkg/config/constants).
const (
	ambientLabel           = "istio.io/dataplane-mode"
	useWaypointLabel       = "istio.io/use-waypoint"
	waypointNamespaceLabel = "istio.io/use-waypoint-namespace"
	waypointClass          = "istio-waypoint"
)

func (s *Snapshot) isAmbient(namespace string) bool {
	_, yes := s.ambient.get(namespace)
	return yes
}

// ambientClient is the vantage of pods of an ambient namespace towards a service: its waypoint, where it has one
// that exists, or else the ztunnel, which reads no rules.
func (s *Snapshot) ambientClient(namespace string, svc *service) Client {
	waypoint := Client{Kind: ClientWaypoint, Namespace: s.waypointOf(svc)}
	if waypoint.Namespace != "" && s.ServedAt(waypoint, svc.host) {
		return waypoint
	}
	return Client{Kind: ClientZtunnel, Namespace: namespace}
}

// waypointOf gives the namespace of a service's waypoint: the label on the service, then on its namespace; "none"
// switches it off (pilot/pkg/serviceregistry/ambient/waypoints.go fetchWaypointForService).
func (s *Snapshot) waypointOf(svc *service) string {
	labels := svc.labels
	if _, own := labels[useWaypointLabel]; !own {
		namespace := s.Get(Ref{Kind: KindNamespace, Name: svc.namespace})
		if namespace == nil {
			return ""
		}
		labels = namespace.Labels
	}
	name := labels[useWaypointLabel]
	if name == "" || name == "none" {
		return ""
	}
	where, named := labels[waypointNamespaceLabel]
	if !named {
		where = svc.namespace
	}
	gateway := s.Get(Ref{Kind: KindKubernetesGateway, Namespace: where, Name: name})
	if gateway == nil || !gateway.Spec.(*KubernetesGateway).serves(where, svc.namespace) {
		return ""
	}
	if serves := gateway.Labels["istio.io/waypoint-for"]; !slices.Contains([]string{"", "service", "all"}, serves) {
		return ""
	}
	return where
}

// waypointsOf lists the waypoints that stand for a host, whoever is behind them: single pods may be ambient where their
// namespace is not, and ingress gateways may go by waypoints too.
func (s *Snapshot) waypointsOf(host string) []Client {
	var list []Client
	for _, svc := range s.services.at(host) {
		client := Client{Kind: ClientWaypoint, Namespace: s.waypointOf(svc)}
		if client.Namespace != "" && s.ServedAt(client, host) && !slices.ContainsFunc(list, func(have Client) bool { return have.Namespace == client.Namespace }) {
			list = append(list, client)
		}
	}
	slices.SortFunc(list, Client.compare)
	return list
}

// serves tells whether this is a waypoint that takes services of a namespace. One that selects namespaces by their
// labels is taken to select it.
func (g *KubernetesGateway) serves(own, namespace string) bool {
	return g.IsWaypoint() && (own == namespace || g.From == "All" || g.From == "Selector")
}

// ServedAt tells whether a waypoint serves a host: traffic for it passes through the waypoint. Other hosts it knows
// only as destinations of routes.
func (s *Snapshot) ServedAt(waypoint Client, host string) bool {
	_, ok := s.servedAt(waypoint, s.services.at(host))
	return ok && waypoint.Kind == ClientWaypoint
}

// servedAt is the service for which a waypoint stands: that of its namespace which stands for all, as written, no
// ports merged in (pilot/pkg/networking/core/waypoint.go findWaypointResources). An alias brings no one to a waypoint.
func (s *Snapshot) servedAt(waypoint Client, all []*service) (view, bool) {
	known := firsts(all)
	attached := slices.DeleteFunc(slices.Clone(all), func(svc *service) bool { return svc.alias })
	for _, svc := range firsts(attached) {
		if s.waypointOf(svc) != waypoint.Namespace {
			continue
		}
		i := slices.IndexFunc(known, func(other *service) bool { return other.namespace == svc.namespace })
		if chosen := known[i]; !chosen.dynamic() || chosen.external {
			return view{service: chosen, ports: chosen.ports, inbound: true}, true
		}
	}
	return view{}, false
}

// rulesAt looks up a client's rules for a service that it knows.
func (s *Snapshot) rulesAt(client Client, svc view) lookup {
	namespace, ok := s.ruledFrom(client, svc)
	if !ok {
		return lookup{unseen: true}
	}
	return s.rulesFor(client.Namespace, svc.host, namespace)
}

// ruledFrom is the service's namespace in which a client's lookup goes on. A waypoint has it from the service that its own
// namespace sees of the host, which need not be the one that it stands for.
func (s *Snapshot) ruledFrom(client Client, svc view) (namespace string, ok bool) {
	if !svc.inbound {
		return svc.namespace, true
	}
	seen, ok := combine(exported(s.services.at(svc.host), client.Namespace))
	if !ok {
		return "", false
	}
	return seen.namespace, true
}

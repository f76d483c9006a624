package mesh

import "slices"

// ambientMode is the value of ambientLabel for what is part of the ambient mesh.
const ambientMode = "ambient"

// isAmbient reports whether a namespace is labelled to be part of the ambient mesh.
func (s *Snapshot) isAmbient(namespace string) bool {
	_, yes := s.ambientNamespaces.Get(namespace)
	return yes
}

// ambientClient returns the proxy before pods of an ambient namespace that call a service: its waypoint, where it has
// one, or else the ztunnel, which reads no DestinationRules.
func (s *Snapshot) ambientClient(namespace string, svc *service) Client {
	waypoint := Client{Kind: ClientWaypoint, Namespace: s.waypointNamespaceOf(svc)}
	if waypoint.Namespace != "" && s.WaypointServes(waypoint, svc.host) {
		return waypoint
	}
	return Client{Kind: ClientZtunnel, Namespace: namespace}
}

// ClientOf returns the proxy before one pod that calls host: its sidecar or, in an ambient namespace, the waypoint of
// host or the ztunnel.
func (s *Snapshot) ClientOf(namespace string, labels map[string]string, host string) Client {
	if !s.isAmbient(namespace) {
		return Client{Kind: ClientSidecar, Namespace: namespace, Labels: labels}
	}
	for _, svc := range s.services.At(host) {
		if visible(svc.exportTo, svc.namespace, namespace) {
			return s.ambientClient(namespace, svc)
		}
	}
	return Client{Kind: ClientZtunnel, Namespace: namespace}
}

// isClientOf reports whether a client is the proxy that its pods have for host: a waypoint that stands for host, or what
// ClientOf returns for pods of its namespace. Before a ServiceEntry is there, that is the ztunnel of an ambient
// namespace; with it, the waypoint that the entry's namespace uses.
func (s *Snapshot) isClientOf(c Client, host string) bool {
	if c.Kind == ClientWaypoint {
		return s.WaypointServes(c, host)
	}
	return c.Kind == ClientGateway || s.ClientOf(c.Namespace, nil, host).Kind == c.Kind
}

// waypointNamespaceOf returns the namespace of a service's waypoint, "" if it has none: the label on the service
// counts before that on its namespace, and "none" switches it off (pilot/pkg/serviceregistry/ambient/waypoints.go
// fetchWaypointForService).
func (s *Snapshot) waypointNamespaceOf(svc *service) string {
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
	if gateway == nil || !gateway.Spec.(*KubernetesGateway).servesNamespace(where, svc.namespace) {
		return ""
	}
	if serves := gateway.Labels["istio.io/waypoint-for"]; !slices.Contains([]string{"", "service", "all"}, serves) {
		return ""
	}
	return where
}

// waypointClients returns the waypoints that stand for a host, whether or not a namespace is ambient: single pods may
// be, and ingress gateways may send through waypoints too.
func (s *Snapshot) waypointClients(host string) []Client {
	var list []Client
	for _, svc := range s.services.At(host) {
		client := Client{Kind: ClientWaypoint, Namespace: s.waypointNamespaceOf(svc)}
		if client.Namespace != "" && s.WaypointServes(client, host) && !slices.ContainsFunc(list, func(have Client) bool { return have.Namespace == client.Namespace }) {
			list = append(list, client)
		}
	}
	slices.SortFunc(list, Client.compare)
	return list
}

// WaypointServes reports whether a waypoint stands for a host, so that calls to it pass through the waypoint. Other
// hosts a waypoint knows only as destinations of routes.
func (s *Snapshot) WaypointServes(waypoint Client, host string) bool {
	_, ok := s.waypointService(waypoint, s.services.At(host))
	return ok && waypoint.Kind == ClientWaypoint
}

// waypointService returns the service for which a waypoint stands: the one of servicePerNamespace that uses it, as
// written, no ports merged in (pilot/pkg/networking/core/waypoint.go findWaypointResources). A Service of type
// ExternalName counts as none when it is asked which one uses the waypoint.
func (s *Snapshot) waypointService(waypoint Client, all []*service) (scopedService, bool) {
	known := servicePerNamespace(all)
	attached := slices.DeleteFunc(slices.Clone(all), func(svc *service) bool { return svc.alias })
	for _, svc := range servicePerNamespace(attached) {
		if s.waypointNamespaceOf(svc) != waypoint.Namespace {
			continue
		}
		i := slices.IndexFunc(known, func(other *service) bool { return other.namespace == svc.namespace })
		if chosen := known[i]; !chosen.isDynamicDNS() || chosen.meshExternal {
			return scopedService{service: chosen, ports: chosen.ports, atWaypoint: true}, true
		}
	}
	return scopedService{}, false
}

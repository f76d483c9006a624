package mesh

import "slices"

// ambientMode is the value of ambientLabel for what is part of the ambient mesh.
const ambientMode = "ambient"

// isAmbient reports whether a namespace is labelled to be part of the ambient mesh.
func (s *Snapshot) isAmbient(namespace string) bool {
	_, yes := s.ambientNamespaces.Get(namespace)
	return yes
}

// ambientService returns the service that pods of an ambient namespace have for a host, whatever its exportTo; nil if there
// is none (ztunnel src/state/service.rs find_best_match, pilot/pkg/serviceregistry/ambient/services.go
// selectWorkloadServices):
//  1. that of their own namespace, a Kubernetes Service before the oldest ServiceEntry;
//  2. a Kubernetes Service, else the oldest of all.
//
// Services of type ExternalName are not known.
func (s *Snapshot) ambientService(namespace, host string) *service {
	all := s.services.At(host)
	if slices.ContainsFunc(all, isExternalName) {
		all = slices.DeleteFunc(slices.Clone(all), isExternalName)
	}
	var best *service
	for _, svc := range servicePerNamespace(all) {
		if svc.namespace == namespace {
			return svc
		}
		if best == nil || svc.kubernetes && !best.kubernetes {
			best = svc
		}
	}
	return best
}

func isExternalName(svc *service) bool { return svc.externalName != "" }

// ambientClient returns the proxy before pods of an ambient namespace that call a service: its waypoint, where it has
// one, or else the ztunnel, which reads no DestinationRules. ztunnel knows a service by its address: the name of one that
// never has any it leaves to the resolver behind it, and passes on what goes to the address that this one says
// (ztunnel src/dns/server.rs find_server).
func (s *Snapshot) ambientClient(namespace string, svc *service) Client {
	waypoint := Client{Kind: ClientWaypoint, Namespace: s.waypointNamespaceOf(svc)}
	if waypoint.Namespace != "" && !svc.hasNoAddress() && s.WaypointServes(waypoint, svc.host) {
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
	if svc := s.ambientService(namespace, host); svc != nil {
		return s.ambientClient(namespace, svc)
	}
	return Client{Kind: ClientZtunnel, Namespace: namespace}
}

// samePods returns the proxy that pods behind a ztunnel have for a host: it, or a waypoint. Other clients stay as they are.
func (s *Snapshot) samePods(c Client, host string) Client {
	if c.Kind != ClientZtunnel {
		return c
	}
	return s.ClientOf(c.Namespace, nil, host)
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

// waypointNamespaceOf returns the namespace of a service's waypoint, "" if it has none.
func (s *Snapshot) waypointNamespaceOf(svc *service) string {
	used, ok := s.useOfWaypoint(svc.namespace, svc.labels)
	if !ok || !s.servesAsWaypoint(used, svc.namespace) {
		return ""
	}
	return used.Namespace
}

// useOfWaypoint returns the Gateway that the labels of a service of a namespace, or else those of the namespace, name as its
// waypoint; ok is false where there is none. "none" switches it off (pilot/pkg/serviceregistry/ambient/waypoints.go
// fetchWaypointForService).
func (s *Snapshot) useOfWaypoint(namespace string, labels map[string]string) (gateway Ref, ok bool) {
	if _, own := labels[useWaypointLabel]; !own {
		o := s.Get(Ref{Kind: KindNamespace, Name: namespace})
		if o == nil {
			return Ref{}, false
		}
		labels = o.Labels
	}
	name := labels[useWaypointLabel]
	where, named := labels[waypointNamespaceLabel]
	if !named {
		where = namespace
	}
	return Ref{Kind: KindKubernetesGateway, Namespace: where, Name: name}, name != "" && name != "none"
}

// servesAsWaypoint reports whether a Gateway is there, and is a waypoint for services of a namespace.
func (s *Snapshot) servesAsWaypoint(gateway Ref, namespace string) bool {
	o := s.Get(gateway)
	return o != nil && s.whyNoWaypoint(o, namespace) == nil
}

// isWaypoint reports whether a Gateway of the Gateway API is a waypoint, which serves clients of the mesh alone: its class has
// Istio's controller of these. A class that is not known is one by its name.
func (s *Snapshot) isWaypoint(gateway *Object) bool {
	name := gateway.Spec.(*KubernetesGateway).ClassName
	if class := s.gatewayClass(name); class != nil {
		return class.Spec.(*GatewayClass).Controller == waypointController
	}
	return name == waypointClass
}

// gatewayClass returns a GatewayClass, nil where it is not there.
func (s *Snapshot) gatewayClass(name string) *Object {
	return s.Get(Ref{Kind: KindGatewayClass, Name: name})
}

// whyNoWaypoint returns what makes a Gateway no waypoint for services of a namespace, nil where it is one:
//  1. its class;
//  2. its label istio.io/waypoint-for or, where it has none, that of its class
//     (pilot/pkg/serviceregistry/ambient/waypoints.go gatewayToWaypointTransform);
//  3. that it has no listener to which ztunnels connect;
//  4. the namespaces that its listener allows (attachmentListener).
func (s *Snapshot) whyNoWaypoint(gateway *Object, namespace string) *Decision {
	spec, class := gateway.Spec.(*KubernetesGateway), s.gatewayClass(gateway.Spec.(*KubernetesGateway).ClassName)
	serves := gateway
	if _, labelled := gateway.Labels[waypointForLabel]; !labelled && class != nil {
		serves = class
	}
	kind, labelled := serves.Labels[waypointForLabel]
	_, tunnelled := spec.tunnel()
	allowed := spec.attachmentListener(inboundBinding(gateway, class))
	switch {
	case !s.isWaypoint(gateway):
		return &Decision{Object: gateway.Ref, Field: "spec.gatewayClassName"}
	case labelled && kind != "service" && kind != "all":
		return &Decision{Object: serves.Ref, Field: "metadata.labels[" + waypointForLabel + "]"}
	case !tunnelled, !allowed.allows(gateway.Namespace, namespace, func() map[string]string { return s.labelsOfNamespace(namespace) }):
		return &Decision{Object: gateway.Ref, Field: "spec.listeners"}
	}
	return nil
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

package mesh

import "slices"

// The labels that say how a namespace or a service takes part in an ambient mesh.
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
	if waypoint := s.waypointOf(svc); waypoint != "" {
		return Client{Kind: ClientWaypoint, Namespace: waypoint}
	}
	return Client{Kind: ClientZtunnel, Namespace: namespace}
}

// waypointOf gives the namespace of a service's waypoint: the label on the service, then on its namespace; "none"
// switches it off (pilot/pkg/serviceregistry/kube/controller/ambient/waypoints.go).
func (s *Snapshot) waypointOf(svc *service) string {
	labels := svc.labels
	if labels[useWaypointLabel] == "" {
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
	where := labels[waypointNamespaceLabel]
	if where == "" {
		where = svc.namespace
	}
	gateway := s.Get(Ref{Kind: KindKubernetesGateway, Namespace: where, Name: name})
	if gateway == nil || gateway.Spec.(*KubernetesGateway).ClassName != waypointClass {
		return ""
	}
	if serves := gateway.Labels["istio.io/waypoint-for"]; !slices.Contains([]string{"", "service", "all"}, serves) {
		return ""
	}
	return where
}

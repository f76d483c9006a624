package mesh

import "time"

// The kinds that decide what the proxies do, as Kubernetes spells them.
const (
	KindServiceEntry        = "ServiceEntry"
	KindDestinationRule     = "DestinationRule"
	KindVirtualService      = "VirtualService"
	KindGateway             = "Gateway"
	KindSidecar             = "Sidecar"
	KindWorkloadEntry       = "WorkloadEntry"
	KindAuthorizationPolicy = "AuthorizationPolicy"
	KindService             = "Service"
	KindNamespace           = "Namespace"
	// KindKubernetesGateway is a Gateway of gateway.networking.k8s.io. The mesh reads it only to find waypoints.
	KindKubernetesGateway = "KubernetesGateway"
)

// Ref names one object of the mesh. Versions of one kind are the same object.
type Ref struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// String gives "Kind namespace/name", or "Kind name" for what has no namespace.
func (r Ref) String() string {
	kind := r.Kind
	if kind == KindKubernetesGateway {
		kind = "Gateway (gateway.networking.k8s.io)"
	}
	if r.Namespace == "" {
		return kind + " " + r.Name
	}
	return kind + " " + r.Namespace + "/" + r.Name
}

// Object is one Kubernetes object as the mesh reads it. It is immutable once it is in a Snapshot.
type Object struct {
	Ref
	APIVersion  string
	Labels      map[string]string
	Annotations map[string]string
	// Created is metadata.creationTimestamp. The zero time counts as the newest of all:
	// an object under review has not been stored yet.
	Created time.Time
	// Spec is one of *networking.ServiceEntry, *networking.DestinationRule, *networking.VirtualService,
	// *networking.Gateway, *networking.Sidecar, *networking.WorkloadEntry, *security.AuthorizationPolicy
	// (istio.io/api), *Service, *KubernetesGateway, or nil for a Namespace.
	Spec any
}

// Service is what the mesh reads of a Kubernetes Service.
type Service struct {
	// Selector is spec.selector: the labels of the pods behind the Service.
	Selector map[string]string
	// Ports lists spec.ports.
	Ports []ServicePort
	// ExternalName is spec.externalName, for type ExternalName.
	ExternalName string
	// Headless is true for clusterIP None.
	Headless bool
}

// ServicePort is one of a Service's ports.
type ServicePort struct {
	Number   uint32
	Name     string
	Protocol string // the L4 protocol
	// AppProtocol is spec.ports[].appProtocol.
	AppProtocol string
}

// KubernetesGateway is what the mesh reads of a gateway.networking.k8s.io Gateway.
type KubernetesGateway struct {
	// ClassName is spec.gatewayClassName; "istio-waypoint" makes it a waypoint.
	ClassName string
	// From is allowedRoutes.namespaces.from of its HBONE listener: All, Selector, or "" and Same for its own namespace.
	From string
}

// IsWaypoint says whether it is a waypoint, which serves the mesh's own clients alone.
func (g *KubernetesGateway) IsWaypoint() bool { return g.ClassName == waypointClass }

package mesh

import "time"

// The kinds that the mesh reads, as Kubernetes spells them.
const (
	KindServiceEntry        = "ServiceEntry"
	KindDestinationRule     = "DestinationRule"
	KindVirtualService      = "VirtualService"
	KindGateway             = "Gateway"
	KindSidecar             = "Sidecar"
	KindWorkloadEntry       = "WorkloadEntry"
	KindEnvoyFilter         = "EnvoyFilter"
	KindAuthorizationPolicy = "AuthorizationPolicy"
	// Of the next five the mesh answers nothing: their own reviews name what they move (PlaintextCalls, OutsideModelOf).
	KindPeerAuthentication    = "PeerAuthentication"
	KindRequestAuthentication = "RequestAuthentication"
	KindProxyConfig           = "ProxyConfig"
	KindWasmPlugin            = "WasmPlugin"
	KindTrafficExtension      = "TrafficExtension"
	KindService               = "Service"
	KindNamespace             = "Namespace"
	// KindIngress is an Ingress of networking.k8s.io.
	KindIngress = "Ingress"
	// KindKubernetesGateway is a Gateway of gateway.networking.k8s.io: a waypoint, a gateway of Istio's, or none of its.
	KindKubernetesGateway = "KubernetesGateway"
	// KindGatewayClass is a GatewayClass of gateway.networking.k8s.io, which is of no namespace.
	KindGatewayClass = "GatewayClass"
	// The routes of gateway.networking.k8s.io.
	KindHTTPRoute = "HTTPRoute"
	KindGRPCRoute = "GRPCRoute"
	KindTLSRoute  = "TLSRoute"
	KindTCPRoute  = "TCPRoute"
	// KindBackendTLSPolicy is a BackendTLSPolicy of gateway.networking.k8s.io.
	KindBackendTLSPolicy = "BackendTLSPolicy"
	// KindListenerSet is a ListenerSet, KindReferenceGrant a ReferenceGrant of gateway.networking.k8s.io.
	KindListenerSet    = "ListenerSet"
	KindReferenceGrant = "ReferenceGrant"
)

// Ref names one object of the mesh. Versions of one kind are the same object.
type Ref struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// String returns "Kind namespace/name", or "Kind name" for what has no namespace.
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

// InNamespace returns the namespace to which an object belongs: a Namespace belongs to itself.
func (r Ref) InNamespace() string {
	if r.Kind == KindNamespace {
		return r.Name
	}
	return r.Namespace
}

// key returns the object's key in a Snapshot, in the order of kind, namespace and name.
func (r Ref) key() string { return r.Kind + "\x00" + r.Namespace + "\x00" + r.Name }

// Object is one Kubernetes object as the mesh reads it. It is immutable once it is in a Snapshot.
type Object struct {
	Ref
	APIVersion  string
	Labels      map[string]string
	Annotations map[string]string
	// Created is metadata.creationTimestamp. The zero time counts as the newest of all:
	// an object under review has not been stored yet.
	Created time.Time
	// Terminating reports whether metadata.deletionTimestamp is set: finalizers keep the object, and Istio obeys it until
	// it is gone.
	Terminating bool
	// Held reports whether there are metadata.finalizers, which keep the object after its deletion.
	Held bool
	// UID is metadata.uid of a ServiceEntry; "" of one that is not stored, and of other kinds.
	UID string
	// Owned is by whom a DestinationRule is owned and written, where ServiceEntries own it; nil where none does.
	Owned *Owned
	// Status is what Istio reads of the status of a ServiceEntry: the addresses that it has allocated.
	Status []HostAddress
	// Spec is one of *networking.ServiceEntry, *networking.DestinationRule, *networking.VirtualService,
	// *networking.Gateway, *networking.Sidecar, *networking.WorkloadEntry, *networking.EnvoyFilter,
	// *security.AuthorizationPolicy, *security.PeerAuthentication, *security.RequestAuthentication, *networkingv1beta1.ProxyConfig,
	// *extensions.WasmPlugin, *extensions.TrafficExtension (istio.io/api), *Service, *KubernetesGateway, *GatewayClass, *KubernetesRoute, *BackendTLSPolicy, *ListenerSet, *ReferenceGrant, *Ingress, *Workload, or nil for a Namespace.
	Spec any
	// Unknown are the paths of fields of the spec that this program's istio.io/api does not have, as "spec.http[0].x".
	Unknown []string
	// made is set for a DestinationRule that istiod makes of BackendTLSPolicies. It is in no Snapshot's objects, and its Ref is
	// that of the first of them.
	made *madeRule
	// listener is set for a Gateway that istiod makes of a listener of the Gateway API. It is in no Snapshot's objects.
	listener *madeListener
}

// HostAddress is one of status.addresses of a ServiceEntry.
type HostAddress struct {
	Host  string `json:"host"`
	Value string `json:"value"`
}

// Decision names the object and the field that decided something.
type Decision struct {
	Object Ref `json:"object"`
	// Field is a path into the object, as "spec.trafficPolicy.portLevelSettings[0].tls.mode".
	Field string `json:"field"`
}

// String returns "Kind namespace/name field".
func (d Decision) String() string {
	if d.Field == "" {
		return d.Object.String()
	}
	return d.Object.String() + " " + d.Field
}

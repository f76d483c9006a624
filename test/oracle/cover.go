package oracle

import (
	"fmt"
	"slices"
	"strings"
)

// Coverage counts constructs by name.
type Coverage map[string]int

// Add adds the counts of other.
func (c Coverage) Add(other Coverage) {
	for name, n := range other {
		c[name] += n
	}
}

// Missing lists the constructs that were never made, except for some.
func (c Coverage) Missing(except ...string) []string {
	var missing []string
	for _, name := range constructs {
		if c[name] == 0 && !slices.Contains(except, name) {
			missing = append(missing, name)
		}
	}
	return missing
}

// String lists the counts, one construct a line.
func (c Coverage) String() string {
	var b strings.Builder
	for _, name := range constructs {
		fmt.Fprintf(&b, "%8d  %s\n", c[name], name)
	}
	return b.String()
}

// cover counts one construct. A name that is not listed would escape Missing, so it is a mistake.
func (g *Generator) cover(name string) {
	if !slices.Contains(constructs, name) {
		panic("construct is not listed: " + name)
	}
	g.Coverage[name]++
}

// ambientConstructs are those that only an ambient mesh has.
var ambientConstructs = []string{
	"Namespace ambient", "Namespace uses a waypoint", "ServiceEntry uses a waypoint", "Service uses a waypoint",
	"use-waypoint none", "use-waypoint unknown", "use-waypoint-namespace", "waypoint", "waypoint for workloads only",
	"waypoint for all namespaces", "waypoint for its own namespace",
}

// gatewayConstructs are those that only a mesh for gateways' routes has.
var gatewayConstructs = []string{
	"Gateway TCP", "Gateway TLS without HTTP", "Gateway AUTO_PASSTHROUGH", "Gateway httpsRedirect", "Gateway HTTP2",
	"Gateway host of a namespace", "Gateway host of its own namespace", "VirtualService several sniHosts",
}

// kubernetesRouteConstructs are those that only a mesh with routes of the Gateway API has.
var kubernetesRouteConstructs = []string{
	"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "route of the mesh on a port", "route of the mesh on a parent that is not there",
	"route of the mesh of a consumer", "route of the mesh with a mirror", "route of the mesh with a Host header",
	"route of the mesh with a rewrite", "route of the mesh with a redirect", "route of the mesh with a filter that Istio does not know",
	"route of the mesh to a backend without a port", "route of the mesh to a backend of an unknown kind", "route of the mesh to a short name",
}

// kubernetesGatewayConstructs are those that only a mesh with Gateways of the Gateway API has.
var kubernetesGatewayConstructs = []string{
	"Gateway API", "Gateway API of another class", "Gateway API for pods that are there", "ListenerSet", "ReferenceGrant", "listener HTTPS",
	"listener TLS Passthrough", "listener TLS Terminate", "listener TCP", "listener with a hostname", "listener with kinds",
	"namespaces by a selector", "route at a section", "route at a port",
}

// backendConstructs are those that only a mesh with BackendTLSPolicies has.
var backendConstructs = []string{
	"BackendTLSPolicy", "BackendTLSPolicy for a Service", "BackendTLSPolicy for several targets", "BackendTLSPolicy for a target that is not there",
	"BackendTLSPolicy for a port", "BackendTLSPolicy for a port that is not there", "BackendTLSPolicy subjectAltNames", "BackendTLSPolicy ConfigMap",
	"BackendTLSPolicy Secret", "BackendTLSPolicy ignored", "BackendTLSPolicy of another revision",
}

// elsewhere are the constructs that only tests with meshes of their own make.
var elsewhere = slices.Concat(gatewayConstructs, kubernetesRouteConstructs, kubernetesGatewayConstructs, backendConstructs, reviewConstructs, gatewayAPIReviewConstructs, kubernetesGatewayReviewConstructs, attackConstructs)

// reviewConstructs are those of reviews.
var reviewConstructs = []string{
	"CREATE ServiceEntry", "UPDATE ServiceEntry", "DELETE ServiceEntry",
	"CREATE DestinationRule", "UPDATE DestinationRule", "DELETE DestinationRule",
	"CREATE VirtualService", "UPDATE VirtualService", "DELETE VirtualService",
	"CREATE Gateway", "UPDATE Gateway", "DELETE Gateway",
	"CREATE Sidecar", "UPDATE Sidecar", "DELETE Sidecar",
	"CREATE WorkloadEntry", "UPDATE WorkloadEntry", "DELETE WorkloadEntry",
}

// gatewayAPIReviewConstructs are those of reviews of the Gateway API's routes and policies.
var gatewayAPIReviewConstructs = []string{
	"CREATE HTTPRoute", "UPDATE HTTPRoute", "DELETE HTTPRoute", "CREATE GRPCRoute", "UPDATE GRPCRoute", "DELETE GRPCRoute",
	"CREATE TLSRoute", "UPDATE TLSRoute", "DELETE TLSRoute", "CREATE TCPRoute", "UPDATE TCPRoute", "DELETE TCPRoute",
	"CREATE BackendTLSPolicy", "UPDATE BackendTLSPolicy", "DELETE BackendTLSPolicy",
}

// kubernetesGatewayReviewConstructs are those of reviews of the Gateway API's Gateways.
var kubernetesGatewayReviewConstructs = []string{
	"CREATE KubernetesGateway", "UPDATE KubernetesGateway", "DELETE KubernetesGateway", "CREATE ListenerSet", "UPDATE ListenerSet", "DELETE ListenerSet",
	"CREATE ReferenceGrant", "UPDATE ReferenceGrant", "DELETE ReferenceGrant",
}

// attackConstructs are those of a tenant's writes alone.
var attackConstructs = []string{
	"metadata istio.io/rev", "metadata istio.io/use-waypoint", "metadata internal.istio.io", "metadata networking.istio.io/exportTo",
	"metadata security.istio.io/tlsMode", "metadata taken away", "finalizer", "match by addresses",
	"Namespace istio-injection", "Namespace istio.io/rev", "Namespace istio.io/dataplane-mode", "Namespace istio.io/use-waypoint",
	"waypoint for others", "waypoint of another class", "waypoint by a selector", "waypoint with another listener",
	"waypoint bound to a listener",
}

// constructs lists all that a generator can make.
var constructs = append([]string{
	"no creationTimestamp",
	"ServiceEntry exportTo unset", "ServiceEntry exportTo *", "ServiceEntry exportTo .", "ServiceEntry exportTo own name",
	"ServiceEntry exportTo other name", "ServiceEntry exportTo several", "ServiceEntry exportTo ~",
	"ServiceEntry exact host", "ServiceEntry wildcard host", "ServiceEntry several hosts", "ServiceEntry addresses",
	"ServiceEntry MESH_INTERNAL", "ServiceEntry MESH_EXTERNAL", "ServiceEntry location unset",
	"ServiceEntry resolution unset", "ServiceEntry resolution NONE", "ServiceEntry resolution STATIC",
	"ServiceEntry resolution DNS", "ServiceEntry resolution DNS_ROUND_ROBIN", "ServiceEntry resolution DYNAMIC_DNS",
	"ServiceEntry targetPort", "ServiceEntry endpoints", "ServiceEntry endpoint ports", "ServiceEntry workloadSelector",
	"ServiceEntry subjectAltNames", "ServiceEntry labels", "ServiceEntry protocol in odd case", "ServiceEntry endpoint serviceAccount",
	"protocol HTTP", "protocol HTTP2", "protocol GRPC", "protocol GRPC-Web", "protocol HTTP_PROXY", "protocol HTTPS",
	"protocol TLS", "protocol TCP", "protocol MONGO", "protocol MYSQL", "protocol REDIS", "protocol UDP", "protocol none",
	"protocol unknown",
	"WorkloadEntry", "WorkloadEntry ports", "WorkloadEntry labels in metadata",
	"Service", "Service headless", "Service ExternalName", "Service appProtocol", "Service exportTo annotation",
	"DestinationRule exportTo unset", "DestinationRule exportTo *", "DestinationRule exportTo .",
	"DestinationRule exportTo own name", "DestinationRule exportTo other name", "DestinationRule exportTo several",
	"DestinationRule exact host", "DestinationRule wildcard host", "DestinationRule short host",
	"DestinationRule workloadSelector", "DestinationRule empty workloadSelector", "DestinationRule no trafficPolicy",
	"DestinationRule top-level tls", "DestinationRule port-level tls", "DestinationRule port-level without tls",
	"DestinationRule subset", "DestinationRule subset tls", "DestinationRule subset port-level", "DestinationRule connectionPool",
	"DestinationRule outlierDetection", "DestinationRule loadBalancer",
	"tls without mode", "tls DISABLE", "tls SIMPLE", "tls MUTUAL with files", "tls MUTUAL without files", "tls ISTIO_MUTUAL",
	"tls sni", "tls subjectAltNames", "tls insecureSkipVerify", "tls credentialName", "tls configmap credential", "tls caCertificates",
	"VirtualService exportTo unset", "VirtualService exportTo *", "VirtualService exportTo .", "VirtualService exportTo own name",
	"VirtualService exportTo other name", "VirtualService exportTo several", "VirtualService exportTo ~",
	"VirtualService http", "VirtualService tls", "VirtualService tcp", "VirtualService subset", "VirtualService other host",
	"VirtualService port", "VirtualService no port", "VirtualService weights", "VirtualService weight 0", "VirtualService redirect", "VirtualService directResponse",
	"VirtualService mirror", "VirtualService delegate",
	"VirtualService rewrite.authority", "VirtualService headers Host", "VirtualService gateway", "VirtualService mesh and gateway",
	"VirtualService match port", "VirtualService match uri", "VirtualService match headers",
	"VirtualService match sourceLabels", "VirtualService match sourceNamespace", "VirtualService to gateway service",
	"Sidecar", "Sidecar workloadSelector", "Sidecar in the root namespace", "Sidecar egress hosts", "Sidecar egress port",
	"Sidecar egress exclusion", "Sidecar REGISTRY_ONLY", "Sidecar ALLOW_ANY",
	"Gateway", "Gateway HTTP", "Gateway HTTPS", "Gateway TLS PASSTHROUGH", "Gateway ISTIO_MUTUAL",
}, slices.Concat(meshConfigConstructs, ambientConstructs, elsewhere)...)

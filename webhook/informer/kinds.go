package informer

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/tlsward/tlsward/mesh"
)

// Kind is one kind of the mesh and where Kubernetes keeps it.
type Kind struct {
	// Name is as the mesh calls it.
	Name string
	schema.GroupKind
	// Versions are those that can be read. The first that is served is read: all of them give the same objects.
	Versions []string
}

// Resource returns the resource of the kind: "serviceentries.networking.istio.io".
func (k Kind) Resource() schema.GroupResource {
	name := strings.ToLower(k.Kind)
	switch {
	case strings.HasSuffix(name, "ay"):
		name += "s"
	case strings.HasSuffix(name, "y"):
		name = strings.TrimSuffix(name, "y") + "ies"
	case strings.HasSuffix(name, "s"):
		name += "es"
	default:
		name += "s"
	}
	return schema.GroupResource{Group: k.Group, Resource: name}
}

// Kinds returns the kinds that the mesh reads of a cluster.
func Kinds() []Kind {
	kinds := func(group string, names []string, versions ...string) []Kind {
		var out []Kind
		for _, name := range names {
			out = append(out, Kind{Name: name, GroupKind: schema.GroupKind{Group: group, Kind: name}, Versions: versions})
		}
		return out
	}
	out := kinds("networking.istio.io", []string{mesh.KindServiceEntry, mesh.KindDestinationRule,
		mesh.KindVirtualService, mesh.KindGateway, mesh.KindSidecar, mesh.KindWorkloadEntry}, "v1", "v1beta1", "v1alpha3")
	out = append(out, kinds("networking.istio.io", []string{mesh.KindEnvoyFilter}, "v1alpha3")...)
	out = append(out, kinds("networking.istio.io", []string{mesh.KindProxyConfig}, "v1beta1")...)
	out = append(out, kinds("security.istio.io", []string{mesh.KindAuthorizationPolicy, mesh.KindPeerAuthentication,
		mesh.KindRequestAuthentication}, "v1", "v1beta1")...)
	out = append(out, kinds("extensions.istio.io", []string{mesh.KindWasmPlugin, mesh.KindTrafficExtension}, "v1alpha1")...)
	out = append(out, kinds("networking.k8s.io", []string{mesh.KindIngress}, "v1")...)
	out = append(out, kinds("", []string{mesh.KindService, mesh.KindNamespace}, "v1")...)
	const gatewayAPI = "gateway.networking.k8s.io"
	out = append(out, kinds(gatewayAPI, []string{mesh.KindGatewayClass, mesh.KindHTTPRoute}, "v1", "v1beta1")...)
	out = append(out, kinds(gatewayAPI, []string{mesh.KindGRPCRoute, mesh.KindBackendTLSPolicy}, "v1")...) // Istio reads no older ones
	out = append(out, kinds(gatewayAPI, []string{mesh.KindListenerSet}, "v1")...)
	out = append(out, kinds(gatewayAPI, []string{mesh.KindReferenceGrant}, "v1", "v1beta1")...)
	out = append(out, kinds(gatewayAPI, []string{mesh.KindTLSRoute, mesh.KindTCPRoute}, "v1", "v1alpha3", "v1alpha2")...)
	return append(out, Kind{Name: mesh.KindKubernetesGateway, Versions: []string{"v1", "v1beta1"},
		GroupKind: schema.GroupKind{Group: gatewayAPI, Kind: "Gateway"}})
}

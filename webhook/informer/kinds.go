package informer

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/tlsward/tlsward/mesh"
)

// kind is one kind of the mesh and where Kubernetes keeps it. Of the versions the first that is served is read: all
// of them give the same objects.
type kind struct {
	name     string // as the mesh calls it
	group    schema.GroupKind
	versions []string
}

func kinds() []kind {
	istio := func(group string, names []string, versions ...string) []kind {
		var out []kind
		for _, name := range names {
			out = append(out, kind{name: name, group: schema.GroupKind{Group: group, Kind: name}, versions: versions})
		}
		return out
	}
	out := istio("networking.istio.io", []string{mesh.KindServiceEntry, mesh.KindDestinationRule,
		mesh.KindVirtualService, mesh.KindGateway, mesh.KindSidecar, mesh.KindWorkloadEntry}, "v1", "v1beta1", "v1alpha3")
	out = append(out, istio("networking.istio.io", []string{mesh.KindEnvoyFilter}, "v1alpha3")...)
	out = append(out, istio("networking.istio.io", []string{mesh.KindProxyConfig}, "v1beta1")...)
	out = append(out, istio("security.istio.io", []string{mesh.KindAuthorizationPolicy, mesh.KindPeerAuthentication,
		mesh.KindRequestAuthentication}, "v1", "v1beta1")...)
	out = append(out, istio("extensions.istio.io", []string{mesh.KindWasmPlugin, mesh.KindTrafficExtension}, "v1alpha1")...)
	out = append(out, istio("networking.k8s.io", []string{mesh.KindIngress}, "v1")...)
	out = append(out, istio("", []string{mesh.KindService, mesh.KindNamespace}, "v1")...)
	return append(out, kind{name: mesh.KindKubernetesGateway, versions: []string{"v1", "v1beta1"},
		group: schema.GroupKind{Group: "gateway.networking.k8s.io", Kind: "Gateway"}})
}

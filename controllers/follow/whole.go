package follow

import "github.com/tlsward/tlsward/mesh"

// ConcernsAll reports whether a change of an object may move the connections to any host: who sees what (Sidecar), whose control plane and
// which proxies there are (Namespace, a waypoint's Gateway), and which names are the cluster's own (Service).
func ConcernsAll(o *mesh.Object) bool {
	if o == nil {
		return false
	}
	switch o.Kind {
	case mesh.KindSidecar, mesh.KindNamespace, mesh.KindService, mesh.KindKubernetesGateway, mesh.KindGatewayClass:
		return true
	}
	return false
}

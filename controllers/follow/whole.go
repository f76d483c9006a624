package follow

import (
	"cmp"

	"github.com/tlsward/tlsward/mesh"
)

// ConcernsAll reports whether a change of an object may move the connections to any host: who sees what (Sidecar), whose control plane and
// which proxies there are (Namespace, a waypoint's Gateway), and which names are the cluster's own (Service). Of what only changes it does
// not, where the model does not read what was changed: Services are touched all day. was is nil for a new object, is for one that is gone.
func ConcernsAll(was, is *mesh.Object) bool {
	switch cmp.Or(is, was).Kind {
	case mesh.KindSidecar, mesh.KindNamespace, mesh.KindService, mesh.KindKubernetesGateway, mesh.KindGatewayClass:
		return was == nil || is == nil || !mesh.Alike(was, is)
	}
	return false
}

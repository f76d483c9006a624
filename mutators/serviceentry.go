package mutators

import (
	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// retarget gives HTTP ports that leave the mesh the target port on which the server speaks TLS. A port that has a
// targetPort, or whose endpoints all name their own port, is left as it is; so are the entries that have no use for
// one: those inside the mesh, those that select workloads of the cluster, and those that a forward proxy resolves.
func retarget(upgrades []v1alpha1.Upgrade, o *mesh.Object, d *document) {
	entry := o.Spec.(*networking.ServiceEntry)
	if entry.Location != networking.ServiceEntry_MESH_EXTERNAL || entry.WorkloadSelector != nil ||
		entry.Resolution == networking.ServiceEntry_DYNAMIC_DNS {
		return
	}
	for i, p := range entry.Ports {
		if p == nil || mesh.FamilyOf(p.Protocol) != mesh.FamilyHTTP || endpointsDecide(entry, p.Name) {
			continue
		}
		at := path{"spec", "ports", i, "targetPort"}
		for _, u := range upgrades {
			if u.Port == p.Number && d.get(at) == nil {
				d.set(at, u.TargetPort)
				break
			}
		}
	}
}

// endpointsDecide tells whether every endpoint says itself on which port it listens.
func endpointsDecide(entry *networking.ServiceEntry, port string) bool {
	for _, e := range entry.Endpoints {
		if e.GetPorts()[port] == 0 {
			return false
		}
	}
	return len(entry.Endpoints) > 0
}

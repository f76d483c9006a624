package mutators

import (
	"maps"
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/jsonpath"
	"github.com/tlsward/tlsward/mesh"
)

// mutateServiceEntry adds to HTTP ports that leave the mesh the target port on which the server speaks TLS. Left as
// they are:
//
//  1. ports that have a targetPort, or of which some endpoint names a port of its own;
//  2. entries inside the mesh: by their location, or since all their endpoints are;
//  3. entries that select workloads of the cluster;
//  4. entries that a forward proxy resolves (resolution DYNAMIC_DNS);
//  5. entries of which some client would have no rule then (see willHaveRules);
//  6. entries of link-local servers, as clouds have for their metadata on 169.254.169.254: they speak no TLS.
//
// whole is the mesh of every control plane with the object, and mine that of the one by which it is completed.
func mutateServiceEntry(cfg v1alpha1.Mutation, exempt Exempt, whole, mine *mesh.Snapshot, o *mesh.Object, d *document) error {
	targets := targetsOf(cfg.Upgrades, o.Spec.(*networking.ServiceEntry), d)
	if len(targets) == 0 || !mayBeMoved(mine, o) {
		return nil
	}
	if will, err := willHaveRules(cfg, exempt, whole, moved(o, targets)); err != nil || !will {
		return err
	}
	for _, i := range slices.Sorted(maps.Keys(targets)) {
		d.set(targetPath(i), targets[i])
	}
	return nil
}

// targetsOf returns where ports of an entry would be moved, by their index.
func targetsOf(upgrades []v1alpha1.Upgrade, entry *networking.ServiceEntry, d *document) map[int]uint32 {
	targets := map[int]uint32{}
	for i, p := range entry.Ports {
		if p == nil || mesh.FamilyOf(p.Protocol) != mesh.FamilyHTTP || endpointNamesPort(entry, p.Name) || jsonpath.Get(d.root, targetPath(i)) != nil {
			continue
		}
		if u := slices.IndexFunc(upgrades, func(u v1alpha1.Upgrade) bool { return u.Port == p.Number }); u >= 0 {
			targets[i] = upgrades[u].TargetPort
		}
	}
	return targets
}

func targetPath(port int) jsonpath.Path { return jsonpath.Path{"spec", "ports", port, "targetPort"} }

// moved returns an entry whose ports, by their index, lead elsewhere.
func moved(o *mesh.Object, targets map[int]uint32) *mesh.Object {
	after := *o
	entry := o.Spec.(*networking.ServiceEntry).DeepCopy()
	for i, target := range targets {
		entry.Ports[i].TargetPort = target
	}
	after.Spec = entry
	return &after
}

// mayBeMoved reports whether the entry is of servers outside the mesh, which may speak TLS on another port.
func mayBeMoved(snap *mesh.Snapshot, o *mesh.Object) bool {
	entry := o.Spec.(*networking.ServiceEntry)
	return isOfOtherServers(entry) && !mesh.IsLinkLocal(entry) && snap.LeavesMesh(o.Ref)
}

// isOfOtherServers reports whether an entry says itself that it is of servers outside the mesh, of which it knows where they are.
func isOfOtherServers(entry *networking.ServiceEntry) bool {
	return entry.Location == networking.ServiceEntry_MESH_EXTERNAL && entry.WorkloadSelector == nil && entry.Resolution != networking.ServiceEntry_DYNAMIC_DNS
}

// endpointNamesPort reports whether some endpoint says itself on which port it listens: whoever wrote it knows the ports.
func endpointNamesPort(entry *networking.ServiceEntry, port string) bool {
	return slices.ContainsFunc(entry.Endpoints, func(e *networking.WorkloadEntry) bool { return e.GetPorts()[port] != 0 })
}

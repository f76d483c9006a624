package mutators

import (
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
//  5. entries that some client has no rule for, where no companion will start TLS, or their namespace has too many of them;
//  6. entries of link-local servers, as clouds have for their metadata on 169.254.169.254: they speak no TLS.
func mutateServiceEntry(cfg v1alpha1.Mutation, after *mesh.Snapshot, o *mesh.Object, d *document) {
	entry := o.Spec.(*networking.ServiceEntry)
	targets := targetsOf(cfg.Upgrades, entry, d)
	if len(targets) == 0 || !mayBeMoved(after, o) {
		return
	}
	if keeps := cfg.KeepsCompanions() && mayHaveCompanions(cfg.Upgrades, after, o); !keeps && !haveRules(after, entry.Hosts) {
		return
	}
	for i := range entry.Ports {
		if target, ok := targets[i]; ok {
			d.set(targetPath(i), target)
		}
	}
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

// haveRules reports whether every client has a DestinationRule for each of the hosts.
func haveRules(snap *mesh.Snapshot, hosts []string) bool {
	for _, host := range hosts {
		if slices.ContainsFunc(snap.ClientsOfRules(host), func(c mesh.Client) bool { return len(snap.RulesFor(c, host)) == 0 }) {
			return false
		}
	}
	return true
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

package mutators

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// willHaveRules reports whether every client of an entry that is moved has a DestinationRule for each of its hosts: one that is there, or
// a companion that comes because it is moved. None comes for this entry, say, whose clients would send plaintext to a port that expects TLS:
//
//	hosts: ["*.bank.example"]
//	ports: [{number: 80, name: http, protocol: HTTP}]
//
// snap is the mesh of every control plane, before the entry is moved.
func willHaveRules(cfg v1alpha1.Mutation, exempt Exempt, snap *mesh.Snapshot, entry *mesh.Object) (bool, error) {
	var hosts []string
	for _, host := range entry.Spec.(*networking.ServiceEntry).Hosts {
		switch {
		case haveRules(snap, entry.Namespace, host):
		case !cfg.KeepsCompanions() || strings.HasPrefix(host, "*"):
			return false, nil // the others need not be looked up
		default:
			hosts = append(hosts, host)
		}
	}
	if len(hosts) == 0 {
		return true, nil
	}
	if !haveRoom(cfg.Upgrades, snap, entry, hosts) {
		return false, nil
	}
	with := snap.With(entry)
	for _, host := range hosts {
		c, _, err := CompanionFor(cfg, exempt, with, entry.Namespace, host)
		if c == nil || c.misses || err != nil {
			return false, err
		}
	}
	return true, nil
}

// haveRules reports whether every client for whom objects of a namespace declare a host has a DestinationRule for it, whichever control
// plane configures it.
func haveRules(snap *mesh.Snapshot, namespace, host string) bool {
	return !slices.ContainsFunc(snap.Meshes(), func(m *mesh.Snapshot) bool {
		return slices.ContainsFunc(m.ClientsOfRules(host), func(c mesh.Client) bool {
			return m.NamespaceFor(c, host) == namespace && len(m.RulesFor(c, host)) == 0
		})
	})
}

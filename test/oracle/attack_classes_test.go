package oracle

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"istio.io/istio/pkg/config/host"
)

// attackClass is a way in which a tenant takes a connection.
type attackClass struct {
	name string
	// is reports whether a loss was made in this way.
	is func(Loss) bool
}

// attackClasses are the ways that the search is known to find where nobody refuses them.
func attackClasses() []attackClass {
	by := func(operation, kind string) func(Loss) bool {
		return func(l Loss) bool { return l.By.Operation == operation && l.By.Object.Kind() == kind }
	}
	of := func(kind string) func(Loss) bool {
		return func(l Loss) bool { return l.By.Object.Kind() == kind }
	}
	return []attackClass{
		{"an object that is terminating is changed", func(l Loss) bool {
			return l.By.Operation == "UPDATE" && l.Stored != nil && l.Stored.metadata()["deletionTimestamp"] != nil
		}},
		{"the listener of another host's entry", func(l Loss) bool { return of("ServiceEntry")(l) && !declares(l) }},
		{"a port for requests beside one for bytes", func(l Loss) bool {
			return of("ServiceEntry")(l) && !declares(l) && l.to.family == bytesOfRequest && l.Cluster == "PassthroughCluster"
		}},
		{"an entry for the host inside the mesh", func(l Loss) bool {
			return of("ServiceEntry")(l) && declares(l) && l.By.Object.Spec()["location"] == "MESH_INTERNAL"
		}},
		{"an entry for the host outside the mesh", func(l Loss) bool {
			return by("CREATE", "ServiceEntry")(l) && declares(l) && l.By.Object.Spec()["location"] != "MESH_INTERNAL"
		}},
		{"a label or an annotation alone", func(l Loss) bool { return l.By.OnlyMetadata }},
		{"a Sidecar", of("Sidecar")},
		{"a WorkloadEntry", of("WorkloadEntry")},
		{"a route to a server of another name", func(l Loss) bool { return of("VirtualService")(l) && l.How == anotherName }},
		{"a route to where no name is checked", func(l Loss) bool { return of("VirtualService")(l) && l.How == lostCheck }},
		{"an http route", func(l Loss) bool { return of("VirtualService")(l) && l.How == lostTLS && hasRoutes(l, "http") }},
		{"a tcp route", func(l Loss) bool { return of("VirtualService")(l) && l.How == lostTLS && hasRoutes(l, "tcp") }},
		{"a match of a route by addresses", func(l Loss) bool {
			return of("VirtualService")(l) && strings.Contains(Mesh{l.By.Object}.YAML(), "own.example.net")
		}},
		{"what the egress gateway knows of the host", func(l Loss) bool { return l.ThroughGateway && declares(l) }},
		{"DISABLE, or no TLS, for a port without a protocol", func(l Loss) bool {
			return of("DestinationRule")(l) && l.How == lostTLS && l.to.family == "any bytes"
		}},
		{"DISABLE, or no TLS, for requests", func(l Loss) bool {
			return of("DestinationRule")(l) && l.How == lostTLS && l.to.family == "HTTP"
		}},
		{"a rule by selector", func(l Loss) bool { return of("DestinationRule")(l) && l.By.Object.Spec()["workloadSelector"] != nil }},
		{"a rule whose TLS Istio drops", func(l Loss) bool {
			text := Mesh{l.By.Object}.YAML()
			return of("DestinationRule")(l) && l.How == lostTLS && strings.Contains(text, "credentialName: client-cert") &&
				!strings.Contains(text, "DISABLE")
		}},
		{"the DELETE of what it had to itself", func(l Loss) bool { return l.By.Operation == "DELETE" }},
	}
}

// declares reports whether the object that took a connection declares its host, or a wildcard over it.
func declares(l Loss) bool {
	return slices.ContainsFunc(declaredHosts(l.By.Object), func(name string) bool {
		return host.Name(strings.ToLower(name)).Matches(host.Name(strings.ToLower(l.to.host)))
	})
}

func hasRoutes(l Loss, protocol string) bool { return l.By.Object.Spec()[protocol] != nil }

// TestAttackSearchSees shows that the search finds attacks of each class where nobody refuses them.
func TestAttackSearchSees(t *testing.T) {
	s := attackSearch{seed: 1, attacks: 5000, attacker: func() (*Attacker, error) { return new(Attacker), nil }}
	s.finds(t, attackClasses())
}

// finds fails unless the search finds a connection taken by each class.
func (s *attackSearch) finds(t *testing.T, classes []attackClass) {
	t.Helper()
	found := map[string]int{}
	s.enough = func(r AttackResult) bool {
		for _, l := range slices.Concat(r.Lost, r.LostOwn, r.Apart) {
			for _, c := range classes {
				if c.is(l) {
					found[c.name]++
				}
			}
		}
		return len(found) == len(classes)
	}
	s.all(t)
	for _, name := range slices.Sorted(maps.Keys(found)) {
		t.Logf("%8d  connections taken by %s", found[name], name)
	}
	for _, c := range classes {
		if found[c.name] == 0 {
			t.Errorf("none of %d attacks took a connection by %s", s.attacks, c.name)
		}
	}
}

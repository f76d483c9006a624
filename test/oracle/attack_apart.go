package oracle

import (
	"slices"
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// Why a loss in the tenant's own namespace counts apart: tlsward only warns there, or leaves it to the namespace whom it
// trusts.
const (
	// toldOf is a loss of which the write that made it was warned, by the policy whose id follows.
	toldOf = "warned of by "
	// ownNames are names that a rule or an entry of the namespace wrote down.
	ownNames = "the namespace's own choice of names"
	// ownRoute is a route of the namespace to another host that is declared, as which it is checked.
	ownRoute = "the namespace's own choice of host"
	// ownProxy are labels of the namespace that give its pods another proxy, or none: no sidecar is asked there.
	ownProxy = "the namespace's own choice of proxy"
)

// apart returns why a loss of the tenant's own namespace counts apart, "" where it does not. warned are the warnings on the
// write that made it, state the mesh after that:
//  1. its own Sidecar hides the host, keeps its listeners from it, or passes on what it hid, and undeclared-egress warned of
//     that, for the host or for it and others;
//  2. unverified-server warned of the cluster where it goes;
//  3. only DNS knows whether the listener that takes it does, and plaintext-egress warned of that;
//  4. the namespace has its pods go without sidecars;
//  5. names are checked that the namespace itself wrote down, or those of a declared host to which its own route leads.
func apart(l Loss, state Mesh, warned []policies.Violation) (string, error) {
	snapshot, err := Decode(state)
	if err != nil {
		return "", err
	}
	key, isService := keyOf(l.Cluster)
	told := func(policy string, names func(policies.Violation) bool) bool {
		return slices.ContainsFunc(warned, func(v policies.Violation) bool {
			return v.Policy == policy && v.Action == v1alpha1.Warn && isToldOf(v, l) && names(v)
		})
	}
	switch {
	case l.Client.Kind == mesh.ClientSidecar && !hasSidecars(state, l.Client.Namespace):
		return ownProxy, nil
	case l.How == lostTLS && !isService && !takesRequests(l, snapshot) && told("undeclared-egress", orOneOfMany(l.to.host)):
		return toldOf + "undeclared-egress", nil
	case l.How == lostCheck && told("unverified-server", isOf(key.Host)):
		return toldOf + "unverified-server", nil
	case l.How == lostTLS && l.to.whose == nobodys && (told("plaintext-egress", isOf(l.to.host)) || slices.ContainsFunc(warned, isOfMatch)):
		return toldOf + "plaintext-egress", nil
	case l.How == anotherName:
		return ownChoice(l, key, state, snapshot), nil
	}
	return "", nil
}

// takesRequests reports whether the client of a loss knows a service that takes what it sends: one for the application's TLS, such as a
// wildcard over a host that its Sidecar hides, passes on what has no SNI.
func takesRequests(l Loss, snapshot *mesh.Snapshot) bool {
	destinations, known := snapshot.Destinations(l.Client, l.to.host, l.to.port)
	return known && !slices.ContainsFunc(destinations, func(d mesh.Destination) bool {
		c, ok := snapshot.Cluster(l.Client, d.Host, d.Port, d.Subset)
		return ok && c.Family == mesh.FamilyTLS
	})
}

// isOf reports whether a warning names a host.
func isOf(host string) func(policies.Violation) bool {
	return func(v policies.Violation) bool { return v.Host == host }
}

// isOfMatch reports whether a warning is of a match that takes whatever goes to an address.
func isOfMatch(v policies.Violation) bool {
	return v.Policy == "plaintext-egress" && v.Action == v1alpha1.Warn && v.Client == "" && v.Host == ""
}

// orOneOfMany reports whether a warning names a host, or stands for more than the one that it names.
func orOneOfMany(host string) func(policies.Violation) bool {
	return func(v policies.Violation) bool {
		return v.Host == host || v.Host == "*" || strings.Contains(v.Message, " host more: ") || strings.Contains(v.Message, " hosts more: ")
	}
}

// hasSidecars reports whether the labels of a Namespace leave its pods their sidecars.
func hasSidecars(state Mesh, namespace string) bool {
	return !slices.ContainsFunc(state, func(d Document) bool {
		labels, _ := d.metadata()["labels"].(map[string]any)
		return d.Kind() == "Namespace" && d.Name() == namespace &&
			(labels["istio.io/dataplane-mode"] == "ambient" || labels["istio-injection"] == "disabled")
	})
}

// isToldOf reports whether a warning is about the client of a loss.
func isToldOf(v policies.Violation, l Loss) bool {
	namespace := "sidecar " + l.Client.Namespace
	return v.Client == namespace || v.Client == l.Client.String() || strings.HasPrefix(v.Client, namespace+" ")
}

// ownChoice returns which choice of its own namespace another name comes from.
func ownChoice(l Loss, key Key, state Mesh, snapshot *mesh.Snapshot) string {
	c, ok := snapshot.Cluster(l.Client, key.Host, key.Port, key.Subset)
	switch decided := c.Hop.DecidedBy; {
	case !ok:
		return ""
	case key.Host != l.to.host:
		if l.Is == key.Host && hasOwn(state, l, func(d Document) bool { return d.Kind() == "VirtualService" }) {
			return ownRoute
		}
	case decided != nil && decided.Object.Namespace == l.Client.Namespace,
		hasOwn(state, l, func(d Document) bool { return slices.Contains(declaredHosts(d), l.to.host) }):
		return ownNames
	}
	return ""
}

// hasOwn reports whether the namespace of a loss's client has an object for which is is true.
func hasOwn(state Mesh, l Loss, is func(Document) bool) bool {
	return slices.ContainsFunc(state, func(d Document) bool { return d.Namespace() == l.Client.Namespace && is(d) })
}

package oracle

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/tlsward/tlsward/mesh"
)

// isSilent reports whether nothing is said of any object of a mesh, judged as a CREATE beside all the others, after the
// mutating webhook completed each. It returns the mesh so completed.
func (a *Attacker) isSilent(ctx context.Context, m Mesh) (completed Mesh, silent bool, err error) {
	completed = slices.Clone(m)
	for _, mutate := range []bool{true, false} {
		for i, d := range completed {
			if _, ok := schemaOf(d.Kind()); !ok {
				continue // of Kubernetes: no webhook of its own said anything of what was there before
			}
			others := slices.Delete(slices.Clone(completed), i, i+1)
			decision, mutated, err := a.review(ctx, others, Write{Operation: "CREATE", Object: d}, -1)
			switch {
			case err != nil:
				return nil, false, err
			case mutate:
				completed[i] = mutated
			case len(decision.Violations) > 0:
				return completed, false, nil
			}
		}
	}
	return completed, true, nil
}

// unanswered lists the connections that leave a mesh, for what it declares, in plaintext or unchecked. TLS that the
// application starts is its own, and so is what a client sends to a port that no entry declares to its namespace. Bytes sent to
// an address at which the mesh does not have the host are for nothing that it declares. Pods without sidecars are not walked.
func (a *Attacker) unanswered(m Mesh) ([]string, error) {
	declared := slices.DeleteFunc(slices.Clone(m), func(d Document) bool { return isForNobody(d) || isOfAnotherRevision(d) })
	walks, err := a.walk(m, resolved(declared))
	if err != nil {
		return nil, err
	}
	snapshot, err := Decode(m)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, w := range *walks {
		client := w.client
		if client.Namespace == emptyNamespace {
			client.Namespace = mesh.AnyNamespace
		}
		if w.unknown || w.payload.TLS != nil || !hasSidecars(m, w.client.Namespace) || !isDeclaredTo(declared, w.to, w.client.Namespace) || !w.to.meant(snapshot, client) {
			continue
		}
		if how, cluster := worst(w.outcomes); how != "" && leaves(w.outcomes) {
			list = append(list, fmt.Sprintf("%s -> %s:%d at %s (%s): %s to %s",
				w.client, w.to.host, w.to.port, w.to.address, w.to.family, how, cluster))
		}
	}
	return list, nil
}

// isDeclaredTo reports whether an entry declares to a namespace where a connection goes: its host and port, by its protocol, for
// requests at any address, else at a VIP, or at an endpoint where the entry has no VIP.
func isDeclaredTo(m Mesh, to arrival, namespace string) bool {
	return slices.ContainsFunc(m, func(d Document) bool {
		hasPort := slices.ContainsFunc(declaredPorts(d), func(p declaredPort) bool { return p.number == to.port && p.protocol == to.protocol })
		return hasPort && slices.Contains(declaredHosts(d), to.host) && isExportedTo(d, namespace) &&
			(to.family == "HTTP" || isAt(d, to))
	})
}

// isExportedTo reports whether an entry is for the clients of a namespace.
func isExportedTo(d Document, namespace string) bool {
	exports, _ := d.Spec()["exportTo"].(list)
	return len(exports) == 0 || slices.Contains(exports, any("*")) || slices.Contains(exports, any(namespace)) ||
		d.Namespace() == namespace && slices.Contains(exports, any("."))
}

// isAt reports whether a connection goes to where clients find the hosts of an entry.
func isAt(d Document, to arrival) bool {
	found := map[string]bool{}
	addresses(d, func(a netip.Addr, whose string) {
		found[whose] = true
		found[whose+a.String()] = true
	})
	return found[itsVIP+to.address.String()] || !found[itsVIP] && found[itsEndpoint+to.address.String()]
}

// isOfAnotherRevision reports whether the control plane, of the default revision, does not read an object.
func isOfAnotherRevision(d Document) bool {
	labels, _ := d.metadata()["labels"].(map[string]any)
	revision, labelled := labels["istio.io/rev"]
	return labelled && revision != "default"
}

// isForNobody reports whether an object is exported to nobody.
func isForNobody(d Document) bool {
	exports, _ := d.Spec()["exportTo"].(list)
	return slices.Contains(exports, any("~"))
}

package oracle

import (
	"context"
	"fmt"
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
// application starts is its own, and so is what a client sends to a host that no entry declares to its namespace. Bytes sent to an address
// that no object has are for nothing that the mesh declares: it declares their host at others.
func (a *Attacker) unanswered(m Mesh) ([]string, error) {
	walks, err := a.walk(m, resolved(slices.DeleteFunc(slices.Clone(m), isForNobody)))
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
		undeclared := w.to.whose == nobodys && w.to.family != "HTTP"
		if w.unknown || w.payload.TLS != nil || undeclared || !isDeclaredTo(m, w.to.host, w.client.Namespace) || !w.to.meant(snapshot, client) {
			continue
		}
		if how, cluster := worst(w.outcomes); how != "" && leaves(w.outcomes) {
			list = append(list, fmt.Sprintf("%s -> %s:%d at %s (%s): %s to %s",
				w.client, w.to.host, w.to.port, w.to.address, w.to.family, how, cluster))
		}
	}
	return list, nil
}

// isDeclaredTo reports whether any object declares a host to a namespace.
func isDeclaredTo(m Mesh, host, namespace string) bool {
	return slices.ContainsFunc(m, func(d Document) bool {
		exports, _ := d.Spec()["exportTo"].(list)
		return slices.Contains(declaredHosts(d), host) && (len(exports) == 0 || slices.Contains(exports, any("*")) ||
			slices.Contains(exports, any(namespace)) || d.Namespace() == namespace && slices.Contains(exports, any(".")))
	})
}

// isForNobody reports whether an object is exported to nobody.
func isForNobody(d Document) bool {
	exports, _ := d.Spec()["exportTo"].(list)
	return slices.Contains(exports, any("~"))
}

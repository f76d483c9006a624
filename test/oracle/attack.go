package oracle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"istio.io/istio/pkg/test"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

// AttackResult is what came of one attack.
type AttackResult struct {
	// Admitted and Refused are the writes that were stored and that were not, as "CREATE ServiceEntry".
	Admitted, Refused []string
	// Lost lists the connections of clients that were under TLS with the server's name checked and are no longer;
	// LostOwn those of the tenant's own namespace.
	Lost, LostOwn []string
}

// Attacker plays attacks through both webhooks.
type Attacker struct {
	// Evaluator decides on writes; where it is nil all are admitted.
	Evaluator *admission.Evaluator
	farm      Farm
}

// Play plays an attack and walks the victims' connections through what Istio makes of the mesh before and after.
func (a *Attacker) Play(ctx context.Context, attack Attack) (r AttackResult, err error) {
	state := slices.Clone(attack.Victims)
	for _, w := range attack.Writes {
		if state, err = a.write(ctx, &r, state, w); err != nil {
			return r, err
		}
	}
	if len(r.Admitted) == 0 {
		return r, nil
	}
	err = test.Wrap(func(t test.Failer) {
		before, after := a.farm.Load(t, attack.Victims), a.farm.Load(t, state)
		for _, client := range attackedClients() {
			lost, err := lostConnections(before, after, client, resolved(attack.Victims))
			switch {
			case errors.Is(err, errCrashed):
			case err != nil:
				t.Fatal(err)
			case client.Namespace == tenantNamespace:
				r.LostOwn = append(r.LostOwn, lost...)
			default:
				r.Lost = append(r.Lost, lost...)
			}
		}
	})
	return r, err
}

// resolved lists the connections that clients open by what a name resolves to: its own VIP, an endpoint, or an address
// that DNS alone knows.
func resolved(m Mesh) []arrival {
	return slices.DeleteFunc(arrivals(m), func(a arrival) bool { return a.whose == anothers })
}

// attackedClients are the clients whose connections are walked.
func attackedClients() []mesh.Client {
	var clients []mesh.Client
	for _, namespace := range []string{victimNamespace, "shop", emptyNamespace, tenantNamespace} {
		clients = append(clients, mesh.Client{Kind: mesh.ClientSidecar, Namespace: namespace, Labels: map[string]string{"app": "curl"}})
	}
	return clients
}

// write returns the mesh after a write, which is the mesh before it where the write is refused.
func (a *Attacker) write(ctx context.Context, r *AttackResult, state Mesh, w Write) (Mesh, error) {
	at := slices.IndexFunc(state, func(d Document) bool { return sameObject(d, w.Object) })
	if (at >= 0) == (w.Operation == "CREATE") {
		return state, nil // refused before, so there is nothing to change; or it is still there
	}
	if !isValid(w.Object) {
		return state, nil
	}
	stored := w.Object
	if a.Evaluator != nil {
		allowed, mutated, err := a.review(ctx, state, w, at)
		if err != nil {
			return nil, err
		}
		if !allowed {
			r.Refused = append(r.Refused, w.Operation+" "+w.Object.Kind())
			return state, nil
		}
		stored = mutated
	}
	r.Admitted = append(r.Admitted, w.Operation+" "+w.Object.Kind())
	state = slices.Clone(state)
	switch {
	case w.Operation == "CREATE":
		return append(state, stored), nil
	case w.Operation == "UPDATE":
		stored = stored.Clone()
		stored["metadata"] = state[at]["metadata"]
		state[at] = stored
	case state[at].metadata()["finalizers"] != nil:
		state[at] = terminating(state[at])
	default:
		state = slices.Delete(state, at, at+1)
	}
	return state, nil
}

// isValid reports whether Istio's own webhook lets an object in.
func isValid(d Document) bool {
	schema, ok := schemaOf(d.Kind())
	if !ok {
		return true // of Kubernetes
	}
	c, err := convertConfig(d)
	if err != nil {
		return false
	}
	_, err = schema.ValidateConfig(c)
	return err == nil
}

// terminating returns an object as it stays stored after its DELETE, until its finalizers are gone.
func terminating(d Document) Document {
	d = d.Clone()
	d.metadata()["deletionTimestamp"] = "2030-01-01T00:00:00Z"
	return d
}

func sameObject(a, b Document) bool {
	return a.Kind() == b.Kind() && a.Namespace() == b.Namespace() && a.Name() == b.Name()
}

// review has both webhooks decide on a write.
func (a *Attacker) review(ctx context.Context, state Mesh, w Write, at int) (allowed bool, mutated Document, err error) {
	snapshot, err := Decode(state)
	if err != nil {
		return false, nil, err
	}
	review := admission.Review{Operation: w.Operation}
	if w.Operation != "CREATE" {
		review.OldObject = state[at].JSON()
	}
	if w.Operation != "DELETE" {
		object := w.Object.Clone()
		if w.Operation == "UPDATE" {
			object["metadata"] = state[at]["metadata"]
		}
		review.Object = object.JSON()
		raw, _, err := a.Evaluator.Mutate(snapshot, review)
		if err != nil {
			return false, nil, fmt.Errorf("mutate: %w", err)
		}
		if mutated, err = readDocument(raw); err != nil {
			return false, nil, err
		}
		review.Object = raw
	}
	decision, err := a.Evaluator.Validate(ctx, snapshot, review)
	if err != nil {
		return false, nil, fmt.Errorf("validate: %w", err)
	}
	return decision.Allowed, mutated, nil
}

// lostConnections lists the connections of a client that were under checked TLS before and are not after.
func lostConnections(before, after *Istio, client mesh.Client, all []arrival) ([]string, error) {
	was, err := before.Connections(client)
	if err != nil {
		return nil, err
	}
	is, err := after.Connections(client)
	if err != nil {
		return nil, err
	}
	var lost []string
	for _, a := range all {
		for _, p := range a.payloads {
			c := a.connection(p)
			old, now := was.Walk(c), is.Walk(c)
			if worst(old) != "" || !leaves(old) {
				continue // it was not under checked TLS
			}
			if how := worst(now); how != "" {
				lost = append(lost, fmt.Sprintf("%s -> %s:%d at %s (%s): %s", client, a.host, a.port, a.address, a.family, how))
			} else if names := checkedNames(p, now); names != checkedNames(p, old) && names != "" {
				lost = append(lost, fmt.Sprintf("%s -> %s:%d at %s (%s): checked as %s, was %s",
					client, a.host, a.port, a.address, a.family, names, checkedNames(p, old)))
			}
		}
	}
	return lost, nil
}

// leaves reports whether any of a connection's ways leads out.
func leaves(outcomes []envoy.Outcome) bool {
	return slices.ContainsFunc(outcomes, func(o envoy.Outcome) bool { return o.End == envoy.EndUpstream })
}

// worst returns how a connection leaves in plaintext or unchecked, "" where it does not.
func worst(outcomes []envoy.Outcome) string {
	for _, o := range outcomes {
		switch {
		case o.End != envoy.EndUpstream:
		case o.TLS == nil:
			return "in plaintext to " + o.Cluster()
		case o.TLS.Insecure || len(o.TLS.Names) == 0 && o.TLS.AutoName == nil:
			return "unchecked to " + o.Cluster()
		}
	}
	return ""
}

// checkedNames returns the names that are checked where a connection leaves.
func checkedNames(p envoy.Payload, outcomes []envoy.Outcome) string {
	var names []string
	for _, o := range outcomes {
		if o.End != envoy.EndUpstream || o.TLS == nil {
			continue
		}
		for _, n := range o.TLS.Names {
			names = append(names, n.String())
		}
		if o.TLS.AutoName != nil && p.HTTP != nil {
			names = append(names, "authority "+o.Authority)
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

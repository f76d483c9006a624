package oracle

import (
	"context"
	"fmt"
	"slices"
	"time"

	"istio.io/istio/pkg/test"

	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// AttackResult is what came of one attack.
type AttackResult struct {
	// Admitted and Refused are the writes that were stored and that were not, as "CREATE ServiceEntry".
	Admitted, Refused []string
	// Constructs counts what the admitted writes are made of.
	Constructs Coverage
	// Touched is how many admitted writes changed where a victim's connection ends, or how.
	Touched int
	// Lost lists the connections of others that were under TLS with the server's name checked and are no longer; LostOwn
	// those of the tenant's own namespace; Apart those of its own namespace that count apart (see apart).
	Lost, LostOwn, Apart []Loss
}

// Attacker plays attacks through both webhooks.
type Attacker struct {
	// Evaluator decides on writes; where it is nil all are admitted.
	Evaluator *admission.Evaluator
	// Ambient has clients in ambient mode walked in place of sidecars. PILOT_ENABLE_AMBIENT=true must have been in the
	// environment when the process started.
	Ambient bool
	farm    Farm
}

// Play plays an attack and, after each write that is admitted, walks the victims' connections through what Istio makes of
// the mesh.
func (a *Attacker) Play(ctx context.Context, attack Attack) (r AttackResult, err error) {
	r.Constructs = Coverage{}
	all := resolved(attack.Victims)
	if a.Ambient {
		all = byName(all)
	}
	first, err := a.walk(attack.Victims, all)
	if err != nil {
		return r, err
	}
	state, last, known := attack.Victims, first, map[string]bool{}
	inPlaintext := map[string]bool{} // after the last write
	for _, w := range attack.Writes {
		next, warned, err := a.write(ctx, &r, state, w)
		if err != nil {
			return r, err
		}
		if next == nil {
			continue
		}
		state = next
		now, err := a.walk(state, all)
		if err != nil {
			return r, err
		}
		if now.differ(last) {
			r.Touched++
		}
		losses := now.losses(first)
		for _, l := range losses {
			if known[l.String()] || l.How == lostTLS && inPlaintext[l.connection()] {
				continue // another write took it, and this one only leads it elsewhere
			}
			known[l.String()] = true
			l.By, l.Stored = w, stored(state, w.Object)
			if err := r.add(l, state, warned); err != nil {
				return r, err
			}
		}
		last = now
		clear(inPlaintext)
		for _, l := range losses {
			if l.How == lostTLS {
				inPlaintext[l.connection()] = true
			}
		}
	}
	return r, nil
}

// add adds a loss to those of its kind. warned are the warnings on the write that made it, state the mesh after that.
func (r *AttackResult) add(l Loss, state Mesh, warned []policies.Violation) error {
	if l.Client.Namespace != tenantNamespace {
		r.Lost = append(r.Lost, l)
		return nil
	}
	why, err := apart(l, state, warned)
	if err != nil {
		return err
	}
	if l.Why = why; why != "" {
		r.Apart = append(r.Apart, l)
	} else {
		r.LostOwn = append(r.LostOwn, l)
	}
	return nil
}

// walk walks all connections of all clients through what Istio makes of a mesh.
func (a *Attacker) walk(m Mesh, all []arrival) (w *walked, err error) {
	err = test.Wrap(func(t test.Failer) {
		if a.Ambient {
			w, err = walkAllAmbient(m, NewAmbient(t, m), all)
		} else {
			w, err = walkAll(a.farm.Load(t, m), all)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	return w, err
}

// write returns the mesh after a write and what both webhooks warned of; nil where the write is refused, or changes
// nothing.
func (a *Attacker) write(ctx context.Context, r *AttackResult, state Mesh, w Write) (Mesh, []policies.Violation, error) {
	at := slices.IndexFunc(state, func(d Document) bool { return sameObject(d, w.Object) })
	if (at >= 0) == (w.Operation == "CREATE") {
		return nil, nil, nil // refused before, so there is nothing to change; or it is still there
	}
	if !isValid(w.Object) {
		return nil, nil, nil
	}
	object := w.Object
	var warned []policies.Violation
	if a.Evaluator != nil {
		decision, mutated, err := a.review(ctx, state, w, at)
		if err != nil {
			return nil, nil, err
		}
		if !decision.Allowed {
			r.Refused = append(r.Refused, w.String())
			return nil, nil, nil
		}
		if mutated != nil {
			object = mutated
		}
		warned = decision.Violations
	}
	r.Admitted = append(r.Admitted, w.String())
	r.Constructs.Add(w.Constructs)
	return after(state, w, at, object), warned, nil
}

// after returns the mesh after a write that was admitted, of the object at an index; object is what the webhooks made of
// it.
func after(state Mesh, w Write, at int, object Document) Mesh {
	state = slices.Clone(state)
	switch {
	case w.Operation == "CREATE":
		return append(state, createdAfter(state, object))
	case w.Operation == "UPDATE":
		state[at] = updated(state[at], object)
		if meta := state[at].metadata(); meta["deletionTimestamp"] != nil && meta["finalizers"] == nil {
			state = slices.Delete(state, at, at+1)
		}
	case state[at].metadata()["finalizers"] != nil:
		state[at] = terminating(state[at])
	default:
		state = slices.Delete(state, at, at+1)
	}
	return state
}

// createdAfter returns an object as the API server stores it at its creation: with a time, which is a second after that of all others.
// What two objects of one second are to Istio nobody can say: see docs/oracle.md.
func createdAfter(state Mesh, object Document) Document {
	last := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, d := range state {
		text, _ := d.metadata()["creationTimestamp"].(string)
		if at, err := time.Parse(time.RFC3339, text); err == nil && at.After(last) {
			last = at
		}
	}
	object = object.Clone()
	object.metadata()["creationTimestamp"] = last.Add(time.Second).Format(time.RFC3339)
	return object
}

// stored returns an object as a mesh has it, nil where it has none.
func stored(m Mesh, object Document) Document {
	if i := slices.IndexFunc(m, func(d Document) bool { return sameObject(d, object) }); i >= 0 {
		return m[i]
	}
	return nil
}

// updated returns an object as it is stored after an UPDATE: of its metadata only labels, annotations and finalizers change.
func updated(old, object Document) Document {
	object = object.Clone()
	meta := cloneValue(old.metadata()).(map[string]any)
	for _, field := range []string{"labels", "annotations", "finalizers"} {
		delete(meta, field)
		if have := object.metadata()[field]; have != nil {
			meta[field] = have
		}
	}
	object["metadata"] = meta
	return object
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

// Valid returns the attack without writes that Istio's own webhook refuses.
func (a Attack) Valid() Attack {
	a.Writes = slices.DeleteFunc(slices.Clone(a.Writes), func(w Write) bool { return !isValid(w.Object) })
	return a
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
func (a *Attacker) review(ctx context.Context, state Mesh, w Write, at int) (d admission.Decision, mutated Document, err error) {
	snapshot, err := Decode(state)
	if err != nil {
		return d, nil, err
	}
	review := admission.Review{Operation: w.Operation}
	if w.Operation != "CREATE" {
		review.OldObject = state[at].JSON()
	}
	if w.Operation != "DELETE" {
		object := w.Object
		if w.Operation == "UPDATE" {
			object = updated(state[at], object)
		}
		review.Object = object.JSON()
		raw, _, err := a.Evaluator.Mutate(snapshot, review)
		if err != nil {
			return d, nil, fmt.Errorf("mutate: %w", err)
		}
		if mutated, err = readDocument(raw); err != nil {
			return d, nil, err
		}
		review.Object = raw
	}
	if d, err = a.Evaluator.Validate(ctx, snapshot, review); err != nil {
		return d, nil, fmt.Errorf("validate: %w", err)
	}
	return d, mutated, nil
}

package admission

import (
	"context"
	"slices"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// withHeld returns the decision on a Namespace's DELETE with what is told of the time in which finalizers keep objects of the namespace
// while the others are gone. It is no denial: the namespace controller deletes those one by one, and what would take TLS away is refused
// then, until what is held is gone (see evaluateLeft). Nobody would read that refusal.
func (e *Evaluator) withHeld(ctx context.Context, q *request, c *change, d Decision, wanted fixSelector) Decision {
	held, ok := c.before.WithHeldAlone(q.ref.Name, q.ref)
	if !ok {
		return d
	}
	while, err := e.evaluateChange(ctx, q, &change{ref: c.ref, before: c.before, after: held.Without(c.ref)}, wanted)
	if err != nil {
		return d // decided already: this would only be told
	}
	d.Violations = slices.Clone(d.Violations)
	for _, v := range while.Violations {
		if v.Action != v1alpha1.Deny {
			continue
		}
		v.Action = v1alpha1.Warn
		v.Message += " This is so while finalizers keep objects of the namespace; until these are gone, deleting what starts TLS for them is refused, and the Namespace stays."
		v.Fix = "# First delete what finalizers keep, and wait until it is gone.\n"
		d.Violations = append(d.Violations, v)
	}
	policies.Sort(d.Violations)
	return d
}

// deletesNamespace reports whether the request deletes a Namespace.
func (q *request) deletesNamespace() bool {
	return q.Operation == policies.Delete && q.ref.Kind == mesh.KindNamespace
}

package oracle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"istio.io/istio/pkg/test"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Review is a random review on a random mesh.
type Review struct {
	// Given is the mesh before the review.
	Given Mesh
	// Operation is CREATE, UPDATE or DELETE.
	Operation string
	// Object is what is created or replaces Old; Old is what is replaced or deleted.
	Object, Old Document
}

// judgedKinds are the kinds that reviews are made of.
var judgedKinds = map[string]bool{
	"ServiceEntry": true, "DestinationRule": true, "VirtualService": true, "Gateway": true, "Sidecar": true, "WorkloadEntry": true,
}

// Review makes a mesh and a review on it; ok is false where the mesh has nothing to review.
func (g *Generator) Review() (q Review, ok bool) { return g.reviewOn(g.Mesh(), judgedKinds) }

// AmbientReview makes a mesh with waypoints and a review on it.
func (g *Generator) AmbientReview() (q Review, ok bool) {
	return g.reviewOn(g.AmbientMesh(), judgedKinds)
}

// reviewOn makes a review of an object of a mesh, of one of some kinds.
func (g *Generator) reviewOn(m Mesh, kinds map[string]bool) (q Review, ok bool) {
	var candidates []int
	for i, d := range m {
		if kinds[d.Kind()] {
			candidates = append(candidates, i)
			if d.Kind() == "DestinationRule" || d.Kind() == "ServiceEntry" {
				candidates = append(candidates, i)
			}
		}
	}
	if len(candidates) == 0 {
		return q, false
	}
	i := pick(g, candidates...)
	untie(m, i)
	chosen := m[i]
	without := append(append(Mesh{}, m[:i]...), m[i+1:]...)
	switch weighted(g, 4, 4, 2) {
	case 0:
		fresh := chosen.Clone()
		delete(fresh.metadata(), "creationTimestamp")
		q = Review{Given: without, Operation: "CREATE", Object: fresh}
	case 1:
		q = Review{Given: append(without, chosen), Operation: "UPDATE", Object: g.variant(chosen), Old: chosen}
	default:
		q = Review{Given: append(without, chosen), Operation: "DELETE", Old: chosen}
	}
	g.cover(q.Operation + " " + chosen.Kind())
	return q, true
}

// untie sets times that differ on the ServiceEntries: Istio lists those of one namespace and one second at random. The
// one under review is left as it is, or is the one without a time: it is being created.
func untie(m Mesh, review int) {
	taken := map[string]bool{}
	if m[review].Kind() == "ServiceEntry" {
		taken[""], taken[m[review].meta("creationTimestamp")] = true, true
	}
	for i, d := range m {
		if d.Kind() != "ServiceEntry" || i == review {
			continue
		}
		if taken[d.meta("creationTimestamp")] {
			d.metadata()["creationTimestamp"] = fmt.Sprintf("2024-02-01T00:00:%02dZ", i)
		}
		taken[d.meta("creationTimestamp")] = true
	}
}

// variant returns another object under the same name, or the same object with one thing less.
func (g *Generator) variant(d Document) Document {
	if smaller := smallerValues(d.Spec()); len(smaller) > 0 && g.chance(0.6) {
		changed := d.Clone()
		changed["spec"] = cloneValue(pick(g, smaller...))
		return changed
	}
	if isOfGatewayAPI(d) {
		return g.gatewayAPIVariant(d)
	}
	if d.Kind() == "ReferenceGrant" {
		other := g.referenceGrant()
		other["metadata"] = cloneValue(d.metadata())
		return other
	}
	make := map[string]func() Document{
		"ServiceEntry": g.serviceEntry, "DestinationRule": g.destinationRule,
		"VirtualService": g.virtualService, "Gateway": g.gateway,
		"Sidecar": g.sidecar, "WorkloadEntry": g.workloadEntry, "Service": g.service,
	}[d.Kind()]
	other := make()
	if other == nil {
		return d.Clone()
	}
	other["metadata"] = cloneValue(d.metadata())
	return other
}

// After returns the mesh with an object in place of the one under review, nil for none.
func (q Review) After(object Document) Mesh {
	var m Mesh
	for _, d := range q.Given {
		if q.Old == nil || d.Kind() != q.Old.Kind() || d.Namespace() != q.Old.Namespace() || d.Name() != q.Old.Name() {
			m = append(m, d)
		}
	}
	if object != nil {
		m = append(m, object)
	}
	return m
}

// ReviewChecker decides on reviews as the webhook does, and has Istio check the decision.
type ReviewChecker struct {
	Evaluator *admission.Evaluator
	// Load loads a mesh into Istio's generator.
	Load func(test.Failer, Mesh) *Istio
	// Clients are those for whom the decision is checked.
	Clients []mesh.Client
}

// NewReviewChecker makes a checker with the default configuration, for sidecars and egress gateways.
func NewReviewChecker(ctx context.Context) (*ReviewChecker, error) {
	evaluator, err := newEvaluator(ctx)
	if err != nil {
		return nil, err
	}
	return &ReviewChecker{Evaluator: evaluator, Load: new(Farm).Load, Clients: Clients()}, nil
}

// newEvaluator makes an evaluator with the default configuration that takes its time: it is its answers that are asked for,
// however busy the machine.
func newEvaluator(ctx context.Context) (*admission.Evaluator, error) {
	cfg := v1alpha1.DefaultConfig()
	cfg.Evaluation.Timeout = v1alpha1.Duration(time.Minute)
	evaluator, err := admission.NewEvaluator(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("make an evaluator: %w", err)
	}
	return evaluator, nil
}

// NewAmbientReviewChecker makes a checker for waypoints, in a process with Istio's ambient mode on.
func NewAmbientReviewChecker(ctx context.Context) (*ReviewChecker, error) {
	checker, err := NewReviewChecker(ctx)
	if err != nil {
		return nil, err
	}
	checker.Load, checker.Clients = NewAmbient, waypoints()
	return checker, nil
}

// Verdict is what came of one review.
type Verdict struct {
	Patched bool
	Allowed bool
	// Checked counts the clusters that were compared.
	Checked int
	// Unrouted counts the ports whose requests led nowhere before the review.
	Unrouted int
	Crashed  int
	// Refused counts the flows that a refusal holds to be in plaintext.
	Refused int
	// Careful counts those of them that are not in plaintext yet, and would be by a write of which nobody is told: see checkTaken and closesBytes.
	Careful int
	// Wrong lists what Istio holds against the decision.
	Wrong []string
}

// Check mutates and validates the review, and asks Istio whether the mutation keeps its promise, whether an admission
// leaves somebody in plaintext who was under TLS, and whether a refusal is right about who would be in plaintext.
func (c *ReviewChecker) Check(ctx context.Context, q Review) (v Verdict, err error) {
	before, err := Decode(q.Given)
	if err != nil {
		return v, err
	}
	mutated, err := c.mutate(&v, before, q)
	if err != nil {
		return v, err
	}
	review := admission.Review{Operation: q.Operation}
	if mutated != nil {
		review.Object = mutated.JSON()
	}
	if q.Old != nil {
		review.OldObject = q.Old.JSON()
	}
	decision, err := c.Evaluator.Validate(ctx, before, review)
	if err != nil {
		return v, fmt.Errorf("validate: %w", err)
	}
	v.Allowed = decision.Allowed
	if gateways := kubernetesGatewayClients(q.Given); slices.ContainsFunc(q.Given, isOfGatewayAPI) {
		with := *c
		with.Clients = append(gateways, c.Clients...)
		c = &with
	}
	model, err := Decode(q.After(mutated))
	if err != nil {
		return v, err
	}
	err = test.Wrap(func(t test.Failer) {
		if v.Patched {
			c.checkPatch(&v, q, mutated, c.Load(t, q.After(q.Object)), c.Load(t, q.After(mutated)))
		}
		given, after := c.Load(t, q.Given), c.Load(t, q.After(mutated)) // asked anew: see Clients
		switch {
		case v.Allowed:
			if err := errors.Join(c.checkAdmission(&v, given, after, model), c.checkUnrouted(&v, given, after)); err != nil {
				t.Fatal(err)
			}
		case slices.ContainsFunc(decision.Violations, refusesPlaintext):
			c.checkRefusal(&v, given, after, q.After(mutated), decision)
		}
	})
	return v, err
}

// mutate returns the object as it would be stored, nil on DELETE, and sees that a second pass changes nothing.
func (c *ReviewChecker) mutate(v *Verdict, before *mesh.Snapshot, q Review) (Document, error) {
	if q.Object == nil {
		return nil, nil
	}
	review := admission.Review{Operation: q.Operation, Object: q.Object.JSON()}
	if q.Old != nil {
		review.OldObject = q.Old.JSON()
	}
	raw, patch, err := c.Evaluator.Mutate(before, review)
	if err != nil {
		return nil, fmt.Errorf("mutate: %w", err)
	}
	v.Patched = len(patch) > 0
	review.Object = raw
	_, again, err := c.Evaluator.Mutate(before, review)
	if err != nil {
		return nil, fmt.Errorf("mutate again: %w", err)
	}
	if len(again) > 0 {
		v.Wrong = append(v.Wrong, fmt.Sprintf("the second pass still patches: %v", again))
	}
	return readDocument(raw)
}

package test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Runner runs Suites. It keeps the evaluators that it made: most Suites share a configuration.
type Runner struct {
	// Sources are policies beside the built-in ones.
	Sources []policies.Source
	// Below returns what the stored objects of a Suite with this configuration are laid over.
	Below func(context.Context, *v1alpha1.Config) (*offline.Below, error)

	evaluators map[string]*admission.Evaluator
	belows     map[string]*offline.Below // by revision
}

// Run runs the cases of s whose name want accepts; all if want is nil. An error means that the Suite could not be run.
func (r *Runner) Run(ctx context.Context, s *Suite, want func(name string) bool) ([]Result, error) {
	evaluator, err := r.evaluator(ctx, s.Config)
	if err != nil {
		return nil, fmt.Errorf("%s: suite %s: %w", s.File, s.Name, err)
	}
	below, err := r.below(ctx, s.Config)
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, c := range s.Cases {
		if want != nil && !want(c.Name) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		began := time.Now()
		result := Result{File: s.File, Line: c.Line, Suite: s.Name, Name: c.Name}
		result.Mismatches = c.run(ctx, evaluator, below)
		result.Duration = time.Since(began)
		results = append(results, result)
	}
	return results, nil
}

// evaluator returns the Evaluator of a configuration.
func (r *Runner) evaluator(ctx context.Context, c *v1alpha1.Config) (*admission.Evaluator, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	key := string(raw)
	if evaluator, known := r.evaluators[key]; known {
		return evaluator, nil
	}
	evaluator, err := admission.NewEvaluator(ctx, c, r.Sources...)
	if err != nil {
		return nil, err
	}
	if r.evaluators == nil {
		r.evaluators = map[string]*admission.Evaluator{}
	}
	r.evaluators[key] = evaluator
	return evaluator, nil
}

// below returns what Suites of a configuration are laid over: its revision decides which MeshConfig is read.
func (r *Runner) below(ctx context.Context, c *v1alpha1.Config) (*offline.Below, error) {
	if r.Below == nil {
		return &offline.Below{}, nil
	}
	if below, known := r.belows[c.Mesh.Revision]; known {
		return below, nil
	}
	below, err := r.Below(ctx, c)
	if err != nil {
		return nil, err
	}
	if r.belows == nil {
		r.belows = map[string]*offline.Below{}
	}
	r.belows[c.Mesh.Revision] = below
	return below, nil
}

// run runs the steps, each on the mesh that the one before left, and returns what differs from what was expected.
func (c Case) run(ctx context.Context, evaluator *admission.Evaluator, below *offline.Below) []Mismatch {
	snap, err := below.Snapshot(evaluator, c.ControlPlanes, c.Given...)
	if err != nil {
		return []Mismatch{{What: "error", Want: "a mesh", Got: err.Error()}}
	}
	all := slices.Clone(c.Misspelt)
	for i, step := range c.Steps {
		got, next, err := review(ctx, evaluator, snap, step)
		found := compare(step, got)
		if err != nil {
			found = []Mismatch{{What: "error", Want: step.Expect.Decision, Got: err.Error()}}
		}
		for _, m := range found {
			if len(c.Steps) > 1 {
				m.Step = i + 1
			}
			all = append(all, m)
		}
		snap = next
	}
	return all
}

// outcome is the answer to a review.
type outcome struct {
	allowed    bool
	deny, warn []string
	// object is the object as the mutating webhook left it.
	object []byte
	// refused is why the object could not be read; then it is not allowed.
	refused string
	// input is what policies read; nil where they were not asked.
	input *policies.Input
}

// review mutates and validates the review of a step, and returns the mesh after it.
func review(ctx context.Context, evaluator *admission.Evaluator, snap *mesh.Snapshot, s v1alpha1.SuiteStep) (outcome, *mesh.Snapshot, error) {
	r := admission.Review{Operation: s.Operation, Object: s.Object, OldObject: s.OldObject}
	got := outcome{object: s.Object}
	var unreadable *admission.ObjectError
	object, _, err := evaluator.Mutate(snap, r)
	if errors.As(err, &unreadable) {
		got.refused = err.Error()
		return got, snap, nil
	}
	if err != nil {
		return got, snap, fmt.Errorf("mutate: %w", err)
	}
	if s.Object != nil {
		r.Object, got.object = object, object
	}
	decision, err := evaluator.Validate(ctx, snap, r)
	if errors.As(err, &unreadable) {
		got.refused = err.Error()
		return got, snap, nil
	}
	if err != nil {
		return got, snap, fmt.Errorf("validate: %w", err)
	}
	got.allowed, got.input = decision.Allowed, decision.Input
	got.deny = ids(decision.Violations, v1alpha1.Deny)
	got.warn = ids(decision.Violations, v1alpha1.Warn)
	if !got.allowed {
		return got, snap, nil
	}
	next, err := stored(snap, r)
	return got, next, err
}

// stored returns the mesh once an admitted review's object is stored.
func stored(snap *mesh.Snapshot, r admission.Review) (*mesh.Snapshot, error) {
	raw := r.Object
	if r.Operation == policies.Delete {
		raw = r.OldObject
	}
	o, err := mesh.Decode(raw)
	if err != nil || o == nil {
		return snap, err
	}
	if r.Operation == policies.Delete {
		return snap.Without(o.Ref), nil
	}
	if old := snap.Get(o.Ref); old != nil && o.Created.IsZero() {
		o.Created = old.Created
	}
	return snap.With(o), nil
}

// ids returns the ids of the policies with a violation of this action, each once, sorted.
func ids(violations []policies.Violation, action v1alpha1.Action) []string {
	var list []string
	for _, v := range violations {
		if v.Action == action {
			list = append(list, v.Policy)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

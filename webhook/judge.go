package webhook

import (
	"context"
	"slices"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mutators"
	"github.com/tlsward/tlsward/policies"
)

// Review is one admission question. Objects are raw JSON.
type Review struct {
	// Operation is policies.Create, policies.Update or policies.Delete; others are allowed at once.
	Operation string
	// Object is the object as it would be stored, on CREATE and UPDATE.
	Object []byte
	// OldObject is the object as it is stored, on UPDATE and DELETE.
	OldObject []byte
	// Username and Groups are who asks, as the API server authenticated them.
	Username string
	Groups   []string
	// Namespace is the namespace of the request, for an object that does not name its own.
	Namespace string
	// DryRun is true if the object will not be stored, whatever the answer.
	DryRun bool
}

// Decision is the answer of Judge.Validate: all reasons, sorted.
type Decision struct {
	// Allowed is false if any violation's action is deny.
	Allowed    bool
	Violations []policies.Violation
	// Input is what it was judged by; nil where nothing is to be judged.
	Input *policies.Input
}

// Judge decides reviews. It is immutable and safe for concurrent use; a reload makes a new one.
type Judge struct {
	Config *v1alpha1.Config
	Engine *policies.Engine
}

// NewJudge compiles the policies for cfg.
func NewJudge(ctx context.Context, cfg *v1alpha1.Config, sources ...policies.Source) (*Judge, error) {
	engine, err := policies.New(ctx, cfg, sources...)
	if err != nil {
		return nil, err
	}
	return &Judge{Config: cfg, Engine: engine}, nil
}

// MeshSettings gives what the mesh model takes from the configuration.
func MeshSettings(m v1alpha1.Mesh) mesh.Settings {
	return mesh.Settings{
		RootNamespace:      m.RootNamespace,
		TrustDomain:        m.TrustDomain,
		TrustDomainAliases: m.TrustDomainAliases,
		ClusterDomain:      m.ClusterDomain,
	}
}

// ObjectError says that the object under review cannot be read as its kind: the object is at fault, not the judge.
type ObjectError struct{ Err error }

// Error names the object and the field.
func (e *ObjectError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *ObjectError) Unwrap() error { return e.Err }

// Mutate gives the object as it should be stored, and the minimal patch that leads there (empty: nothing to do). snap
// is the mesh before the review. An object that cannot be read is an *ObjectError.
func (j *Judge) Mutate(snap *mesh.Snapshot, r Review) ([]byte, []jsonpatch.Operation, error) {
	if r.Operation != policies.Create && r.Operation != policies.Update {
		return r.Object, nil, nil
	}
	head, err := readHead(r.Object)
	if err != nil {
		return nil, nil, &ObjectError{err}
	}
	// An object on its way out is left alone. One that wrongly claims to be is judged without a patch.
	if !head.mutable() || head.Metadata.DeletionTimestamp != nil {
		return r.Object, nil, nil
	}
	if head.Metadata.Namespace == "" && r.Namespace != "" {
		if r.Object, err = withNamespace(r.Object, r.Namespace); err != nil {
			return nil, nil, &ObjectError{err}
		}
	}
	object, patch, err := mutators.Mutate(j.Config.Mutation, snap, r.Object)
	if err != nil {
		return nil, nil, &ObjectError{err}
	}
	return object, patch, nil
}

// Validate judges r, already mutated, on the mesh as it would be with it. snap is the mesh before the review. An error
// means that nothing could be decided, and the caller must refuse; an object that cannot be read is an *ObjectError.
func (j *Judge) Validate(ctx context.Context, snap *mesh.Snapshot, r Review) (Decision, error) {
	q, err := r.read()
	if err != nil {
		return Decision{}, err
	}
	if q == nil {
		return Decision{Allowed: true}, nil
	}
	c := q.on(snap)
	d, err := j.decide(ctx, q, c)
	if err != nil {
		return d, err
	}
	c.renderFixes(d.Violations, q.tree, anyAction)
	return d, nil
}

// decide judges a change. Fixes stay as policies wrote them. With an error it gives what could not be judged.
func (j *Judge) decide(ctx context.Context, q *question, c *change) (Decision, error) {
	input := q.input(c, j.Engine.ExemptionKey(q.ref.Namespace))
	violations, err := j.Engine.Evaluate(ctx, input)
	if err != nil {
		return Decision{Input: &input}, err
	}
	denied := slices.ContainsFunc(violations, func(v policies.Violation) bool { return v.Action == v1alpha1.Deny })
	return Decision{Allowed: !denied, Violations: violations, Input: &input}, nil
}

// input is what policies read of a change. Flows to hosts that apart has different words for are told one by one.
func (q *question) input(c *change, apart func(host string) string) policies.Input {
	return policies.Input{
		Request: policies.Request{
			Operation:  q.Operation,
			Kind:       q.ref.Kind,
			APIVersion: q.apiVersion,
			Namespace:  q.ref.Namespace,
			Name:       q.ref.Name,
			UserInfo:   policies.UserInfo{Username: q.Username, Groups: q.Groups},
			DryRun:     q.DryRun,
		},
		Object:            q.tree,
		OldObject:         q.oldTree,
		Egress:            mesh.Review(c.before, c.after, c.ref, apart),
		FoldedByExemption: apart != nil,
		Callers:           policies.CallersOf(c.after, c.after.Get(c.ref)),
	}
}

package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/config"
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
	// DryRun is true if the object will not be stored, whatever the answer.
	DryRun bool
}

// Decision is the answer of Judge.Validate: all reasons, sorted.
type Decision struct {
	// Allowed is false if any violation's action is deny.
	Allowed    bool
	Violations []policies.Violation
}

// Judge decides reviews. It is immutable and safe for concurrent use; a reload makes a new one.
type Judge struct {
	Config *config.Config
	Engine *policies.Engine
}

// NewJudge compiles the policies for cfg.
func NewJudge(ctx context.Context, cfg *config.Config, sources ...policies.Source) (*Judge, error) {
	engine, err := policies.New(ctx, cfg, sources...)
	if err != nil {
		return nil, err
	}
	return &Judge{Config: cfg, Engine: engine}, nil
}

// MeshSettings gives what the mesh model takes from the configuration.
func MeshSettings(m config.Mesh) mesh.Settings {
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
	if !head.mutable() || r.leaving(head) {
		return r.Object, nil, nil
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
	c, err := r.change(snap)
	if err != nil {
		return Decision{}, err
	}
	return j.decide(ctx, c, r)
}

// decide judges a change that has been read; nil is none that matters.
func (j *Judge) decide(ctx context.Context, c *change, r Review) (Decision, error) {
	if c == nil {
		return Decision{Allowed: true}, nil
	}
	in := policies.Input{
		Request: policies.Request{
			Operation:  r.Operation,
			Kind:       c.ref.Kind,
			APIVersion: c.apiVersion,
			Namespace:  c.ref.Namespace,
			Name:       c.ref.Name,
			UserInfo:   policies.UserInfo{Username: r.Username, Groups: r.Groups},
			DryRun:     r.DryRun,
		},
		Egress: mesh.Review(c.before, c.after, c.ref),
	}
	var err error
	if in.Object, err = decodeMap(r.Object); err != nil {
		return Decision{}, fmt.Errorf("read object: %w", err)
	}
	if in.OldObject, err = decodeMap(r.OldObject); err != nil {
		return Decision{}, fmt.Errorf("read oldObject: %w", err)
	}
	violations, err := j.Engine.Evaluate(ctx, in)
	if err != nil {
		return Decision{}, err
	}
	c.renderFixes(violations, in.Object)
	denied := slices.ContainsFunc(violations, func(v policies.Violation) bool { return v.Action == config.Deny })
	return Decision{Allowed: !denied, Violations: violations}, nil
}

// decodeMap gives nil for no object.
func decodeMap(raw []byte) (map[string]any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var m map[string]any
	err := json.Unmarshal(raw, &m)
	return m, err
}

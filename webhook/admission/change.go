package admission

import (
	"context"
	"errors"
	"fmt"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/assume"
)

// change is what a request does to the mesh.
type change struct {
	ref           mesh.Ref
	object        *mesh.Object // nil on DELETE
	before, after *mesh.Snapshot
}

// on returns the change to the mesh that snap knows.
//
// What the API server says is stored (oldObject) goes before what snap remembers of it: snap follows the cluster at
// a distance.
func (q *request) on(snap *mesh.Snapshot) *change {
	known := snap.Get(q.ref)
	before, stored := snap, known
	if q.old != nil {
		stored = withCreationTime(q.old, known)
		before = snap.With(stored)
	}
	if q.Operation == policies.Delete {
		after := before.Without(q.ref)
		if q.ref.Kind == mesh.KindNamespace {
			after = before.WithoutNamespace(q.ref.Name)
		}
		return &change{ref: q.ref, before: before, after: after}
	}
	object := q.object
	if q.Operation == policies.Update {
		object = withCreationTime(object, stored)
	}
	return &change{ref: q.ref, object: object, before: before, after: before.With(object)}
}

// withCreationTime returns o with the creation time of what is stored, where it has none of its own.
func withCreationTime(o, stored *mesh.Object) *mesh.Object {
	if stored == nil || !o.Created.IsZero() {
		return o
	}
	older := *o
	older.Created = stored.Created
	return &older
}

// write returns the write that the API server does if the request is allowed.
func (c *change) write(q *request) *assume.Write {
	return &assume.Write{Ref: c.ref, Object: c.object, Base: q.base()}
}

// input is what policies read of a change. No flow stands for hosts that different exemptions cover. An object that makes
// the review larger than any may be is an *ObjectError.
func (q *request) input(ctx context.Context, c *change, exemptHosts mesh.HostLists) (policies.Input, error) {
	egress, err := mesh.Review(ctx, c.before, c.after, c.ref, exemptHosts)
	var limit *mesh.LimitError
	if errors.As(err, &limit) {
		return policies.Input{}, &ObjectError{err}
	}
	if err != nil {
		return policies.Input{}, fmt.Errorf("review the mesh: %w", err)
	}
	legs, err := c.after.IngressLegs(ctx, c.object)
	if err != nil {
		return policies.Input{}, fmt.Errorf("follow Ingresses: %w", err)
	}
	opened, err := mesh.Opened(ctx, c.before, c.after, c.ref, c.object)
	if err != nil {
		return policies.Input{}, fmt.Errorf("look for what is opened: %w", err)
	}
	return policies.Input{
		Request: policies.Request{
			Operation:  q.Operation,
			Kind:       q.ref.Kind,
			APIVersion: q.apiVersion,
			Namespace:  q.ref.InNamespace(),
			Name:       q.ref.Name,
			UserInfo:   policies.UserInfo{Username: q.Username, Groups: q.Groups},
			DryRun:     q.DryRun,
		},
		Object:             q.tree,
		OldObject:          q.oldTree,
		Egress:             egress,
		GroupedByExemption: exemptHosts != nil,
		Callers:            c.after.Callers(c.after.Get(c.ref)),
		Opened:             opened,
		Bypasses:           c.after.Bypasses(c.object),
		IngressLegs:        legs,
		PlaintextCalls:     c.after.PlaintextCalls(c.object),
		OutsideModel:       c.after.OutsideModelOf(c.before, c.ref, c.object, egress),
	}, nil
}

package webhook

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/tlsward/tlsward/mesh"
)

// maxConfirmed bounds the reads for one judgement. Each settles one write on which the answer hangs, and an answer
// that hangs on more than two or three is rare. One that hangs on more than this is a refusal, until events have told.
const maxConfirmed = 8

// confirm decides q where the mesh without the pending writes (low) and the mesh with all of them (high) give different
// answers. Which writes turn the answer is found by judging, not by comparing names: routes, Gateways and Sidecars tie
// objects together in ways that names do not show. Only those are read from the API server. One that it has counts from
// then on; one that it does not have, or has otherwise, may still arrive or may have failed: the answer is no.
func (c *court) confirm(ctx context.Context, j *Judge, q *question, v *View, low, high ruling) (ruling, error) {
	without, with, open := v.Stored, v.Expected, slices.Clone(v.pending)
	for range maxConfirmed {
		i, err := pivot(ctx, j, q, without, low.Allowed, open)
		if err != nil {
			return ruling{Decision: Decision{Input: high.Input}}, err
		}
		p := open[i]
		object, err := c.fetch(ctx, p.ref)
		if err != nil {
			return ruling{Decision: Decision{Input: high.Input}}, fmt.Errorf("ask the API server for what was admitted a moment ago: %w", err)
		}
		if !p.landed(object) {
			return refusal(low, high, p.String()), nil
		}
		open = slices.Delete(open, i, i+1)
		without, with = apply(without, p.ref, object), apply(with, p.ref, object)
		if low, err = judgeOn(ctx, j, q, without); err != nil {
			return low, err
		}
		if high, err = judgeOn(ctx, j, q, with); err != nil || low.Allowed == high.Allowed || len(open) == 0 {
			return high, err
		}
	}
	return refusal(low, high, fmt.Sprintf("more than %d writes that were admitted a moment ago", maxConfirmed)), nil
}

// pivot gives the first of the open writes, oldest first, with which the answer turns. With none of them it is answer,
// with all of them it is the other one.
func pivot(ctx context.Context, j *Judge, q *question, snap *mesh.Snapshot, answer bool, open []pending) (int, error) {
	low, high := 0, len(open)
	for high-low > 1 {
		middle, next := (low+high)/2, snap
		for _, p := range open[low:middle] {
			next = apply(next, p.ref, p.object)
		}
		d, err := j.decide(ctx, q, q.on(next))
		if err != nil {
			return 0, err
		}
		if d.Allowed == answer {
			low, snap = middle, next
		} else {
			high = middle
		}
	}
	return low, nil
}

// refusal gives the one of two rulings that refuses, and says on what it hangs.
func refusal(low, high ruling, on string) ruling {
	refused := low
	if low.Allowed {
		refused = high
	}
	refused.hangsOn = "This hangs on " + on + ". Try again in a moment."
	return refused
}

// String says what p does, for a denial that hangs on it.
func (p pending) String() string {
	if p.object == nil {
		return fmt.Sprintf("the deletion of %s, which was admitted a moment ago and is not done yet", p.ref)
	}
	return fmt.Sprintf("%s, which was admitted a moment ago and is not stored yet", p.ref)
}

// landed says whether stored, as the API server has it, is what p writes. What it has otherwise is from before p, or
// from after: an event will tell.
func (p pending) landed(stored *mesh.Object) bool {
	if p.object == nil || stored == nil {
		return p.object == nil && stored == nil
	}
	mine, ok := p.object.Spec.(proto.Message)
	theirs, also := stored.Spec.(proto.Message)
	return ok && also && proto.Equal(mine, theirs) && maps.Equal(p.object.Labels, stored.Labels) &&
		maps.Equal(p.object.Annotations, stored.Annotations)
}

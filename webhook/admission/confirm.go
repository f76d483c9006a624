package admission

import (
	"context"
	"fmt"
	"slices"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/assume"
)

// maxConfirmed bounds the reads for one decision. Each settles one write on which the decision depends, and one that
// depends on more than two or three is rare. One that depends on more than this is a denial, until events have shown them.
const maxConfirmed = 8

// confirm decides q where the mesh without the assumed writes (stored) and the mesh with all of them (assumed) lead to
// different decisions. Which writes turn the decision is found by evaluating, not by comparing names: routes, Gateways
// and Sidecars tie objects together in ways that names do not show. Only those are read from the API server. One that it
// has counts from then on; one that it does not have, or has otherwise, may still arrive or may have failed: denied.
func (d *Decider) confirm(ctx context.Context, e *Evaluator, q *request, v *assume.View, stored, assumed Decision) (Decision, error) {
	without, with, open := v.Stored, v.Assumed, slices.Clone(v.Writes)
	for range maxConfirmed {
		i, err := decisiveWrite(ctx, e, q, without, stored.Allowed, open)
		if err != nil {
			return Decision{Input: assumed.Input}, err
		}
		w := open[i]
		object, err := d.Get(ctx, w.Ref)
		if err != nil {
			return Decision{Input: assumed.Input}, fmt.Errorf("ask the API server for what was admitted a moment ago: %w", err)
		}
		if !w.StoredAs(object) {
			return unconfirmed(stored, assumed, w.String()), nil
		}
		open = slices.Delete(open, i, i+1)
		w.Object = object
		without, with = w.Apply(without), w.Apply(with)
		if stored, err = e.evaluate(ctx, q, without, fixesOfDenials); err != nil {
			return stored, err
		}
		if assumed, err = e.evaluate(ctx, q, with, fixesOfDenials); err != nil || stored.Allowed == assumed.Allowed || len(open) == 0 {
			return assumed, err
		}
	}
	return unconfirmed(stored, assumed, fmt.Sprintf("more than %d writes that were admitted a moment ago", maxConfirmed)), nil
}

// decisiveWrite returns the index of the first of the writes, oldest first, with which the decision turns: with none of
// them over snap it is allowed or not as given, with all of them the other.
func decisiveWrite(ctx context.Context, e *Evaluator, q *request, snap *mesh.Snapshot, allowed bool, writes []assume.Write) (int, error) {
	applied, turned := 0, len(writes) // the decision is as given after the first applied writes, and turned after these
	for turned-applied > 1 {
		middle, next := (applied+turned)/2, snap
		for _, w := range writes[applied:middle] {
			next = w.Apply(next)
		}
		decision, err := e.evaluate(ctx, q, next, noFix)
		if err != nil {
			return 0, err
		}
		if decision.Allowed == allowed {
			applied, snap = middle, next
		} else {
			turned = middle
		}
	}
	return applied, nil
}

// unconfirmed returns the one of two decisions that denies, and says on what it depends.
func unconfirmed(stored, assumed Decision, on string) Decision {
	denied := stored
	if stored.Allowed {
		denied = assumed
	}
	denied.Unconfirmed = "This hangs on " + on + ". Try again in a moment."
	return denied
}

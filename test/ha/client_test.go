package ha

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// client writes valid and invalid objects, round after round, and compares each answer with the one that is due.
type client struct {
	dynamic.Interface
	tally     *tally
	namespace string
	// bare has the objects that were stored without what is filled in. An update that changes nothing of one is not
	// shown to webhooks, so it stays as it is, and is not another mishap.
	bare map[string]bool
}

// retryEvery is the pause before a write that got no judgement is tried again.
const retryEvery = 50 * time.Millisecond

// run makes rounds until ctx is done. The round under way is finished, so that nothing is left behind.
func (c client) run(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		c.round(context.WithoutCancel(ctx), set{namespace: c.namespace, name: fmt.Sprintf("%s-%d", c.namespace, n), wild: n%2 == 0})
	}
}

// round is the life of one host: an entry, rules bad and good, policies bad and good, and the way back.
func (c client) round(ctx context.Context, s set) {
	c.create(ctx, s.entry(), admitted)
	c.create(ctx, s.plaintext(), refused)
	c.create(ctx, s.rule(), admitted)
	c.update(ctx, s.plaintext(), refused)
	c.update(ctx, s.entry(), admitted)
	c.create(ctx, s.anyone(), refused)
	c.create(ctx, s.policy(), admitted)
	if s.wild {
		c.remove(ctx, s.rule(), refused) // its host would be left in plaintext; another one may still have tlsward's own rule
	}
	c.remove(ctx, s.policy(), admitted)
	c.remove(ctx, s.entry(), admitted)
	c.remove(ctx, s.rule(), admitted)
}

func (c client) of(o *unstructured.Unstructured) dynamic.ResourceInterface {
	return c.Resource(resourceOf(o)).Namespace(o.GetNamespace())
}

func (c client) create(ctx context.Context, o *unstructured.Unstructured, due answer) {
	c.write(ctx, "create", o, due, func() (*unstructured.Unstructured, error) {
		return c.of(o).Create(ctx, o, metav1.CreateOptions{})
	})
}

// update replaces what is stored, whatever its version: nobody else writes it.
func (c client) update(ctx context.Context, o *unstructured.Unstructured, due answer) {
	c.write(ctx, "update", o, due, func() (*unstructured.Unstructured, error) {
		stored, err := c.of(o).Get(ctx, o.GetName(), metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		o.SetResourceVersion(stored.GetResourceVersion())
		return c.of(o).Update(ctx, o, metav1.UpdateOptions{})
	})
}

func (c client) remove(ctx context.Context, o *unstructured.Unstructured, due answer) {
	c.write(ctx, "delete", o, due, func() (*unstructured.Unstructured, error) {
		return nil, c.of(o).Delete(ctx, o.GetName(), metav1.DeleteOptions{})
	})
}

// write sends until there is a judgement, and counts it.
func (c client) write(ctx context.Context, verb string, o *unstructured.Unstructured, due answer,
	send func() (*unstructured.Unstructured, error)) {
	what := fmt.Sprintf("%s %s, %s", verb, o.GetKind(), map[answer]string{admitted: "valid", refused: "invalid"}[due])
	lost := false // an earlier try may have been made without our hearing of it
	for {
		begin := time.Now()
		stored, err := send()
		took := time.Since(begin)
		got := classify(err)
		switch got {
		case webhookFailed:
			c.tally.mishap(failures, what+": "+err.Error(), begin)
		case planeFailed:
			c.tally.mishap(planeDown, what+": "+err.Error(), begin)
			lost = true
		case conflicted:
			if due == admitted && lost && (verb == "create" && apierrors.IsAlreadyExists(err) || verb == "delete" && apierrors.IsNotFound(err)) {
				c.tally.wrote(what, took)
				return
			}
			if !apierrors.IsConflict(err) {
				c.tally.mishap(unexpected, what+": "+err.Error(), begin)
				return
			}
		case invalid:
			c.tally.mishap(unexpected, what+": "+err.Error(), begin)
			return
		default:
			if c.judged(what, o, due, got, stored, err, begin) {
				c.tally.wrote(what, took)
				return
			}
		}
		time.Sleep(retryEvery)
	}
}

// judged compares a judgement with the one that is due. It is false where the write must be tried again for the round
// to go on.
func (c client) judged(what string, o *unstructured.Unstructured, due, got answer, stored *unstructured.Unstructured, err error, begin time.Time) bool {
	switch {
	case due == refused && got == admitted:
		c.tally.mishap(invalidStored, fmt.Sprintf("%s %s", what, o.GetName()), begin)
	case due == admitted && got == refused:
		c.tally.mishap(validRefused, fmt.Sprintf("%s %s: %v", what, o.GetName(), err), begin)
		return false
	case due == admitted && stored != nil && !completed(stored):
		name := o.GetKind() + " " + o.GetName()
		if c.bare[name] {
			return true
		}
		c.bare[name] = true
		c.tally.mishap(incomplete, fmt.Sprintf("%s %s", what, o.GetName()), begin)
	}
	return true
}

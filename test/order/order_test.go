// Package order_test checks that a correct set of objects is admitted whatever the order in which it is applied.
package order_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// TestEveryOrderLands applies each file under testdata in every order, objects that were refused again in the next
// round, as a person or a GitOps tool would. Two rounds must do, nothing but a VirtualService may ever be refused, or the
// Gateway that completes its way out (a route to a gateway waits for the rule that starts TLS there), and in the end every
// object, applied again, is admitted as it is, without a warning of plaintext.
func TestEveryOrderLands(t *testing.T) {
	judge, err := admission.NewEvaluator(context.Background(), v1alpha1.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		objects := read(t, file)
		t.Run(filepath.Base(file), func(t *testing.T) {
			for _, order := range permutations(len(objects)) {
				c := &cluster{t: t, judge: judge, snap: mesh.New(mesh.DefaultSettings()), stored: map[mesh.Ref][]byte{}}
				refused := c.apply(pick(objects, order))
				if refused = c.apply(refused); len(refused) > 0 {
					t.Fatalf("order %v: still refused: %s", order, refused)
				}
				c.settled(fmt.Sprint(order))
			}
		})
	}
}

// cluster is what is stored, behind the webhooks.
type cluster struct {
	t      *testing.T
	judge  *admission.Evaluator
	snap   *mesh.Snapshot
	stored map[mesh.Ref][]byte
}

// apply applies objects in order and returns those that were refused.
func (c *cluster) apply(objects [][]byte) (refused [][]byte) {
	for _, raw := range objects {
		o := c.decode(raw)
		r := admission.Review{Operation: policies.Create, Object: raw}
		if d := c.judgeReview(&r); d.Allowed {
			c.snap = c.snap.With(c.decode(r.Object))
			c.stored[o.Ref] = r.Object
			continue
		}
		if o.Kind != mesh.KindVirtualService && o.Kind != mesh.KindGateway {
			c.t.Errorf("%s is refused", o.Ref)
		}
		refused = append(refused, raw)
	}
	return refused
}

// settled applies everything that is stored once more.
func (c *cluster) settled(order string) {
	for ref, raw := range c.stored {
		r := admission.Review{Operation: policies.Update, Object: raw, OldObject: raw}
		d := c.judgeReview(&r)
		if !d.Allowed || !bytes.Equal(r.Object, raw) {
			c.t.Errorf("order %s: %s is not settled: %v", order, ref, d.Violations)
		}
		for _, v := range d.Violations {
			if v.Policy == "tls-pending" || v.Policy == "ineffective-tls" {
				c.t.Errorf("order %s: %s: %s", order, ref, v.Message)
			}
		}
	}
}

func (c *cluster) judgeReview(r *admission.Review) admission.Decision {
	object, _, err := c.judge.Mutate(c.snap, *r)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Object = object
	d, err := c.judge.Validate(context.Background(), c.snap, *r)
	if err != nil {
		c.t.Fatal(err)
	}
	return d
}

func (c *cluster) decode(raw []byte) *mesh.Object {
	o, err := mesh.Decode(raw)
	if err != nil {
		c.t.Fatal(err)
	}
	return o
}

func read(t *testing.T, file string) [][]byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var objects [][]byte
	for document := range bytes.SplitSeq(content, []byte("\n---\n")) {
		raw, err := yaml.YAMLToJSON(document)
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, raw)
	}
	return objects
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, shorter := range permutations(n - 1) {
		for i := range n {
			p := append(append(append([]int{}, shorter[:i]...), n-1), shorter[i:]...)
			all = append(all, p)
		}
	}
	return all
}

func pick(objects [][]byte, order []int) [][]byte {
	list := make([][]byte, len(order))
	for i, j := range order {
		list[i] = objects[j]
	}
	return list
}

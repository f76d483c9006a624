package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	// mostOrders is in how many orders a configuration is applied: all orders of up to four objects, a sample of those of five.
	mostOrders = 24
	// steady is how long nothing may change before that is taken for the end: longer than the completer gathers changes.
	steady = 3 * time.Second
)

// Each configuration as published ends as the same objects, whatever the order in which they are applied, where what is refused for its
// order is tried again after the rest, and what was stored too early is completed.
func TestAnyOrderOneEnd(t *testing.T) {
	const namespace = "order-of-a-test"
	ensureNamespace(t, namespace, nil)
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, []byte("apiVersion: tlsward.io/v1alpha1\nkind: Config\nmutation: {existing: complete}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := plane.Kubeconfig("order", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, plane, "--existing", "--companions", "--namespace", namespace, "--config", config, "--kubeconfig", writer)
	s.register(t, s.start(t).URL())
	stage, applied := newStage(t, plane), 0
	for _, c := range loadSuite(t, publishedSuite).Cases {
		objects := createdBy(c)
		if len(objects) < 2 || len(objects) > 5 {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			want := ""
			for i, order := range someOrders(len(objects)) {
				stage.lay(t, scenario{Steps: c.Steps}, senders()[0])
				for _, o := range objects {
					needNamespace(t.Context(), t, stage.seed, o.GetNamespace())
				}
				stage.awaitMesh(t, s.replicas[0])
				stage.applyAll(t, objects, order)
				if i == 0 {
					want = stage.awaitEnd(t, objects)
				} else if got := stage.awaitThis(t, objects, want); got != want {
					t.Errorf("order %v ends in\n%s\nand order %v in\n%s", order, got, someOrders(len(objects))[0], want)
				}
				applied++
			}
		})
	}
	sweep(t.Context(), t, stage.seed)
	if applied < 50 {
		t.Errorf("only %d orders were applied", applied)
	}
}

// createdBy returns all objects of a case that does nothing but create them; nil for others.
func createdBy(c scenario) []*unstructured.Unstructured {
	var objects []*unstructured.Unstructured
	for _, o := range c.Given {
		objects = append(objects, (&unstructured.Unstructured{Object: o}).DeepCopy())
	}
	for _, st := range c.Steps {
		if st.Operation != create || st.Expect.Decision != "allow" {
			return nil
		}
		objects = append(objects, st.subject())
	}
	for _, o := range objects {
		o.SetCreationTimestamp(metav1.Time{})
	}
	return objects
}

// someOrders returns orders of n objects, as written and backwards first.
func someOrders(n int) [][]int {
	all := [][]int{nil}
	for i := range n {
		var longer [][]int
		for _, order := range all {
			for at := range len(order) + 1 {
				longer = append(longer, slices.Insert(slices.Clone(order), at, i))
			}
		}
		all = longer
	}
	slices.SortFunc(all, slices.Compare)
	some := [][]int{all[0], all[len(all)-1]}
	rest := all[1 : len(all)-1]
	random := rand.New(rand.NewPCG(1, uint64(n)))
	random.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	return append(some, rest[:min(len(rest), mostOrders-2)]...)
}

// applyAll creates objects in an order, and what is refused after the rest, as often as there are objects.
func (s stage) applyAll(t *testing.T, objects []*unstructured.Unstructured, order []int) {
	t.Helper()
	var why error
	for range objects {
		var refused []int
		for _, i := range order {
			o := objects[i].DeepCopy()
			if _, err := s.admin.of(o).Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
				if !strings.Contains(err.Error(), "denied the request") {
					t.Fatalf("%s %s: %v", o.GetKind(), o.GetName(), err)
				}
				refused, why = append(refused, i), err
			}
		}
		if order = refused; len(order) == 0 {
			return
		}
	}
	t.Errorf("%v are refused still: %v", order, why)
}

// end returns all objects of the kinds and namespaces of these, each with its spec, companions among them.
func (s stage) end(t *testing.T, objects []*unstructured.Unstructured) string {
	t.Helper()
	found := map[string]bool{}
	for _, o := range objects {
		list, err := s.seed.of(o).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range list.Items {
			if item.GetKind() == "Service" && item.GetName() != o.GetName() {
				continue
			}
			spec := item.Object["spec"]
			if item.GetKind() == "Service" {
				spec = nil // addresses
			}
			raw, err := json.Marshal(spec)
			if err != nil {
				t.Fatal(err)
			}
			found[fmt.Sprintf("%s %s/%s %s", item.GetKind(), item.GetNamespace(), item.GetName(), raw)] = true
		}
	}
	var lines []string
	for line := range found {
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// awaitEnd waits until nothing has changed for a while.
func (s stage) awaitEnd(t *testing.T, objects []*unstructured.Unstructured) string {
	t.Helper()
	last, since := s.end(t, objects), time.Now()
	for time.Since(since) < steady {
		time.Sleep(100 * time.Millisecond)
		if now := s.end(t, objects); now != last {
			last, since = now, time.Now()
		}
	}
	return last
}

// awaitThis waits until the objects are these, and returns what they are: controllers have nothing to do then, as they had not before.
func (s stage) awaitThis(t *testing.T, objects []*unstructured.Unstructured, want string) string {
	t.Helper()
	got := s.end(t, objects)
	for deadline := time.Now().Add(catchUp); got != want && time.Now().Before(deadline); got = s.end(t, objects) {
		time.Sleep(50 * time.Millisecond)
	}
	return got
}

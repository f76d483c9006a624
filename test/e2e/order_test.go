package e2e

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/test/e2e/cluster"
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
	o := newOrders(t, plane)
	for _, c := range loadSuite(t, publishedSuite).Cases {
		objects := createdBy(c)
		if len(objects) < 2 || len(objects) > 5 {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			want := ""
			for i, order := range someOrders(len(objects), mostOrders) {
				o.apply(t, nil, objects, order)
				if i == 0 {
					want = o.awaitEnd(t, steady)
				} else if got := o.awaitThis(t, want); got != want {
					t.Errorf("order %v ends in\n%s\nand the first order in\n%s", order, got, want)
				}
			}
		})
	}
	o.enough(t, 50)
}

// orders applies sets of objects to a cluster in which a tlsward completes what is stored, and keeps companions.
type orders struct {
	stage
	replica *cluster.Replica
	applied int
}

func newOrders(t *testing.T, c *cluster.Cluster) *orders {
	t.Helper()
	const home = "order-of-a-test"
	o := &orders{stage: newStage(t, c)}
	needNamespace(t.Context(), t, o.seed, home)
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, []byte("apiVersion: tlsward.io/v1alpha1\nkind: Config\nmutation: {existing: complete}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := c.Kubeconfig("order", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, c, "--existing", "--companions", "--namespace", home, "--config", config, "--kubeconfig", writer)
	o.replica = s.start(t)
	s.register(t, o.replica.URL())
	return o
}

// enough sweeps, and sees that there were orders at all.
func (o *orders) enough(t *testing.T, least int) {
	t.Helper()
	sweep(t.Context(), t, o.seed)
	t.Logf("%d orders were applied", o.applied)
	if o.applied < least {
		t.Errorf("only %d orders were applied", o.applied)
	}
}

// apply empties the cluster, stores what is given, and applies objects in an order.
func (o *orders) apply(t *testing.T, given []map[string]any, objects []*unstructured.Unstructured, order []int) {
	t.Helper()
	o.lay(t, scenario{Given: given}, senders()[0])
	for _, object := range objects {
		needNamespace(t.Context(), t, o.seed, object.GetNamespace())
	}
	o.awaitMesh(t, o.replica)
	o.applyAll(t, objects, order)
	o.applied++
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

// someOrders returns orders of n objects, no more than most, as written and backwards first.
func someOrders(n, most int) [][]int {
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
	return append(some, rest[:min(len(rest), most-2)]...)
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

// end returns what is stored, companions among it, but not what Kubernetes itself completes: as YAML, by kind and name.
func (s stage) end(t *testing.T) string {
	t.Helper()
	var documents []string
	for _, gvr := range meshResources() {
		if gvr.Group == "" {
			continue
		}
		list, err := s.seed.Resource(gvr).List(t.Context(), metav1.ListOptions{})
		if apierrors.IsNotFound(err) {
			continue // the CRD is not installed
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range list.Items {
			metadata := map[string]any{"name": item.GetName(), "namespace": item.GetNamespace()}
			if labels := item.GetLabels(); len(labels) > 0 {
				metadata["labels"] = labels
			}
			raw, err := yaml.Marshal(map[string]any{"apiVersion": item.GetAPIVersion(), "kind": item.GetKind(), "metadata": metadata, "spec": item.Object["spec"]})
			if err != nil {
				t.Fatal(err)
			}
			documents = append(documents, string(raw))
		}
	}
	slices.Sort(documents)
	return strings.Join(documents, "---\n")
}

// awaitEnd waits until nothing has changed for so long.
func (s stage) awaitEnd(t *testing.T, still time.Duration) string {
	t.Helper()
	last, since := s.end(t), time.Now()
	for time.Since(since) < still {
		time.Sleep(100 * time.Millisecond)
		if now := s.end(t); now != last {
			last, since = now, time.Now()
		}
	}
	return last
}

// awaitThis waits until this is stored, and returns what is: controllers have nothing to do then, as they had not before.
func (s stage) awaitThis(t *testing.T, want string) string {
	t.Helper()
	got := s.end(t)
	for deadline := time.Now().Add(catchUp); got != want && time.Now().Before(deadline); got = s.end(t) {
		time.Sleep(50 * time.Millisecond)
	}
	return got
}

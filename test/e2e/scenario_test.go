package e2e

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// catchUp bounds how long the server may take to see what was stored, in the tests that wait for it.
const catchUp = 10 * time.Second

// stage is a control plane with a tlsward registered.
type stage struct {
	admin, seed api
	// turn makes every step wait for the next second, for Suites in which age matters.
	turn bool
}

func newStage(t *testing.T, c *cluster.Cluster) stage {
	t.Helper()
	return stage{admin: newAPI(t, c.Admin), seed: newAPI(t, c.Seed)}
}

// ensureNamespace makes a namespace of a test's own, unseen by the webhooks. It stays: no controller here deletes one.
func ensureNamespace(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	home := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	_, err := seedClients(t).CoreV1().Namespaces().Create(t.Context(), home, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}

// seedClients returns clients whose writes no webhook sees.
func seedClients(t *testing.T) *kubernetes.Clientset {
	t.Helper()
	clients, err := kubernetes.NewForConfig(plane.Seed)
	if err != nil {
		t.Fatal(err)
	}
	return clients
}

// play runs the scenario: what is given is stored unseen by the webhooks, and each step is sent twice, as a dry run
// until the server has caught up with the cluster, and then for good.
func (s stage) play(t *testing.T, c scenario, way sender) {
	t.Helper()
	s.lay(t, c, way)
	for i, st := range c.Steps {
		if s.turn {
			turnSecond()
		}
		s.rehearse(t, way, i, st)
		s.perform(t, way, i, st)
		if t.Failed() {
			return
		}
	}
}

// race runs the scenario without waiting for anything, as kubectl apply -f of a file does.
func (s stage) race(t *testing.T, server *server, c scenario, way sender) {
	t.Helper()
	s.lay(t, c, way)
	for _, r := range server.replicas {
		s.awaitMesh(t, r)
	}
	for i, st := range c.Steps {
		s.perform(t, way, i, st)
	}
}

// lay empties the cluster and stores what the scenario is given, the oldest first.
func (s stage) lay(t *testing.T, c scenario, way sender) {
	t.Helper()
	ctx, seed := t.Context(), s.seed
	sweep(ctx, t, seed)
	for _, st := range c.Steps {
		needNamespace(ctx, t, seed, st.subject().GetNamespace())
	}
	age, uids := "", map[types.UID]types.UID{}
	for i, o := range byAge(c.Given) {
		if o.GetKind() == "Namespace" {
			labelNamespace(ctx, t, seed, o)
			continue
		}
		needNamespace(ctx, t, seed, o.GetNamespace())
		if created := ageOf(o); created != age && i > 0 {
			age = created
			turnSecond()
		}
		o.SetCreationTimestamp(metav1.Time{})
		given := o.GetUID()
		ownByStored(o, uids)
		create := way.create
		if managers := o.GetManagedFields(); len(managers) > 0 {
			create = appliedBy(managers[0].Manager)
		}
		stored, err := create(ctx, seed, o, nil)
		if err != nil {
			t.Fatalf("store %s %s: %v", o.GetKind(), o.GetName(), err)
		}
		if given != "" {
			uids[given] = stored.GetUID()
		}
	}
}

// appliedBy returns a way to store what a field manager applies: the API server writes down itself who manages what.
func appliedBy(manager string) func(context.Context, api, *unstructured.Unstructured, []string) (*unstructured.Unstructured, error) {
	return func(ctx context.Context, a api, o *unstructured.Unstructured, dryRun []string) (*unstructured.Unstructured, error) {
		o.SetManagedFields(nil)
		return a.of(o).Apply(ctx, o.GetName(), o, metav1.ApplyOptions{FieldManager: manager, Force: true, DryRun: dryRun})
	}
}

// ownByStored names the owners of an object by the uids that the API server gave them.
func ownByStored(o *unstructured.Unstructured, uids map[types.UID]types.UID) {
	owners := o.GetOwnerReferences()
	for i := range owners {
		if stored, known := uids[owners[i].UID]; known {
			owners[i].UID = stored
		}
	}
	if len(owners) > 0 {
		o.SetOwnerReferences(owners)
	}
	o.SetUID("")
}

// byAge sorts objects by creationTimestamp; those without are the newest.
func byAge(objects []map[string]any) []*unstructured.Unstructured {
	out := make([]*unstructured.Unstructured, len(objects))
	for i, object := range objects {
		out[i] = (&unstructured.Unstructured{Object: object}).DeepCopy()
	}
	slices.SortStableFunc(out, func(a, b *unstructured.Unstructured) int { return cmp.Compare(ageOf(a), ageOf(b)) })
	return out
}

// newest is the age of what has no creationTimestamp: it sorts after every date.
const newest = "newest"

// ageOf returns the creationTimestamp as text that sorts.
func ageOf(o *unstructured.Unstructured) string {
	if created, _, _ := unstructured.NestedString(o.Object, "metadata", "creationTimestamp"); created != "" {
		return created
	}
	return newest
}

// turnSecond waits for the next second: the API server's creationTimestamps are whole seconds, and Istio orders
// objects of one second by name.
func turnSecond() { time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) }

// rehearse sends the step as a dry run until the answer is the expected one, and sees that nothing was stored.
func (s stage) rehearse(t *testing.T, way sender, number int, st step) {
	t.Helper()
	ctx, a := t.Context(), s.admin
	before := a.stored(ctx, t, st.subject())
	deadline := time.Now().Add(catchUp)
	var diff string
	for {
		a.warnings.take()
		answered, err := way.send(ctx, a, st, []string{metav1.DryRunAll})
		if diff = read(answered, err, a.warnings.take()).differs(st); diff == "" || time.Now().After(deadline) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if diff != "" {
		t.Errorf("step %d as a dry run: %s", number+1, diff)
	}
	after := a.stored(ctx, t, st.subject())
	if text(before) != text(after) {
		t.Errorf("step %d: a dry run has changed what is stored:\nbefore %s\nafter  %s", number+1, text(before), text(after))
	}
}

// perform sends the step and compares the answer, and what is stored after it, with what is expected.
func (s stage) perform(t *testing.T, way sender, number int, st step) {
	t.Helper()
	ctx, a := t.Context(), s.admin
	before := a.stored(ctx, t, st.subject())
	a.warnings.take()
	answered, err := way.send(ctx, a, st, nil)
	if diff := read(answered, err, a.warnings.take()).differs(st); diff != "" {
		t.Errorf("step %d: %s", number+1, diff)
		return
	}
	after := a.stored(ctx, t, st.subject())
	switch {
	case st.Expect.Decision == "deny":
		if text(before) != text(after) {
			t.Errorf("step %d is refused and changes what is stored:\nbefore %s\nafter  %s", number+1, text(before), text(after))
		}
	case st.Operation == remove:
		if after != nil {
			t.Errorf("step %d: the object is still stored", number+1)
		}
	default:
		if diff := st.specDiffers(after.Object["spec"]); diff != "" {
			t.Errorf("step %d, stored: %s", number+1, diff)
		}
	}
}

package e2e

import (
	"context"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A lone ServiceEntry gets a DestinationRule of tlsward's soon, which goes as soon as a person's is there, and comes back when it
// is deleted.
func TestCompanions(t *testing.T) {
	const namespace = "companions-of-a-test"
	ensureNamespace(t, namespace, nil)
	writer, err := plane.Kubeconfig("companions", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, plane, "--companions", "--namespace", namespace, "--kubeconfig", writer)
	s.register(t, s.start(t).URL())
	stage := newStage(t, plane)
	object := func(kind, name string, spec map[string]any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "networking.istio.io/v1", "kind": kind,
			"metadata": map[string]any{"name": name, "namespace": namespace}, "spec": spec}}
	}
	entry := object("ServiceEntry", "bank", map[string]any{"hosts": []any{"api.bank.example"}, "resolution": "DNS", "location": "MESH_EXTERNAL",
		"ports": []any{map[string]any{"number": int64(80), "name": "http", "protocol": "HTTP"}}})
	companion := object("DestinationRule", "tlsward-api.bank.example", nil)
	rule := object("DestinationRule", "bank", map[string]any{"host": "api.bank.example",
		"trafficPolicy": map[string]any{"tls": map[string]any{"mode": "SIMPLE"}}})
	await := func(what string, want bool) (found *unstructured.Unstructured) {
		t.Helper()
		began := time.Now()
		for time.Since(began) < 10*time.Second {
			found, err := stage.admin.of(companion).Get(t.Context(), companion.GetName(), metav1.GetOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				t.Fatal(err)
			}
			if (err == nil) == want {
				t.Logf("%s: after %s", what, time.Since(began).Round(time.Millisecond))
				return found
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Fatalf("%s: companion there is not %t within ten seconds", what, want)
		return nil
	}
	create := func(o *unstructured.Unstructured) {
		t.Helper()
		if _, err := stage.admin.of(o).Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(ctx context.Context, a api, o *unstructured.Unstructured) error {
		err := a.of(o).Delete(ctx, o.GetName(), metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	}
	t.Cleanup(func() {
		for _, o := range []*unstructured.Unstructured{rule, companion, entry} {
			if err := remove(context.Background(), stage.seed, o); err != nil {
				t.Error(err)
			}
		}
	})

	create(entry)
	found := await("a lone entry", true)
	mode, _, _ := unstructured.NestedSlice(found.Object, "spec", "trafficPolicy", "portLevelSettings")
	if owners := found.GetOwnerReferences(); len(mode) != 1 || len(owners) != 1 || owners[0].Name != "bank" {
		t.Errorf("got %v, owned by %v", found.Object["spec"], owners)
	}
	if err := remove(t.Context(), stage.admin, companion); err == nil {
		t.Error("a companion was deleted that starts the only TLS")
	}
	if err := remove(t.Context(), stage.seed, companion); err != nil {
		t.Fatal(err)
	}
	await("deleted unseen", true)

	create(rule)
	await("a person's rule", false)
	if err := remove(t.Context(), stage.seed, rule); err != nil {
		t.Fatal(err)
	}
	await("the person's rule gone", true)
	if err := remove(t.Context(), stage.admin, entry); err != nil {
		t.Fatal(err)
	}
	await("the entry gone", false)
}

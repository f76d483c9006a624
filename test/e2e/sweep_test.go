package e2e

import (
	"context"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// sweep deletes every object of the mesh, and takes the labels of Namespaces back.
func sweep(ctx context.Context, t *testing.T, seed api) {
	t.Helper()
	for _, gvr := range meshResources() {
		list, err := seed.Resource(gvr).List(ctx, metav1.ListOptions{})
		if apierrors.IsNotFound(err) {
			continue // the CRD is not installed
		}
		if err != nil {
			t.Fatalf("list %s: %v", gvr.Resource, err)
		}
		for _, o := range list.Items {
			if gvr.Group == "" && o.GetName() == "kubernetes" {
				continue
			}
			err := seed.Resource(gvr).Namespace(o.GetNamespace()).Delete(ctx, o.GetName(), metav1.DeleteOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				t.Fatalf("delete %s %s: %v", gvr.Resource, o.GetName(), err)
			}
		}
	}
	namespaces, err := seed.Resource(namespaceResource).List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatalf("list namespaces: %v", err)
	}
	for _, ns := range namespaces.Items {
		if len(ns.GetLabels()) > 1 { // its own name is always there
			labelNamespace(ctx, t, seed, namespace(ns.GetName()))
		}
	}
}

// needNamespace creates a namespace unless it exists.
func needNamespace(ctx context.Context, t *testing.T, seed api, name string) {
	t.Helper()
	if name == "" {
		return
	}
	ns := namespace(name)
	if _, err := seed.of(ns).Create(ctx, ns, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatalf("create namespace %s: %v", name, err)
	}
}

// namespaceResource is where Namespaces are.
var namespaceResource = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}

func namespace(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name},
	}}
}

// labelNamespace creates the namespace, or sets o's labels on it.
func labelNamespace(ctx context.Context, t *testing.T, seed api, o *unstructured.Unstructured) {
	t.Helper()
	if _, err := seed.of(o).Apply(ctx, o.GetName(), o, metav1.ApplyOptions{FieldManager: fieldManager, Force: true}); err != nil {
		t.Fatalf("apply namespace %s: %v", o.GetName(), err)
	}
}

// awaitMesh waits until the replica knows as many objects as the API server stores.
func (s stage) awaitMesh(t *testing.T, r *cluster.Replica) {
	t.Helper()
	deadline := time.Now().Add(catchUp)
	for {
		want := s.count(t)
		got, err := r.Metric(t.Context(), "tlsward_mesh_objects")
		if err == nil && int(got) == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server knows %v objects, want %d (%v)\n%s", got, want, err, r.Tail())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// count counts the objects that belong to the mesh, Namespaces among them.
func (s stage) count(t *testing.T) int {
	t.Helper()
	n := 0
	for _, gvr := range append(meshResources(), namespaceResource) {
		list, err := s.seed.Resource(gvr).List(t.Context(), metav1.ListOptions{})
		if apierrors.IsNotFound(err) {
			continue // the CRD is not installed
		}
		if err != nil {
			t.Fatalf("list %s: %v", gvr.Resource, err)
		}
		n += len(list.Items)
	}
	return n
}

// meshResources are the resources that the tests write, in an order in which they can be deleted.
func meshResources() []schema.GroupVersionResource {
	networking := schema.GroupVersion{Group: "networking.istio.io", Version: "v1"}
	out := []schema.GroupVersionResource{
		{Group: "security.istio.io", Version: "v1", Resource: "authorizationpolicies"},
		{Version: "v1", Resource: "services"},
	}
	for _, r := range []string{
		"virtualservices", "destinationrules", "gateways", "sidecars", "serviceentries", "workloadentries",
	} {
		out = append(out, networking.WithResource(r))
	}
	return append(out,
		schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "gateways"},
		schema.GroupVersionResource{Group: networking.Group, Version: "v1alpha3", Resource: "envoyfilters"},
		schema.GroupVersionResource{Group: networking.Group, Version: "v1beta1", Resource: "proxyconfigs"},
		schema.GroupVersionResource{Group: "security.istio.io", Version: "v1", Resource: "peerauthentications"},
		schema.GroupVersionResource{Group: "security.istio.io", Version: "v1", Resource: "requestauthentications"},
		schema.GroupVersionResource{Group: "extensions.istio.io", Version: "v1alpha1", Resource: "wasmplugins"},
		schema.GroupVersionResource{Group: "extensions.istio.io", Version: "v1alpha1", Resource: "trafficextensions"},
	)
}

//go:build chart

package chart

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// judgesOfKubernetes shows that of Services, Namespaces and the status of ServiceEntries only what decides where connections go
// is sent.
func judgesOfKubernetes(t *testing.T, r *release) {
	entries := schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "serviceentries"}
	for _, o := range []struct {
		resource schema.GroupVersionResource
		object   map[string]any
		created  float64
		patches  []openPatch
	}{
		{schema.GroupVersionResource{Version: "v1", Resource: "services"}, map[string]any{
			"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "web", "namespace": "default"},
			"spec": map[string]any{"ports": []any{map[string]any{"name": "http", "port": int64(80)}}},
		}, 1, []openPatch{
			{`{"metadata":{"labels":{"a":"b"},"annotations":{"a":"b"}}}`, 0, ""},
			{`{"metadata":{"annotations":{"networking.istio.io/exportTo":"."}}}`, 1, ""},
			{`{"metadata":{"labels":{"istio.io/use-waypoint":"w"}}}`, 1, ""},
			{`{"spec":{"selector":{"app":"web"}}}`, 1, ""},
			{`{"status":{"conditions":[{"type":"a.b/c","status":"True","reason":"R","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}`, 0, "status"},
		}},
		{schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}, map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "open"},
		}, 0, []openPatch{
			{`{"metadata":{"annotations":{"a":"b"}}}`, 0, ""},
			{`{"metadata":{"labels":{"a":"b"}}}`, 1, ""}, // discoverySelectors may ask for any
			{`{"metadata":{"labels":{"istio-injection":"enabled"}}}`, 1, ""},
			{`{"metadata":{"labels":{"istio.io/dataplane-mode":"ambient"}}}`, 1, ""},
		}},
		{entries, map[string]any{
			"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": map[string]any{"name": "db", "namespace": "default"},
			"spec": map[string]any{"hosts": []any{"db.example"}, "resolution": "DNS",
				"ports": []any{map[string]any{"number": int64(5432), "name": "tcp", "protocol": "TCP"}}},
		}, 1, []openPatch{
			{`{"status":{"conditions":[{"type":"Reconciled","status":"True"}]}}`, 0, "status"},
			{`{"status":{"addresses":[{"host":"db.example","value":"240.240.0.1"}]}}`, 1, "status"},
		}},
	} {
		object := &unstructured.Unstructured{Object: o.object}
		api := r.plane.objects.Resource(o.resource).Namespace(object.GetNamespace())
		before := r.reviews()
		if _, err := api.Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if asked := r.reviews() - before; asked != o.created {
			t.Errorf("%s is created: asked %v times, want %v", object.GetKind(), asked, o.created)
		}
		for _, p := range o.patches {
			before := r.reviews()
			if _, err := api.Patch(t.Context(), object.GetName(), types.MergePatchType, []byte(p.patch), metav1.PatchOptions{}, p.subresources()...); err != nil {
				t.Fatal(err)
			}
			if asked := r.reviews() - before; asked != p.asked {
				t.Errorf("%s %s: asked %v times, want %v", object.GetKind(), p.patch, asked, p.asked)
			}
		}
	}
}

// openPatch is a change, and how often it is asked about.
type openPatch struct {
	patch       string
	asked       float64
	subresource string
}

func (p openPatch) subresources() []string {
	if p.subresource == "" {
		return nil
	}
	return []string{p.subresource}
}

package policies

import (
	"fmt"
	"testing"

	"github.com/tlsward/tlsward/mesh"
)

func object(t *testing.T, text string) *mesh.Object {
	t.Helper()
	o, err := mesh.Decode([]byte(text))
	if err != nil || o == nil {
		t.Fatalf("decode %s: %v", text, err)
	}
	return o
}

func TestCallersOf(t *testing.T) {
	snapshot := mesh.New(mesh.Settings{},
		object(t, `{"apiVersion":"gateway.networking.k8s.io/v1","kind":"Gateway","metadata":{"name":"public","namespace":"shop"},"spec":{"gatewayClassName":"istio"}}`),
		object(t, `{"apiVersion":"gateway.networking.k8s.io/v1","kind":"Gateway","metadata":{"name":"waypoint","namespace":"shop"},"spec":{"gatewayClassName":"istio-waypoint"}}`),
	)
	for spec, want := range map[string]string{
		`{}`: "[] []",
		`{"targetRefs":[{"group":"gateway.networking.k8s.io","kind":"Gateway","name":"public"}]}`:                                                                          "[shop/public] []",
		`{"targetRef":{"group":"gateway.networking.k8s.io","kind":"Gateway","name":"waypoint"}}`:                                                                           "[] [shop/waypoint]",
		`{"targetRefs":[{"group":"gateway.networking.k8s.io","kind":"Gateway","name":"absent"},{"group":"","kind":"Service","name":"public"}]}`:                            "[] []",
		`{"targetRefs":[{"group":"gateway.networking.k8s.io","kind":"Gateway","name":"public"},{"group":"gateway.networking.k8s.io","kind":"Gateway","name":"waypoint"}]}`: "[shop/public] [shop/waypoint]",
	} {
		policy := object(t, `{"apiVersion":"security.istio.io/v1","kind":"AuthorizationPolicy","metadata":{"name":"p","namespace":"shop"},"spec":`+spec+`}`)
		got := CallersOf(snapshot, policy)
		if got == nil || fmt.Sprint(got.Ingress, got.Waypoints) != want {
			t.Errorf("%s: got %+v, want %s", spec, got, want)
		}
	}
	if got := CallersOf(snapshot, snapshot.Get(mesh.Ref{Kind: mesh.KindKubernetesGateway, Namespace: "shop", Name: "public"})); got != nil {
		t.Errorf("a Gateway has callers %+v", got)
	}
	if got := CallersOf(snapshot, nil); got != nil {
		t.Errorf("nothing has callers %+v", got)
	}
}

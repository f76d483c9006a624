package e2e

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The pods of a namespace of another control plane are judged by the MeshConfig of that one, for as long as it is there.
func TestControlPlanesOfTheCluster(t *testing.T) {
	const namespace, moved = "meshes-of-a-test", "moved-of-a-test"
	clients := seedClients(t)
	ensureNamespace(t, namespace, nil)
	ensureNamespace(t, moved, map[string]string{"istio.io/rev": "canary"})
	s := newServer(t, plane, "--istio-namespace", namespace)
	s.register(t, s.start(t).URL())
	stage := newStage(t, plane)

	await := func(what string, want bool) {
		t.Helper()
		for range 100 {
			if stage.opensMesh(t, moved) == want {
				if stage.opensMesh(t, namespace) {
					t.Errorf("%s: the first control plane has no REGISTRY_ONLY", what)
				}
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Fatalf("%s: warned is not %t within ten seconds", what, want)
	}
	await("one control plane", false)
	canary := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "istio-canary"}, Data: map[string]string{"mesh": "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n"}}
	if _, err := clients.CoreV1().ConfigMaps(namespace).Create(t.Context(), canary, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	services := clients.CoreV1().Services(namespace)
	istiod := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "istiod-canary", Labels: map[string]string{"app": "istiod", "istio.io/rev": "canary"}},
		Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "https-dns", Port: 15012}}}}
	if _, err := services.Create(t.Context(), istiod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	await("a second one", true)
	if err := services.Delete(t.Context(), istiod.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	await("it has gone", false)
}

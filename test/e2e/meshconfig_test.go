package e2e

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What Istio's own ConfigMap says is in force soon after it is written; a broken one changes nothing, and without one Istio's
// defaults hold.
func TestMeshConfigOfTheCluster(t *testing.T) {
	const namespace = "mesh-of-a-test"
	ensureNamespace(t, namespace, nil)
	clients := seedClients(t)
	s := newServer(t, plane, "--istio-namespace", namespace)
	s.register(t, s.start(t).URL())
	stage := newStage(t, plane)

	await := func(what string, want bool) {
		t.Helper()
		for range 100 {
			if stage.opensMesh(t, namespace) == want {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Fatalf("%s: warned is not %t within ten seconds", what, want)
	}
	await("no ConfigMap", false)
	maps := clients.CoreV1().ConfigMaps(namespace)
	config, err := maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "istio"},
		Data: map[string]string{"mesh": "outboundTrafficPolicy:\n  mode: REGISTRY_ONLY\n"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	await("REGISTRY_ONLY", true)
	config.Data["mesh"] = "outboundTrafficPolicy: [\n"
	if config, err = maps.Update(t.Context(), config, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	if !stage.opensMesh(t, namespace) {
		t.Error("a broken MeshConfig took the place of the last good one")
	}
	config.Data["mesh"] = "enableAutoMtls: true\n"
	if _, err := maps.Update(t.Context(), config, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	await("ALLOW_ANY by default", false)
	config.Data["mesh"] = "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n"
	config.ResourceVersion = ""
	if _, err := maps.Update(t.Context(), config, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	await("REGISTRY_ONLY again", true)
	if err := maps.Delete(t.Context(), "istio", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	await("the ConfigMap gone", false)

	// istiod's Deployment names a ConfigMap that is laid below istiod's own.
	shared := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "shared"}, Data: map[string]string{"mesh": "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n"}}
	if _, err := maps.Create(t.Context(), shared, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{"app": "istiod"}
	istiod := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "istiod"}, Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{
			{Name: "discovery", Image: "istio/pilot:1.31.0", Env: []corev1.EnvVar{{Name: "SHARED_MESH_CONFIG", Value: "shared"}}}}}}}}
	if _, err := clients.AppsV1().Deployments(namespace).Create(t.Context(), istiod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	await("the shared ConfigMap", true)
	if err := clients.AppsV1().Deployments(namespace).Delete(t.Context(), "istiod", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	await("the Deployment gone", false)
}

// opensMesh reports whether a Sidecar that lets anything out is warned of in a namespace, as it is with REGISTRY_ONLY alone: by Istio's
// defaults it opens nothing that was not open.
func (s stage) opensMesh(t *testing.T, namespace string) bool {
	t.Helper()
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "networking.istio.io/v1", "kind": "Sidecar",
		"metadata": map[string]any{"name": "probe", "namespace": namespace},
		"spec":     map[string]any{"outboundTrafficPolicy": map[string]any{"mode": "ALLOW_ANY"}}}}
	s.admin.warnings.take()
	if _, err := s.admin.of(o).Create(t.Context(), o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		t.Fatal(err)
	}
	return len(s.admin.warnings.take()) > 0
}

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What was stored before the webhooks were there is completed soon, field by field; what a person wrote stays.
func TestExistingIsCompleted(t *testing.T) {
	const namespace = "existing-of-a-test"
	ensureNamespace(t, namespace, nil)
	stage := newStage(t, plane)
	store := func(kind, name string, spec map[string]any) *unstructured.Unstructured {
		t.Helper()
		o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "networking.istio.io/v1", "kind": kind,
			"metadata": map[string]any{"name": name, "namespace": namespace}, "spec": spec}}
		if _, err := stage.seed.of(o).Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := stage.seed.of(o).Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil {
				t.Error(err)
			}
		})
		return o
	}
	port := func(target int64) []any {
		p := map[string]any{"number": int64(80), "name": "http", "protocol": "HTTP"}
		if target > 0 {
			p["targetPort"] = target
		}
		return []any{p}
	}
	entry := store("ServiceEntry", "bank", map[string]any{"hosts": []any{"api.bank.example"}, "resolution": "DNS", "ports": port(0)})
	rule := store("DestinationRule", "bank", map[string]any{"host": "api.bank.example", "trafficPolicy": map[string]any{"connectionPool": map[string]any{"tcp": map[string]any{"maxConnections": int64(1)}}}})
	meant := store("ServiceEntry", "meant", map[string]any{"hosts": []any{"meant.bank.example"}, "resolution": "DNS", "ports": port(80)})
	// Moved to 443, these would be sent there in plaintext: by everybody, and by clients whose own namespace says so.
	lone := store("ServiceEntry", "lone", map[string]any{"hosts": []any{"*.lone.example"}, "resolution": "NONE", "location": "MESH_EXTERNAL", "ports": port(0)})
	plain := store("ServiceEntry", "plain", map[string]any{"hosts": []any{"plain.bank.example"}, "resolution": "DNS", "location": "MESH_EXTERNAL", "ports": port(0)})
	store("DestinationRule", "plain", map[string]any{"host": "plain.bank.example", "trafficPolicy": map[string]any{"tls": map[string]any{"mode": "SIMPLE"}}})
	const others = "existing-of-others"
	ensureNamespace(t, others, nil)
	disabled := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
		"metadata": map[string]any{"name": "disabled", "namespace": others}, "spec": map[string]any{"host": "plain.bank.example",
			"exportTo": []any{"."}, "trafficPolicy": map[string]any{"tls": map[string]any{"mode": "DISABLE"}}}}}
	if _, err := stage.seed.of(disabled).Create(t.Context(), disabled, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stage.seed.of(disabled).Delete(context.Background(), "disabled", metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})

	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, []byte("apiVersion: tlsward.io/v1alpha1\nkind: Config\nmutation: {existing: complete}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := plane.Kubeconfig("existing", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, plane, "--existing", "--namespace", namespace, "--config", config)
	s.program.Args = append(s.program.Args, "--kubeconfig", writer)
	s.register(t, s.start(t).URL())
	get := func(o *unstructured.Unstructured) map[string]any {
		t.Helper()
		found, err := stage.seed.of(o).Get(t.Context(), o.GetName(), metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return found.Object
	}
	target := func(o *unstructured.Unstructured) any {
		ports, _, _ := unstructured.NestedSlice(get(o), "spec", "ports")
		return ports[0].(map[string]any)["targetPort"]
	}
	settings := func() int {
		list, _, _ := unstructured.NestedSlice(get(rule), "spec", "trafficPolicy", "portLevelSettings")
		return len(list)
	}
	for range 100 {
		if target(entry) == int64(443) && settings() == 1 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if target(entry) != int64(443) || settings() != 1 || target(meant) != int64(80) {
		t.Errorf("within ten seconds: targetPort %v, %d portLevelSettings; of what was meant, targetPort %v", target(entry), settings(), target(meant))
	}
	if target(lone) != nil || target(plain) != nil {
		t.Errorf("moved to where a client has no TLS: the wildcard to %v, the other one to %v", target(lone), target(plain))
	}
	if pools, _, _ := unstructured.NestedMap(get(rule), "spec", "trafficPolicy", "connectionPool"); len(pools) == 0 {
		t.Error("what a person wrote is gone")
	}
}

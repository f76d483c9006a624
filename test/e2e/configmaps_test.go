package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const ownPolicy = `# METADATA
# title: No Sidecar
# description: A policy of a test.
# custom:
#   id: no-sidecars
#   action: deny
#   kinds: [Sidecar]
package tlsward.no_sidecars

violation contains {"message": "no sidecars here"}
`

// A policy in a labelled ConfigMap is in force soon after it is written, and out of force soon after it is gone; a
// broken one changes nothing.
func TestPoliciesInConfigMaps(t *testing.T) {
	const namespace = "own-policies"
	ensureNamespace(t, namespace, nil)
	clients := seedClients(t)
	kubeconfig, err := plane.Kubeconfig("own-policies", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, plane, "--kubeconfig", kubeconfig, "--namespace", namespace, "--policy-selector", "tlsward.io/policies=true")
	s.register(t, s.start(t).URL())

	stage := newStage(t, plane)
	sidecar := func() error {
		o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "networking.istio.io/v1", "kind": "Sidecar",
			"metadata": map[string]any{"name": "probe", "namespace": namespace}, "spec": map[string]any{}}}
		_, err := stage.admin.of(o).Create(t.Context(), o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	refused := func() bool {
		err := sidecar()
		if err != nil && !strings.Contains(err.Error(), "no sidecars here") {
			t.Fatal(err)
		}
		return err != nil
	}
	until := func(what string, condition func() bool) {
		t.Helper()
		for range 100 {
			if condition() {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Fatalf("%s: not within ten seconds", what)
	}
	if refused() {
		t.Fatal("refused before there is a policy")
	}
	maps := clients.CoreV1().ConfigMaps(namespace)
	own := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "own", Labels: map[string]string{"tlsward.io/policies": "true"}},
		Data: map[string]string{"mine.rego": ownPolicy}}
	if own, err = maps.Create(t.Context(), own, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	until("the policy", refused)
	own.Data["mine.rego"] += "violation contains"
	if _, err = maps.Update(t.Context(), own, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	until("the Event", func() bool {
		events, err := clients.CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{
			FieldSelector: "involvedObject.kind=ConfigMap,involvedObject.name=own,involvedObject.uid=" + string(own.UID)})
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(events.Items, func(e corev1.Event) bool {
			return e.Reason == "PoliciesRefused" && e.Type == corev1.EventTypeWarning && strings.Contains(e.Message, "configmap own-policies/own:mine.rego:11: ")
		})
	})
	if !refused() {
		t.Error("a broken policy took the last good one away")
	}
	if err := maps.Delete(t.Context(), "own", metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	until("the policy's end", func() bool { return !refused() })
}

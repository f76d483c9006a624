//go:build chart

package chart

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// tells writes a policy that cannot be taken, twice, and wants to hear of it on the ConfigMap: one Event, counted.
func tells(t *testing.T, r *release) {
	maps := r.plane.clients.CoreV1().ConfigMaps(releaseNamespace)
	own := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "own", Labels: map[string]string{"tlsward.io/policies": "true"}}}
	own, err := maps.Create(t.Context(), own, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	put := func(text string) {
		own.Data = map[string]string{"own.rego": text}
		if own, err = maps.Update(t.Context(), own, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for round := range int32(2) {
		put("package tlsward.own\n\nviolation contains")
		r.await("hearing of a refused policy", func() string { return r.heard(own, round+1) })
		put("package tlsward.own\n")
		r.await("taking the policy that is mended", func() string {
			for _, server := range r.servers {
				if said := readyz(t, server); strings.Contains(said, "own.rego") {
					return said
				}
			}
			return ""
		})
	}
	if err := maps.Delete(t.Context(), own.Name, metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
}

// heard returns what is missing until each server has told of a ConfigMap's policies so often.
func (r *release) heard(own *corev1.ConfigMap, times int32) string {
	r.t.Helper()
	events, err := r.plane.clients.CoreV1().Events(own.Namespace).List(r.t.Context(), metav1.ListOptions{
		FieldSelector: "reason=PoliciesRefused,involvedObject.kind=ConfigMap,involvedObject.uid=" + string(own.UID),
	})
	if err != nil {
		return err.Error()
	}
	told := 0
	for _, e := range events.Items {
		if e.Count >= times {
			told++
		}
	}
	if told < len(r.servers) {
		return fmt.Sprintf("%d of %d servers told of it %d times: %v", told, len(r.servers), times, events.Items)
	}
	return ""
}

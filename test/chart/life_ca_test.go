//go:build chart

package chart

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func healsBundle(t *testing.T, r *release) {
	_, want := r.bundles()
	r.wipe()
	r.await("healing", func() string {
		if m, v := r.bundles(); m != want || v != want {
			return "the bundles are not what they were"
		}
		return ""
	})
	asked(t, r)
}

func restoresCA(t *testing.T, r *release) {
	secrets := r.plane.clients.CoreV1().Secrets(releaseNamespace)
	before, err := secrets.Get(t.Context(), releaseName+"-ca", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := secrets.Delete(t.Context(), before.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	r.await("writing back the CA", func() string {
		after, err := secrets.Get(t.Context(), before.Name, metav1.GetOptions{})
		switch {
		case err != nil:
			return err.Error()
		case string(after.Data["active.crt"]) != string(before.Data["active.crt"]):
			return "another CA"
		case after.Labels["app.kubernetes.io/managed-by"] != "Helm" || after.Annotations["meta.helm.sh/release-name"] != releaseName:
			return fmt.Sprintf("the marks of helm are gone: %v %v", after.Labels, after.Annotations)
		}
		return ""
	})
	asked(t, r)
}

func rotates(t *testing.T, r *release) {
	before, _ := r.bundles()
	secrets := r.plane.clients.CoreV1().Secrets(releaseNamespace)
	demand := []byte(`{"metadata":{"annotations":{"tlsward.io/rotate":"now"}}}`)
	if _, err := secrets.Patch(t.Context(), releaseName+"-ca", types.MergePatchType, demand, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	most := 0
	r.await("rotation", func() string {
		asked(t, r)
		m, v := r.bundles()
		most = max(most, strings.Count(v, "BEGIN"))
		if m != v || strings.Count(v, "BEGIN") != 1 || v == before {
			return "not at its end"
		}
		return ""
	})
	if most < 2 {
		t.Error("the bundles never held both CAs")
	}
	secret, err := secrets.Get(t.Context(), releaseName+"-ca", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := secret.Annotations["tlsward.io/rotate"]; ok || len(secret.Data) != 2 {
		t.Errorf("the Secret is not at rest: %v, %d entries", secret.Annotations, len(secret.Data))
	}
}

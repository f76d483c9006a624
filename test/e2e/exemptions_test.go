package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/test/e2e/cluster"
)

func exemption(name string, spec map[string]any) *unstructured.Unstructured {
	whole := map[string]any{"policy": "plaintext-egress", "hosts": []any{"external.example"}, "reason": "OPS-1", "owner": "payments", "expires": "2099-12-31"}
	maps.Copy(whole, spec)
	maps.DeleteFunc(whole, func(_ string, v any) bool { return v == nil })
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": v1alpha1.GroupVersion().String(), "kind": "Exemption", "metadata": map[string]any{"name": name}, "spec": whole}}
}

// An Exemption that is wrong is refused, by its CRD or by the webhook; a good one lets pass what it is for, says so in its status, and
// that nothing needs it; and it ends when it is deleted.
func TestExemptionsOfTheCluster(t *testing.T) {
	own := startCluster(t)
	if err := own.InstallCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := own.InstallExemptions(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := own.GrantOperators(t.Context(), "tlsward-system"); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := own.Kubeconfig("server", cluster.ReaderGroup, cluster.OperatorGroup, cluster.ExemptionGroup)
	if err != nil {
		t.Fatal(err)
	}
	stage, s := newStage(t, own), newServer(t, own, "--kubeconfig", kubeconfig, "--namespace", "tlsward-system", "--exemptions", "--audit-interval", "1s")
	s.register(t, s.start(t).URL())
	entry, rule := plainEntry(), disabledRule()
	if _, err := stage.seed.of(entry).Create(t.Context(), entry, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	write := func(o *unstructured.Unstructured) error {
		_, err := stage.admin.of(o).Create(t.Context(), o, metav1.CreateOptions{})
		return err
	}
	refuses := func(err error, words string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("want a refusal with %q, have %v", words, err)
		}
	}
	refuses(write(rule), "[plaintext-egress]")
	for words, spec := range map[string]map[string]any{
		`spec.policy: there is no policy "plaintext-egres"`: {"policy": "plaintext-egres"},
		"spec.reason":   {"reason": nil},
		"spec.hosts[0]": {"hosts": []any{"*example"}},
		"spec.expires":  {"expires": "soon"},
		"spec.expires:": {"expires": "2027-13-45"},
	} {
		refuses(write(exemption("wrong", spec)), words)
	}

	good := exemption("good", nil)
	if err := write(good); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the rule is let pass", func() bool { return write(disabledRule()) == nil })
	status := func() (e v1alpha1.ExemptionStatus) {
		t.Helper()
		stored := stage.admin.stored(t.Context(), t, good)
		if found, ok := stored.Object["status"].(map[string]any); ok {
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(found, &e); err != nil {
				t.Fatal(err)
			}
		}
		return e
	}
	eventually(t, "the status says what it lets pass", func() bool {
		e := status()
		return e.LetsPass > 0 && e.UnneededSince == nil && e.Conditions[0].Reason == v1alpha1.ReasonInForce
	})
	if got := printed(t, own, "exemptions"); !strings.HasPrefix(got, "Name Policy Expires Owner In force Lets pass Unneeded since\ngood plaintext-egress 2099-12-31 payments InForce ") {
		t.Errorf("kubectl get exemptions has\n%s", got)
	}
	if err := stage.seed.of(rule).Delete(t.Context(), rule.GetName(), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the status says that nothing needs it", func() bool { e := status(); return e.LetsPass == 0 && e.UnneededSince != nil })

	if err := stage.admin.of(good).Delete(context.Background(), good.GetName(), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the rule is refused again", func() bool {
		err := write(disabledRule())
		if err == nil {
			_ = stage.seed.of(rule).Delete(t.Context(), rule.GetName(), metav1.DeleteOptions{})
		}
		return err != nil
	})
}

// printed returns what kubectl get shows of a resource: the API server makes that table. Columns for -o wide, and empty cells, are left out.
func printed(t *testing.T, own *cluster.Cluster, resource string) string {
	t.Helper()
	client, err := kubernetes.NewForConfig(own.Admin)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := client.RESTClient().Get().AbsPath("/apis", v1alpha1.GroupVersion().String(), resource).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var table metav1.Table
	if err := json.Unmarshal(raw, &table); err != nil {
		t.Fatal(err)
	}
	lines := make([]string, 1+len(table.Rows))
	for i, column := range table.ColumnDefinitions {
		if column.Priority > 0 {
			continue
		}
		lines[0] += " " + column.Name
		for j, row := range table.Rows {
			if row.Cells[i] != nil {
				lines[j+1] += fmt.Sprint(" ", row.Cells[i])
			}
		}
	}
	return strings.TrimSpace(strings.ReplaceAll(strings.Join(lines, "\n"), "\n ", "\n"))
}

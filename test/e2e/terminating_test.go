package e2e

import (
	"errors"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// originatingRule originates TLS to external.example.
func originatingRule() *unstructured.Unstructured {
	return object("networking.istio.io/v1", "DestinationRule", "external", map[string]any{
		"host":          "external.example",
		"trafficPolicy": map[string]any{"tls": map[string]any{"mode": "SIMPLE", "sni": "external.example"}},
	})
}

// callersPolicy lets a workload's callers in, all of them where none is named.
func callersPolicy(principals ...any) *unstructured.Unstructured {
	rule := map[string]any{}
	if len(principals) > 0 {
		rule["from"] = []any{map[string]any{"source": map[string]any{"principals": principals}}}
	}
	return object("security.istio.io/v1", "AuthorizationPolicy", "callers", map[string]any{
		"selector": map[string]any{"matchLabels": map[string]any{"app": "backend"}}, "rules": []any{rule},
	})
}

// What only a finalizer keeps is obeyed by Istio until it is gone, so changes of it are judged. Letting it go never is: that
// was done at its DELETE.
func TestTerminatingObjects(t *testing.T) {
	s, stage := newServer(t, plane), newStage(t, plane)
	s.register(t, s.start(t).URL())
	for _, c := range []struct {
		name      string
		good, bad *unstructured.Unstructured
		policy    string
	}{
		{"a rule", originatingRule(), disabledRule(), "plaintext-egress"},
		{"an AuthorizationPolicy", callersPolicy("cluster.local/ns/web/sa/frontend"), callersPolicy(), "missing-principals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := t.Context()
			stage.lay(t, scenario{Given: []map[string]any{plainEntry().Object}}, senders()[0])
			o := c.good.DeepCopy()
			o.SetFinalizers([]string{"e2e.tlsward.io/hold"})
			if _, err := stage.seed.of(o).Create(ctx, o, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := stage.seed.of(o).Delete(ctx, o.GetName(), metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			leaving := stage.admin.stored(ctx, t, o)
			if leaving == nil || leaving.GetDeletionTimestamp() == nil {
				t.Fatalf("it is not being deleted: %s", text(leaving))
			}
			worse := leaving.DeepCopy()
			worse.Object["spec"] = c.bad.Object["spec"]
			for name, finalizers := range map[string][]string{"held": leaving.GetFinalizers(), "let go": nil} {
				worse.SetFinalizers(finalizers)
				_, err := stage.admin.of(o).Update(ctx, worse, metav1.UpdateOptions{})
				if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), c.policy) {
					t.Errorf("changed for the worse and %s: %v", name, err)
				}
			}
			leaving.SetFinalizers(nil)
			if _, err := stage.admin.of(o).Update(ctx, leaving, metav1.UpdateOptions{}); err != nil {
				t.Errorf("let go as it is: %v", err)
			}
			if left := stage.admin.stored(ctx, t, o); left != nil {
				t.Errorf("it is still there: %s", text(left))
			}
		})
	}
}

// A namespace goes with its entries, rules and policies, in whatever order its controller deletes them.
func TestNamespaceThatIsDeleted(t *testing.T) {
	stop, err := plane.StartNamespaceController(t.Context())
	if errors.Is(err, cluster.ErrNotBuilt) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	s, stage := newServer(t, plane), newStage(t, plane)
	replica := s.start(t)
	s.register(t, replica.URL())
	const name = "leaving"
	var given []map[string]any
	for _, o := range []*unstructured.Unstructured{plainEntry(), originatingRule(), callersPolicy("cluster.local/ns/web/sa/frontend")} {
		o.SetNamespace(name)
		given = append(given, o.Object)
	}
	stage.lay(t, scenario{Given: given}, senders()[0])
	stage.awaitMesh(t, replica)
	rule := originatingRule()
	rule.SetNamespace(name)
	if err := stage.admin.of(rule).Delete(t.Context(), rule.GetName(), metav1.DeleteOptions{}); !apierrors.IsForbidden(err) {
		t.Fatalf("the rule may go alone, so this shows nothing: %v", err)
	}
	ns := namespace(name)
	if err := stage.admin.of(ns).Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	for stage.admin.stored(t.Context(), t, ns) != nil {
		if time.Since(begin) > time.Minute {
			t.Fatalf("the namespace hangs: %s", text(stage.admin.stored(t.Context(), t, ns)))
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("gone after %s", time.Since(begin).Round(time.Millisecond))
}

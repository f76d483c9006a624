//go:build chart

package chart

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// policies is a kind that the policies as shipped refuse without principals.
var policies = schema.GroupVersionResource{Group: "security.istio.io", Version: "v1", Resource: "authorizationpolicies"}

func policy(name string, principals ...any) *unstructured.Unstructured {
	source := map[string]any{"principals": principals}
	if len(principals) == 0 {
		source = map[string]any{"ipBlocks": []any{"192.0.2.0/24"}}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
		"metadata": map[string]any{"name": name, "namespace": "default"},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": map[string]any{"app": name}},
			"rules":    []any{map[string]any{"from": []any{map[string]any{"source": source}}}},
		},
	}}
}

// TestLife installs, uses, harms, upgrades, rolls back and uninstalls one release.
func TestLife(t *testing.T) {
	p := startPlane(t)
	r := newRelease(t, p)
	r.install()
	if got := r.failurePolicy(); got != "Ignore" {
		t.Fatalf("a first install has failurePolicy %s", got)
	}
	r.serve()
	r.serve()
	for _, step := range []struct {
		name string
		run  func(*testing.T, *release)
	}{
		{"open without Istio", staysOpen},
		{"closes when Istio arrives", closes},
		{"refuses and admits", judges},
		{"is asked of Services and Namespaces", judgesOfKubernetes},
		{"tells what it refuses of policies", tells},
		{"the namespace takes the webhook along", owned},
		{"a wiped bundle heals", healsBundle},
		{"a deleted CA is written back", restoresCA},
		{"a rotation on demand", rotates},
		{"an upgrade changes nothing of this", upgrades},
		{"a rollback to the open first release closes again", rollsBack},
		{"helm test", helmTest},
		{"alerts and dashboard name metrics that exist", metricsExist},
		{"a server that ends takes its announcement back", ends},
		{"every verb that is granted is used", verbsUsed},
		{"an uninstall leaves nothing", uninstalls},
	} {
		ok := t.Run(step.name, func(t *testing.T) {
			r.t = t
			step.run(t, r)
		})
		if !ok {
			break
		}
	}
	r.t = t
}

func staysOpen(t *testing.T, r *release) {
	r.await("saying why it is open", func() string {
		if said := readyz(t, r.servers[0]); !strings.Contains(said, "fails open") {
			return said
		}
		return ""
	})
	if got := r.failurePolicy(); got != "Ignore" {
		t.Errorf("failurePolicy is %s before a refusal was seen", got)
	}
}

func closes(t *testing.T, r *release) {
	r.plane.installCRDs(t)
	r.closed()
	found, err := r.plane.objects.Resource(policies).Namespace("default").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Items) > 0 {
		t.Errorf("the known-bad object was stored")
	}
}

func judges(t *testing.T, r *release) {
	api := r.plane.objects.Resource(policies).Namespace("default")
	_, err := api.Create(t.Context(), policy("bad"), metav1.CreateOptions{})
	if err == nil || !strings.Contains(err.Error(), `admission webhook "validate.tlsward.io" denied the request`) {
		t.Fatalf("a bad object is not refused: %v", err)
	}
	good, err := api.Create(t.Context(), policy("good", "cluster.local/ns/a/sa/b"), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, patch string
		asked       float64
	}{
		{"a finalizer", `{"metadata":{"finalizers":["a.b/c"]}}`, 0},
		{"an annotation", `{"metadata":{"annotations":{"a":"b"}}}`, 0},
		{"a label", `{"metadata":{"labels":{"a":"b"}}}`, 1},
		{"the spec", `{"spec":{"action":"ALLOW"}}`, 1},
		{"no finalizer", `{"metadata":{"finalizers":null}}`, 0},
	} {
		before := r.reviews()
		if _, err := api.Patch(t.Context(), good.GetName(), types.MergePatchType, []byte(c.patch), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		if asked := r.reviews() - before; asked != c.asked {
			t.Errorf("%s changes: asked %v times, want %v", c.name, asked, c.asked)
		}
	}
	before := r.reviews()
	inOwn := policy("bad")
	inOwn.SetNamespace(releaseNamespace)
	if _, err := r.plane.objects.Resource(policies).Namespace(releaseNamespace).Create(t.Context(), inOwn, metav1.CreateOptions{}); err != nil {
		t.Errorf("the program's own namespace is looked at: %v", err)
	}
	if r.reviews() != before {
		t.Error("asked about an exempt namespace")
	}
	if err := api.Delete(t.Context(), good.GetName(), metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
	if r.reviews() != before+1 {
		t.Error("not asked about the deletion of a policy")
	}
}

func owned(t *testing.T, r *release) {
	found, err := r.plane.clients.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), releaseName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if o := found.OwnerReferences; len(o) != 1 || o[0].Kind != "Namespace" || o[0].Name != releaseNamespace {
		t.Errorf("owners: %+v", o)
	}
	for _, f := range found.ManagedFields {
		if f.Manager == "tlsward" && strings.Contains(f.FieldsV1.GetRawString(), "failurePolicy") {
			t.Error("failurePolicy is owned by the program: helm could not set it again")
		}
	}
}

// asked fails unless the API server reaches the program.
func asked(t *testing.T, r *release) {
	t.Helper()
	_, err := r.plane.objects.Resource(policies).Namespace("default").Create(t.Context(), policy("bad"), metav1.CreateOptions{})
	if err == nil || !strings.Contains(err.Error(), "denied the request") {
		t.Errorf("a bad object is not refused by the program: %v", err)
	}
}

func upgrades(t *testing.T, r *release) {
	m, v := r.bundles()
	for i := range 3 {
		r.upgrade(fmt.Sprintf("server.replicas=%d", i+3))
		if got := r.failurePolicy(); got != "Fail" {
			t.Fatalf("an upgrade has opened the webhook: %s", got)
		}
		if m2, v2 := r.bundles(); m2 != m || v2 != v {
			t.Fatal("an upgrade has changed a CA bundle")
		}
		asked(t, r)
	}
}

func rollsBack(t *testing.T, r *release) {
	m, v := r.bundles()
	run(t, r.helm, "rollback", releaseName, "1", "-n", releaseNamespace)
	r.closed()
	if m2, v2 := r.bundles(); m2 != m || v2 != v {
		t.Fatal("a rollback has changed a CA bundle")
	}
	asked(t, r)
}

// helmTest runs what the test pod of the chart runs, since no node runs pods here.
func helmTest(t *testing.T, r *release) {
	hooks := run(t, r.helm, "get", "hooks", releaseName, "-n", releaseNamespace)
	if !strings.Contains(hooks, "- probe") {
		t.Fatalf("no test pod:\n%s", hooks)
	}
	out, err := r.probe("--patience=20s")
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := r.probe("--patience=1s", "--webhook-configurations=other"); err == nil {
		t.Errorf("the test passes without a webhook: %s", out)
	}
}

func ends(t *testing.T, r *release) {
	if err := r.servers[1].Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	leases, err := r.plane.clients.CoordinationV1().Leases(releaseNamespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, l := range leases.Items {
		left = append(left, l.Name)
	}
	if want := []string{"tlsward-0", "tlsward-leader"}; !slices.Equal(left, want) {
		t.Errorf("Leases %v, want %v", left, want)
	}
}

func uninstalls(t *testing.T, r *release) {
	run(t, r.helm, "uninstall", releaseName, "-n", releaseNamespace)
	if _, err := r.plane.objects.Resource(policies).Namespace("default").Create(t.Context(), policy("bad"), metav1.CreateOptions{}); err != nil {
		t.Errorf("after the uninstall objects are still refused: %v", err)
	}
	for _, server := range r.servers {
		if err := server.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	api := r.plane.clients
	if _, err := api.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), releaseName, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the validating webhook is left: %v", err)
	}
	if _, err := api.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(t.Context(), releaseName, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the mutating webhook is left: %v", err)
	}
	secrets, err := api.CoreV1().Secrets(releaseNamespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(secrets.Items) > 0 {
		t.Errorf("%d Secrets are left, %v", len(secrets.Items), err)
	}
	leases, err := api.CoordinationV1().Leases(releaseNamespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leases.Items {
		// The roles have gone before the server. What it could not take back goes with its pod.
		if o := l.OwnerReferences; len(o) != 1 || o[0].Kind != "Pod" || o[0].Name != l.Name {
			t.Errorf("Lease %s is left, and goes with nothing: %+v", l.Name, o)
		}
	}
}

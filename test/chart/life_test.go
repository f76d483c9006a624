//go:build chart

package chart

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tlsward/tlsward/test/e2e/cluster"
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
	if err := api.Delete(t.Context(), good.GetName(), metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
	if r.reviews() != before {
		t.Error("asked about an exempt namespace or the deletion of a policy")
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

func metricsExist(t *testing.T, r *release) {
	rendered := run(t, r.helm, "template", releaseName, r.helm.Chart, "-n", releaseNamespace, "--set", "prometheusRule.enabled=true,dashboard.enabled=true")
	have := metrics(t, r.servers[0])
	for _, field := range strings.FieldsFunc(rendered, func(c rune) bool { return c != '_' && (c < 'a' || c > 'z') }) {
		if !strings.HasPrefix(field, "tlsward_") {
			continue
		}
		if !strings.Contains(have, "# TYPE "+strings.TrimSuffix(field, "_bucket")+" ") && !vectors[field] {
			t.Errorf("there is no metric %s", field)
		}
	}
}

// vectors are metrics that show only once something has been counted.
var vectors = map[string]bool{"tlsward_undecided_total": true, "tlsward_panics_total": true, "tlsward_policy_reloads_total": true}

// verbsUsed holds every verb of every role against what the servers asked for.
func verbsUsed(t *testing.T, r *release) {
	asked, err := r.plane.requests(t.Context(), "system:serviceaccount:"+releaseNamespace+":"+releaseName)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, q := range asked {
		used[q.String()] = true
		if q.ResponseStatus.Code == http.StatusForbidden && q.ObjectRef.Name != "tlsward-probe" && q.ObjectRef.Name != "other" {
			t.Errorf("forbidden: %s %s", q, q.ObjectRef.Name)
		}
	}
	var held []string
	for _, rule := range r.rules(t) {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					held = append(held, fmt.Sprintf("%s %s/%s", verb, group, resource))
				}
			}
		}
	}
	slices.Sort(held)
	for _, verb := range slices.Compact(held) {
		if !used[verb] && !rare[verb] {
			t.Errorf("granted and never used: %s", verb)
		}
	}
	for verb := range rare {
		if !slices.Contains(held, verb) {
			t.Errorf("%s is excused, and not even granted", verb)
		}
	}
}

// rare are verbs that this test does not see used, each with its reason.
var rare = func() map[string]bool {
	out := map[string]bool{
		// Asked for by the API server itself, in the course of a patch that makes a new object.
		"create coordination.k8s.io/leases":              true,
		"create security.istio.io/authorizationpolicies": true,
		// The CRDs of the Gateway API are not installed here.
		"list gateway.networking.k8s.io/gateways":  true,
		"watch gateway.networking.k8s.io/gateways": true,
		// API servers before 1.34, and those that cannot stream a list, are asked for one.
		"list /services":   true,
		"list /namespaces": true,
		"list /configmaps": true,
	}
	for _, resource := range []string{"networking.istio.io/serviceentries", "networking.istio.io/destinationrules",
		"networking.istio.io/virtualservices", "networking.istio.io/gateways", "networking.istio.io/sidecars",
		"networking.istio.io/workloadentries", "security.istio.io/authorizationpolicies"} {
		out["list "+resource] = true // as above
		out["get "+resource] = true  // a write that was admitted and has not been seen to arrive is looked up
	}
	return out
}()

func (r *release) rules(t *testing.T) []rbacv1.PolicyRule {
	t.Helper()
	var out []rbacv1.PolicyRule
	roles, err := r.plane.clients.RbacV1().Roles("").List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/instance=" + releaseName})
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range roles.Items {
		out = append(out, role.Rules...)
	}
	all, err := r.plane.clients.RbacV1().ClusterRoles().List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/instance=" + releaseName})
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range all.Items {
		out = append(out, role.Rules...)
	}
	return out
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

func readyz(t *testing.T, server *cluster.Replica) string {
	return get(t, fmt.Sprintf("http://127.0.0.1:%d/readyz?verbose", server.HealthPort))
}

func metrics(t *testing.T, server *cluster.Replica) string {
	return get(t, fmt.Sprintf("http://127.0.0.1:%d/metrics", server.MetricsPort))
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

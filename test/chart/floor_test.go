//go:build chart

package chart

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

var authorizationPolicies = schema.GroupVersionResource{Group: "security.istio.io", Version: "v1", Resource: "authorizationpolicies"}

// floored is an AuthorizationPolicy, and which policies deny it.
type floored struct {
	name            string
	object          map[string]any
	namespaceLabels map[string]string
	denied          []string
}

// What the floor refuses, the Rego policy of that name denies: in every case of the Suites, with the Suite's configuration, and in every
// mesh of some for what is generated. TLSWARD_SUITES names further files, separated as in PATH.
func TestFloorIsNeverStricter(t *testing.T) {
	p := startPlane(t)
	p.installCRDs(t)
	byConfig := flooredOfSuites(t)
	for _, config := range []string{
		`{}`,
		`{"policies":{"any-principal":{"action":"deny"},"unenforced-policy":{"action":"deny"},"missing-principals":{"action":"warn","namespaces":["shop"]}}}`,
		`{"mesh":{"ingressGateways":[{"namespace":"istio-system","labels":{"istio":"ingressgateway"}},{"namespace":"shop","labels":{"app":"edge","tier":"front"}}]}}`,
		`{"params":{"missing-principals":{"acceptNamespaces":true,"acceptRequestPrincipals":true}},"exemptions":[{"policy":"invalid-principal","namespaces":["shop"],"reason":"x","expires":"2999-01-01"}]}`,
		`{"exemptions":[{"policy":"missing-principals","reason":"x","expires":"2999-01-01"}],"policies":{"invalid-principal":{"action":"warn"},"any-principal":{"action":"deny","namespaces":["istio-system"]}}}`,
	} {
		byConfig[config] = append(byConfig[config], generated(t, config)...)
	}
	kept, denied := map[string]int{}, map[string]int{}
	n := 0
	for config, cases := range byConfig {
		name := fmt.Sprintf("f%d", n)
		n++
		remove := p.installFloor(t, name, config)
		for _, c := range cases {
			for _, id := range c.denied {
				denied[id]++
			}
			id := p.floorRefuses(t, name, c)
			if id == "" {
				continue
			}
			kept[id]++
			if !slices.Contains(c.denied, id) {
				t.Errorf("%s, by %s: the floor refuses it by %s, the policies deny it by %v:\n%v", c.name, config, id, c.denied, c.object)
			}
		}
		remove()
	}
	t.Logf("%d configurations; kept %v of what is denied %v", n, kept, denied)
	for _, id := range []string{"missing-principals", "invalid-principal", "any-principal", "unenforced-policy"} {
		if kept[id] == 0 {
			t.Errorf("%s is never kept", id)
		}
	}
}

// The chart knows what each policy that it keeps does by itself, and the documentation says of each policy what is kept.
func TestFloorIsDocumented(t *testing.T) {
	evaluator, err := admission.NewEvaluator(t.Context(), v1alpha1.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	out, err := template(t, newHelm(t), `{floor: deny, config: {policies: {any-principal: {action: deny, namespaces: [shop]}, unenforced-policy: {action: deny, namespaces: [shop]}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range evaluator.Engine.Policies() {
		_, row, told := strings.Cut(string(text), "\n| "+p.ID+" | ")
		if !told {
			t.Errorf("%s has no row", p.ID)
		}
		_, binding, isKept := strings.Cut(out, "policyName: tlsward-floor-"+p.ID+"\n")
		if says := !strings.HasPrefix(row, "nothing"); says != isKept && p.ID != "bypassed-proxy" {
			t.Errorf("%s: the floor keeps some of it: %v, the documentation says so: %v", p.ID, isKept, says)
		}
		binding, _, _ = strings.Cut(binding, "\n---")
		if isOverridden := strings.Contains(binding, "operator: In\n"); isKept && isOverridden != (p.Action != v1alpha1.Deny) {
			t.Errorf("%s has the action %s, and the chart does not know", p.ID, p.Action)
		}
	}
}

// flooredOfSuites returns the AuthorizationPolicies that Suites review, by the Suite's configuration.
func flooredOfSuites(t *testing.T) map[string][]floored {
	t.Helper()
	files, err := filepath.Glob("../suites/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../suites/model/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	byConfig := map[string][]floored{}
	for _, file := range append(append(files, more...), filepath.SplitList(os.Getenv("TLSWARD_SUITES"))...) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var suite struct {
			Config json.RawMessage
			Cases  []v1alpha1.SuiteCase
		}
		if err := yaml.Unmarshal(raw, &suite); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		config := "{}"
		if len(suite.Config) > 0 {
			config = string(suite.Config)
		}
		for _, c := range suite.Cases {
			for _, step := range c.Reviews() {
				if object := objectOf(t, step.Object); object["kind"] == "AuthorizationPolicy" {
					byConfig[config] = append(byConfig[config], floored{file + ", " + c.Name, object, labelsIn(t, c.Given, object), step.Expect.Deny})
				}
			}
		}
	}
	if len(byConfig["{}"]) < 40 {
		t.Fatalf("%d reviews with the usual configuration", len(byConfig["{}"]))
	}
	return byConfig
}

func objectOf(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var object map[string]any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &object); err != nil {
			t.Fatal(err)
		}
	}
	return object
}

// labelsIn returns the labels that an object's namespace has among what is stored.
func labelsIn(t *testing.T, given []json.RawMessage, object map[string]any) map[string]string {
	t.Helper()
	for _, raw := range given {
		o := &unstructured.Unstructured{Object: objectOf(t, raw)}
		if o.GetKind() == "Namespace" && o.GetName() == (&unstructured.Unstructured{Object: object}).GetNamespace() {
			return o.GetLabels()
		}
	}
	return nil
}

// generated returns AuthorizationPolicies of many shapes, with the policies that deny each whichever of some meshes it comes to.
func generated(t *testing.T, config string) []floored {
	t.Helper()
	parsed, err := v1alpha1.ParseConfig([]byte(`{"apiVersion": "tlsward.io/v1alpha1", "kind": "Config"` + strings.Replace(", "+config[1:], ", }", "}", 1)))
	if err != nil {
		t.Fatal(err)
	}
	evaluator, err := admission.NewEvaluator(t.Context(), parsed)
	if err != nil {
		t.Fatal(err)
	}
	var cases []floored
	for i, text := range generatedTexts() {
		raw, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		c := floored{name: fmt.Sprintf("generated %d", i), object: objectOf(t, raw)}
		for j, snap := range floorMeshes(t, evaluator) {
			d, err := evaluator.Validate(t.Context(), snap, admission.Review{Operation: "CREATE", Object: raw})
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			var denied []string
			for _, v := range d.Violations {
				if v.Action == v1alpha1.Deny && (j == 0 || slices.Contains(c.denied, v.Policy)) {
					denied = append(denied, v.Policy)
				}
			}
			c.denied = denied
		}
		cases = append(cases, c)
	}
	return cases
}

// floorMeshes returns a mesh without objects, and one whose gateways the generated policies are for.
func floorMeshes(t *testing.T, evaluator *admission.Evaluator) []*mesh.Snapshot {
	t.Helper()
	empty, err := evaluator.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	full := empty
	for _, text := range []string{
		`{apiVersion: v1, kind: Service, metadata: {name: edge, namespace: shop}, spec: {type: LoadBalancer, selector: {app: edge}, ports: [{port: 80}]}}`,
		`{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: edge, namespace: shop}, spec: {selector: {app: edge}, servers: [{hosts: ["*"], port: {number: 80, name: http, protocol: HTTP}}]}}`,
		`{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: public, namespace: shop}, spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}}`,
	} {
		raw, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		o, err := mesh.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		full = full.With(o)
	}
	return []*mesh.Snapshot{empty, full}
}

// generatedTexts returns them as YAML.
func generatedTexts() []string {
	rules := []string{
		``, `rules: [], `, `rules: [{}], `, `rules: [{to: [{operation: {methods: [GET]}}]}], `, `rules: [{from: []}], `,
		`rules: [{from: [{source: {namespaces: [till]}}]}], `, `rules: [{from: [{source: {requestPrincipals: ["*"]}}]}], `,
		`rules: [{from: [{source: {notPrincipals: [cluster.local/ns/a/sa/b]}}]}], `, `rules: [{from: [{source: {serviceAccounts: [a/b]}}]}], `,
		`rules: [{from: [{source: {principals: [cluster.local/ns/a/sa/b]}}, {source: {ipBlocks: [10.0.0.0/8]}}]}], `,
		`rules: [{when: [{key: source.principal, values: [cluster.local/ns/a/sa/b]}]}], `, `rules: [{when: [{key: source.serviceAccount, values: [a/b]}]}], `,
		`rules: [{when: [{key: source.principal, notValues: [cluster.local/ns/a/sa/b]}]}], `, `rules: [{when: [{key: source.namespace, values: [a]}]}], `,
		`rules: [{from: [{source: {principals: [cluster.local/ns/a/sa/b]}}]}, {from: [{source: {namespaces: [till], remoteIpBlocks: [10.0.0.0/8]}}]}], `,
	}
	for _, p := range []string{"*", "c*", "cluster.local/*", "cluster.local/ns/*", "cluster.local/ns/a*", "*/sa/b", "**", "a*b", "*a*", "ns/a/sa/b",
		"spiffe://cluster.local/ns/a/sa/b", "cluster.local/ns/a/sa/<service-account>", "cluster.local", "cluster.local/n*", "/*", "/ns*", "ns*", "é*"} {
		rules = append(rules, fmt.Sprintf(`rules: [{from: [{source: {principals: [%q]}}]}], `, p), fmt.Sprintf(`rules: [{from: [{source: {principals: [x], notPrincipals: [%q]}}]}], `, p),
			fmt.Sprintf(`rules: [{when: [{key: source.principal, values: [x, %q]}]}], `, p), fmt.Sprintf(`rules: [{from: [{source: {principals: [x]}}], when: [{key: source.principal, notValues: [%q]}]}], `, p))
	}
	var texts []string
	add := func(namespace, more, rule, what string) {
		texts = append(texts, fmt.Sprintf(`{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: p, namespace: %s%s}, spec: {%s%s}}`, namespace, more, rule, what))
	}
	for _, rule := range rules {
		for _, action := range []string{"", "action: ALLOW", "action: DENY", "action: AUDIT"} {
			add("shop", "", rule, action)
		}
	}
	for _, rule := range rules[:7] {
		for _, namespace := range []string{"shop", "istio-system", "till"} {
			for _, what := range []string{
				`selector: {}`, `selector: {matchLabels: {}}`, `selector: {matchLabels: {istio: ingressgateway}}`, `selector: {matchLabels: {app: edge}}`,
				`selector: {matchLabels: {app: edge, tier: front}}`, `selector: {matchLabels: {app: edge, tier: back}}`, `selector: {matchLabels: {app: edge, tier: front, v: x}}`, `selector: {matchLabels: {app: cart}}`,
				`targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: public}]`, `targetRef: {group: gateway.networking.k8s.io, kind: Gateway, name: public}`,
				`targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: none}]`, `targetRefs: [{kind: Service, group: "", name: cart}]`,
				`targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: public}, {kind: Service, group: "", name: cart}]`,
			} {
				add(namespace, "", rule, what)
			}
		}
		for _, value := range []string{"true", "false", "1", "T", "yes"} {
			add("shop", fmt.Sprintf(`, annotations: {istio.io/dry-run: %q}`, value), rule, "")
		}
		add("shop", `, labels: {istio.io/rev: canary}`, rule, "")
		add("kube-system", "", rule, "")
	}
	return texts
}

// installFloor brings the chart's floor for a configuration, and waits until it holds. remove takes it away, and waits until it is gone.
func (p *plane) installFloor(t *testing.T, name, config string) (remove func()) {
	t.Helper()
	values := map[string]any{"floor": "deny", "fullnameOverride": name}
	var parsed map[string]any
	if err := json.Unmarshal([]byte(config), &parsed); err != nil {
		t.Fatal(err)
	}
	if parsed["enforcementByNamespace"] == true {
		delete(parsed, "enforcementByNamespace")
		values["enforcementByNamespace"] = map[string]any{"users": []string{"ann"}}
	}
	values["config"] = parsed
	raw, err := yaml.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	ids, api := p.applyFloor(t, name, string(raw)), p.clients.AdmissionregistrationV1()
	for id, where := range ids {
		p.await(t, name, id, where, true)
	}
	return func() {
		for id, where := range ids {
			full := name + "-floor-" + id
			if err := api.ValidatingAdmissionPolicyBindings().Delete(t.Context(), full, metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := api.ValidatingAdmissionPolicies().Delete(t.Context(), full, metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			p.await(t, name, id, where, false)
		}
	}
}

// applyFloor brings what denies of the floor that the chart renders, and returns the policies that it is of, with a namespace for which each
// holds.
func (p *plane) applyFloor(t *testing.T, name, values string) map[string]string {
	t.Helper()
	out, err := template(t, newHelm(t), values)
	if err != nil {
		t.Fatal(err)
	}
	api := p.clients.AdmissionregistrationV1()
	rendered := map[string]admissionv1.ValidatingAdmissionPolicy{}
	var bindings []admissionv1.ValidatingAdmissionPolicyBinding
	for doc := range strings.SplitSeq(out, "\n---\n") {
		var policy admissionv1.ValidatingAdmissionPolicy
		var binding admissionv1.ValidatingAdmissionPolicyBinding
		switch {
		case !strings.Contains(doc, "  name: "+name+"-floor-"):
		case strings.Contains(doc, "kind: ValidatingAdmissionPolicyBinding"):
			err = yaml.UnmarshalStrict([]byte(doc), &binding)
			bindings = append(bindings, binding)
		default:
			err = yaml.UnmarshalStrict([]byte(doc), &policy)
			rendered[policy.Name] = policy
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ids := map[string]string{}
	for _, binding := range bindings {
		if binding.Spec.ValidationActions[0] != admissionv1.Deny {
			continue // Config.Enforcement has it so, and nothing can be refused
		}
		policy := rendered[binding.Name]
		if _, err := api.ValidatingAdmissionPolicies().Create(t.Context(), &policy, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := api.ValidatingAdmissionPolicyBindings().Create(t.Context(), &binding, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		where := "sentinel"
		for _, x := range binding.Spec.MatchResources.NamespaceSelector.MatchExpressions {
			if x.Operator == metav1.LabelSelectorOpIn {
				where = x.Values[0]
			}
		}
		ids[strings.TrimPrefix(binding.Name, name+"-floor-")] = where
	}
	return ids
}

// shown has for each policy an object that alone shows that it denies.
var shown = map[string]string{
	"missing-principals": `{rules: [{}]}`,
	"invalid-principal":  `{action: DENY, rules: [{from: [{source: {principals: ["a*b"]}}]}]}`,
	"any-principal":      `{rules: [{from: [{source: {principals: ["*"]}}]}]}`,
	"unenforced-policy":  `{action: DENY}`,
}

// await waits until the floor holds a policy in a namespace, or does no longer.
func (p *plane) await(t *testing.T, name, id, namespace string, holds bool) {
	t.Helper()
	dryRun := ""
	if id == "unenforced-policy" {
		dryRun = `, annotations: {istio.io/dry-run: "true"}`
	}
	raw, err := yaml.YAMLToJSON([]byte(`{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: p, namespace: ` + namespace + dryRun + `}, spec: ` + shown[id] + `}`))
	if err != nil {
		t.Fatal(err)
	}
	c := floored{name: id, object: objectOf(t, raw)}
	for deadline := time.Now().Add(30 * time.Second); (p.floorRefuses(t, name, c) == id) != holds; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s holds: %v, for 30 s", id, !holds)
		}
	}
}

var floorDenial = regexp.MustCompile(`ValidatingAdmissionPolicy '([^']*)-floor-([^']*)'`)

// floorRefuses returns the policy by which the floor of a name refuses the CREATE of an object, as a dry run; "" where it does not.
func (p *plane) floorRefuses(t *testing.T, name string, c floored) string {
	t.Helper()
	o := &unstructured.Unstructured{Object: c.object}
	p.needNamespace(t, o.GetNamespace(), c.namespaceLabels)
	o.SetCreationTimestamp(metav1.Time{})
	_, err := p.objects.Resource(authorizationPolicies).Namespace(o.GetNamespace()).Create(t.Context(), o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err == nil || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
		return ""
	}
	match := floorDenial.FindStringSubmatch(err.Error())
	if match == nil || match[1] != name {
		t.Fatalf("%s: %v", c.name, err)
	}
	return match[2]
}

// needNamespace makes a namespace with labels of its own where there is none, and gives it these labels where it has others.
func (p *plane) needNamespace(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	namespaces := p.clients.CoreV1().Namespaces()
	there, err := namespaces.Get(t.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		there, err = namespaces.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	if there.Labels[v1alpha1.EnforcementLabel] == labels[v1alpha1.EnforcementLabel] {
		return
	}
	delete(there.Labels, v1alpha1.EnforcementLabel)
	if label, ok := labels[v1alpha1.EnforcementLabel]; ok {
		there.Labels[v1alpha1.EnforcementLabel] = label
	}
	if _, err := namespaces.Update(t.Context(), there, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // until the API server's own watch has seen it
}

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	admission "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"
)

const bypassedProxy = "bypassed-proxy"

// bypassPolicy returns the chart's ValidatingAdmissionPolicy, and a binding that denies.
func bypassPolicy(t *testing.T) (*admission.ValidatingAdmissionPolicy, *admission.ValidatingAdmissionPolicyBinding) {
	t.Helper()
	raw, err := os.ReadFile("../../charts/tlsward/files/bypassed-proxy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	policy := &admission.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: bypassedProxy}}
	if err := yaml.UnmarshalStrict(raw, &policy.Spec); err != nil {
		t.Fatal(err)
	}
	return policy, &admission.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: bypassedProxy},
		Spec: admission.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: bypassedProxy, ValidationActions: []admission.ValidationAction{admission.Deny},
		},
	}
}

// The Rego policy and the chart's policy in CEL say the same of every case of the Suite.
func TestBypassedProxyInTheAPIServer(t *testing.T) {
	ctx := t.Context()
	clients, err := kubernetes.NewForConfig(plane.Admin)
	if err != nil {
		t.Fatal(err)
	}
	policy, binding := bypassPolicy(t)
	policies := clients.AdmissionregistrationV1()
	if _, err := policies.ValidatingAdmissionPolicies().Create(ctx, policy, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := policies.ValidatingAdmissionPolicyBindings().Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = policies.ValidatingAdmissionPolicyBindings().Delete(context.Background(), bypassedProxy, metav1.DeleteOptions{})
		_ = policies.ValidatingAdmissionPolicies().Delete(context.Background(), bypassedProxy, metav1.DeleteOptions{})
	})
	cases := bypassCases(t)
	awaitBypassPolicy(t, cases)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			_, err := c.create(t)
			if refused := isBypassDenial(err); refused != (len(c.Expect.Warn) > 0) || err != nil && !refused {
				t.Errorf("the API server says %v, the Rego policy warns: %t", err, len(c.Expect.Warn) > 0)
			}
		})
	}
}

// bypassCase is a case of the Suite.
type bypassCase struct {
	Name   string
	Given  []map[string]any
	Review struct{ Object map[string]any }
	Expect struct{ Warn []string }
}

func bypassCases(t *testing.T) []bypassCase {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "suites", "model", "bypassed-proxy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var suite struct{ Cases []bypassCase }
	if err := yaml.Unmarshal(raw, &suite); err != nil || len(suite.Cases) < 20 {
		t.Fatalf("%d cases, %v", len(suite.Cases), err)
	}
	return suite.Cases
}

// create stores the case's namespace under a name of its own, and tries to create its object there, as a dry run.
func (c bypassCase) create(t *testing.T) (*unstructured.Unstructured, error) {
	t.Helper()
	admin := newAPI(t, plane.Admin)
	namespace := &unstructured.Unstructured{Object: c.Given[0]}
	namespace.SetName("")
	namespace.SetGenerateName("bypass-")
	made, err := admin.of(namespace).Create(t.Context(), namespace, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // nobody ends namespaces here: without labels this one is no part of the mesh any more
		made.SetLabels(nil)
		if _, err := admin.of(made).Update(context.Background(), made, metav1.UpdateOptions{}); err != nil {
			t.Error(err)
		}
	})
	o := &unstructured.Unstructured{Object: c.Review.Object}
	o.SetNamespace(made.GetName())
	return admin.of(o).Create(t.Context(), o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
}

func isBypassDenial(err error) bool {
	return err != nil && (apierrors.IsInvalid(err) || apierrors.IsForbidden(err)) && strings.Contains(err.Error(), "bypassed-proxy:")
}

// awaitBypassPolicy waits until the API server judges by the policy.
func awaitBypassPolicy(t *testing.T, cases []bypassCase) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if _, err := bypassCases(t)[0].create(t); isBypassDenial(err) {
			return
		}
	}
	t.Fatalf("the API server does not refuse %q within 30 s", cases[0].Name)
}

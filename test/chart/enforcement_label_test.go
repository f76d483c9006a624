//go:build chart

package chart

import (
	"fmt"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

// installLabelPolicy brings the policy on the label of namespaces, and its binding, as the chart renders them.
func installLabelPolicy(t *testing.T, p *plane, values string) {
	t.Helper()
	out, err := template(t, newHelm(t), values)
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for doc := range strings.SplitSeq(out, "\n---\n") {
		if !strings.Contains(doc, "name: tlsward-enforcement-label\n") {
			continue
		}
		made++
		if strings.Contains(doc, "kind: ValidatingAdmissionPolicyBinding") {
			var binding admissionv1.ValidatingAdmissionPolicyBinding
			if err = yaml.Unmarshal([]byte(doc), &binding); err == nil {
				_, err = p.clients.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().Create(t.Context(), &binding, metav1.CreateOptions{})
			}
		} else {
			var policy admissionv1.ValidatingAdmissionPolicy
			if err = yaml.UnmarshalStrict([]byte(doc), &policy); err == nil {
				_, err = p.clients.AdmissionregistrationV1().ValidatingAdmissionPolicies().Create(t.Context(), &policy, metav1.CreateOptions{})
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if made != 2 {
		t.Fatalf("the chart has %d objects for it, want 2", made)
	}
}

// as returns a client of somebody who may do anything that roles give.
func (p *plane) as(t *testing.T, user string, groups ...string) kubernetes.Interface {
	t.Helper()
	config := rest.CopyConfig(p.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: append(groups, "system:masters")}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return clients
}

// Only those that the values name may write the label, by whichever way, and only in the words that it has.
func TestEnforcementLabel(t *testing.T) {
	p := startPlane(t)
	installLabelPolicy(t, p, "enforcementByNamespace: {users: [ann], groups: [platform]}")
	tenant, platform, ann := p.as(t, "bob", "tenants"), p.as(t, "eve", "platform"), p.as(t, "ann")
	create := func(c kubernetes.Interface, label string) error {
		n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "made-"}}
		if label != "" {
			n.Labels = map[string]string{"tlsward.io/enforcement": label}
		}
		_, err := c.CoreV1().Namespaces().Create(t.Context(), n, metav1.CreateOptions{})
		return err
	}
	patch := func(c kubernetes.Interface, key, value string, subresources ...string) error {
		body := fmt.Sprintf(`{"metadata": {"labels": {%q: %s}}}`, key, value)
		_, err := c.CoreV1().Namespaces().Patch(t.Context(), "shop", types.MergePatchType, []byte(body), metav1.PatchOptions{}, subresources...)
		return err
	}
	finalize := func(c kubernetes.Interface) error {
		n, err := c.CoreV1().Namespaces().Get(t.Context(), "shop", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		n.Labels["tlsward.io/enforcement"] = "warn"
		_, err = c.CoreV1().Namespaces().Finalize(t.Context(), n, metav1.UpdateOptions{})
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); create(tenant, "audit") == nil; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a tenant's label is not refused within 30 s")
		}
	}
	if _, err := p.clients.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	const label, notTheirs = "tlsward.io/enforcement", "is the platform team's to write"
	for _, step := range []struct {
		what    string
		err     func() error
		refused string
	}{
		{"a tenant makes a namespace", func() error { return create(tenant, "") }, ""},
		{"a tenant makes one with the label", func() error { return create(tenant, "warn") }, notTheirs},
		{"a tenant labels one", func() error { return patch(tenant, label, `"audit"`) }, notTheirs},
		{"a tenant labels one by its status", func() error { return patch(tenant, label, `"audit"`, "status") }, notTheirs},
		{"a tenant writes another label", func() error { return patch(tenant, "team", `"a"`) }, ""},
		{"the platform's group labels it", func() error { return patch(platform, label, `"audit"`) }, ""},
		{"a tenant writes another label beside it", func() error { return patch(tenant, "team", `"b"`) }, ""},
		{"a tenant changes it by finalize", func() error { return finalize(tenant) }, notTheirs},
		{"a tenant takes it away", func() error { return patch(tenant, label, "null") }, notTheirs},
		{"the platform's group writes another word", func() error { return patch(platform, label, `"off"`) }, "is audit, warn or deny"},
		{"a user who is named takes it away", func() error { return patch(ann, label, "null") }, ""},
	} {
		switch err := step.err(); {
		case step.refused == "" && err != nil:
			t.Errorf("%s: %v", step.what, err)
		case step.refused != "" && (err == nil || !strings.Contains(err.Error(), step.refused)):
			t.Errorf("%s: got %v, want a refusal that says it %s", step.what, err, step.refused)
		}
	}
}

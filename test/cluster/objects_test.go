//go:build cluster

package cluster

import (
	"context"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// ofRelease selects what belongs to the release.
var ofRelease = metav1.ListOptions{LabelSelector: "app.kubernetes.io/instance=" + releaseName}

func object(apiVersion, kind, name string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]any{"name": name, "namespace": "default"}, "spec": spec}}
}

// serviceEntry is the documentation's entry for an external host.
func serviceEntry(name string) *unstructured.Unstructured {
	return object("networking.istio.io/v1", "ServiceEntry", name, map[string]any{
		"hosts": []any{"edition.cnn.com"}, "resolution": "DNS", "location": "MESH_EXTERNAL",
		"ports": []any{map[string]any{"number": int64(80), "name": "http", "protocol": "HTTP"}},
	})
}

// disablingRule turns TLS off for that host.
func disablingRule(name string) *unstructured.Unstructured {
	return object("networking.istio.io/v1", "DestinationRule", name, map[string]any{
		"host": "edition.cnn.com", "trafficPolicy": map[string]any{"tls": map[string]any{"mode": "DISABLE"}},
	})
}

// policy is an ALLOW policy, refused where it names no principal.
func policy(name string, principals ...any) *unstructured.Unstructured {
	source := map[string]any{"principals": principals}
	if len(principals) == 0 {
		source = map[string]any{"ipBlocks": []any{"192.0.2.0/24"}}
	}
	return object("security.istio.io/v1", "AuthorizationPolicy", name, map[string]any{
		"selector": map[string]any{"matchLabels": map[string]any{"app": name}},
		"rules":    []any{map[string]any{"from": []any{map[string]any{"source": source}}}},
	})
}

var resources = map[string]schema.GroupVersionResource{
	"ServiceEntry":        {Group: "networking.istio.io", Version: "v1", Resource: "serviceentries"},
	"DestinationRule":     {Group: "networking.istio.io", Version: "v1", Resource: "destinationrules"},
	"AuthorizationPolicy": {Group: "security.istio.io", Version: "v1", Resource: "authorizationpolicies"},
}

func (s *site) create(ctx context.Context, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	return s.objects.Resource(resources[o.GetKind()]).Namespace("default").Create(ctx, o, metav1.CreateOptions{})
}

func (s *site) delete(ctx context.Context, name string) error {
	return s.objects.Resource(resources["AuthorizationPolicy"]).Namespace("default").Delete(ctx, name, metav1.DeleteOptions{})
}

// denied reports whether the webhook refused, in place of not answering.
func denied(err error) bool {
	return err != nil && strings.Contains(err.Error(), `admission webhook "validate.tlsward.io" denied the request`)
}

func (s *site) failurePolicy(t *testing.T) string {
	t.Helper()
	found, err := s.clients.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), releaseName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return string(*found.Webhooks[0].FailurePolicy)
}

func (s *site) bundle(t *testing.T) string {
	t.Helper()
	found, err := s.clients.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), releaseName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return string(found.Webhooks[0].ClientConfig.CABundle)
}

func (s *site) closed(t *testing.T) {
	t.Helper()
	await(t, "closing", func(context.Context) string {
		if p := s.failurePolicy(t); p != "Fail" {
			return "failurePolicy is " + p
		}
		return ""
	})
}

func (s *site) pods(t *testing.T) []string {
	t.Helper()
	found, err := s.clients.CoreV1().Pods(releaseNamespace).List(t.Context(), ofRelease)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range found.Items {
		out = append(out, p.Name)
	}
	return out
}

// left names what is in the release's namespace and should not be.
func (s *site) left(ctx context.Context) string {
	var out []string
	secrets, err := s.clients.CoreV1().Secrets(releaseNamespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	for _, each := range secrets.Items {
		out = append(out, "Secret "+each.Name)
	}
	leases, err := s.clients.CoordinationV1().Leases(releaseNamespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	for _, each := range leases.Items {
		out = append(out, "Lease "+each.Name)
	}
	pods, err := s.clients.CoreV1().Pods(releaseNamespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	for _, each := range pods.Items {
		out = append(out, "Pod "+each.Name)
	}
	return strings.Join(out, ", ")
}

// describe logs what the pods say of themselves.
func (s *site) describe(t *testing.T) {
	t.Helper()
	found, err := s.clients.CoreV1().Pods(releaseNamespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Log(err)
		return
	}
	for _, p := range found.Items {
		t.Logf("%s: %s %+v", p.Name, p.Status.Phase, p.Status.ContainerStatuses)
	}
	events, err := s.clients.CoreV1().Events(releaseNamespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Log(err)
		return
	}
	for _, e := range events.Items {
		t.Logf("%s %s: %s", e.InvolvedObject.Name, e.Reason, e.Message)
	}
}

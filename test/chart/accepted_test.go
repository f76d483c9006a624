//go:build chart

package chart

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// foreign are groups whose CRDs no module brings: their objects are only rendered.
var foreign = []string{"monitoring.coreos.com", "cert-manager.io"}

// warnings collects what the API server warns of.
type warnings struct {
	mu   sync.Mutex
	said []string
}

func (w *warnings) HandleWarningHeader(_ int, _ string, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, text)
}

// TestAcceptedByTheAPIServer sends what is rendered for each value to a real API server, as a dry-run: unknown fields
// are refused, and whatever a restricted namespace would warn of fails.
func TestAcceptedByTheAPIServer(t *testing.T) {
	p := startPlane(t)
	h := newHelm(t)
	restricted := map[string]string{"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"}
	for _, name := range []string{releaseNamespace, "sandbox"} {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: restricted}}
		if _, err := p.clients.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for path, c := range changed {
		if path == "server.hostNetwork" { // no restricted namespace takes that
			continue
		}
		t.Run(path, func(t *testing.T) {
			out, err := template(t, h, c.values)
			if err != nil {
				t.Fatal(err)
			}
			p.dryRun(t, out, strings.Contains(c.values, "clientCA") || strings.Contains(c.values, "caBundle"))
		})
	}
}

// dryRun sends all objects of manifests. nonsense says that a bundle among them is a placeholder, which the API server
// is right to refuse.
func (p *plane) dryRun(t *testing.T, manifests string, nonsense bool) {
	t.Helper()
	heard := &warnings{}
	config := rest.CopyConfig(p.config)
	config.WarningHandler = heard
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(p.clients.Discovery()))
	for _, o := range decode(t, manifests) {
		if slices.Contains(foreign, o.GroupVersionKind().Group) {
			continue
		}
		mapping, err := mapper.RESTMapping(o.GroupVersionKind().GroupKind(), o.GroupVersionKind().Version)
		if err != nil {
			t.Errorf("%s %s: %v", o.GetKind(), o.GetName(), err)
			continue
		}
		var api dynamic.ResourceInterface = client.Resource(mapping.Resource)
		if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
			api = client.Resource(mapping.Resource).Namespace(o.GetNamespace())
		}
		raw, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		_, err = api.Patch(t.Context(), o.GetName(), types.ApplyPatchType, raw, metav1.PatchOptions{
			FieldManager: "test", DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict})
		if err != nil && !(nonsense && strings.Contains(err.Error(), "caBundle")) {
			t.Errorf("%s %s: %v", o.GetKind(), o.GetName(), err)
		}
	}
	for _, w := range heard.said {
		t.Errorf("the API server warns: %s", w)
	}
}

func decode(t *testing.T, manifests string) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	documents := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifests), 4096)
	for {
		var object map[string]any
		err := documents.Decode(&object)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(object) > 0 {
			out = append(out, &unstructured.Unstructured{Object: object})
		}
	}
}

package e2e

import (
	"context"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// api is one user's client, with the warnings that the last requests brought.
type api struct {
	dynamic.Interface
	warnings *warnings
}

func newAPI(t *testing.T, config *rest.Config) api {
	t.Helper()
	w := &warnings{}
	config = rest.CopyConfig(config)
	config.WarningHandler = w
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return api{Interface: client, warnings: w}
}

// of returns the client for o's kind and namespace.
func (a api) of(o *unstructured.Unstructured) dynamic.ResourceInterface {
	resource := a.Resource(resourceOf(o.GroupVersionKind()))
	if o.GetNamespace() == "" {
		return resource
	}
	return resource.Namespace(o.GetNamespace())
}

// stored returns what is stored under o's name, or nil.
func (a api) stored(ctx context.Context, t *testing.T, o *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	got, err := a.of(o).Get(ctx, o.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		t.Fatalf("get %s %s: %v", o.GetKind(), o.GetName(), err)
	}
	return got
}

// resources are the plurals of the kinds that Suites hold.
var resources = map[string]string{
	"ServiceEntry":          "serviceentries",
	"DestinationRule":       "destinationrules",
	"VirtualService":        "virtualservices",
	"Gateway":               "gateways",
	"Sidecar":               "sidecars",
	"WorkloadEntry":         "workloadentries",
	"EnvoyFilter":           "envoyfilters",
	"AuthorizationPolicy":   "authorizationpolicies",
	"PeerAuthentication":    "peerauthentications",
	"RequestAuthentication": "requestauthentications",
	"ProxyConfig":           "proxyconfigs",
	"WasmPlugin":            "wasmplugins",
	"TrafficExtension":      "trafficextensions",
	"Service":               "services",
	"Namespace":             "namespaces",
}

func resourceOf(kind schema.GroupVersionKind) schema.GroupVersionResource {
	resource, ok := resources[kind.Kind]
	if !ok {
		resource = strings.ToLower(kind.Kind) + "s"
	}
	return kind.GroupVersion().WithResource(resource)
}

// warnings collects the Warning headers of responses.
type warnings struct {
	mu    sync.Mutex
	texts []string
}

// HandleWarningHeader is called once for each header.
func (w *warnings) HandleWarningHeader(_ int, _ string, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, text)
}

// take returns the warnings since the last call.
func (w *warnings) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	texts := w.texts
	w.texts = nil
	return texts
}

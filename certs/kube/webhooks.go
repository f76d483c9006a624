package kube

import (
	"context"
	"encoding/json"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	admission "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"

	"github.com/tlsward/tlsward/certs"
)

// webhookClient reads, patches and watches one webhook configuration, of either kind.
type webhookClient struct {
	kind, name string
	read       func(context.Context) (certs.WebhookConfiguration, error)
	patch      func(context.Context, []byte) error
	watch      watchFunc
	// decode reads the object of a watch event.
	decode func(runtime.Object) (certs.WebhookConfiguration, bool)
}

// webhookAPI is the client for one kind of webhook configuration.
type webhookAPI[T metav1.Object] interface {
	Get(context.Context, string, metav1.GetOptions) (T, error)
	Patch(context.Context, string, types.PatchType, []byte, metav1.PatchOptions, ...string) (T, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}

func mutating(client admission.MutatingWebhookConfigurationsGetter, name string) webhookClient {
	return newWebhookClient("MutatingWebhookConfiguration", name, client.MutatingWebhookConfigurations(),
		func(c *admissionv1.MutatingWebhookConfiguration) (out []admissionv1.WebhookClientConfig) {
			for _, w := range c.Webhooks {
				out = append(out, w.ClientConfig)
			}
			return out
		})
}

func validating(client admission.ValidatingWebhookConfigurationsGetter, name string) webhookClient {
	return newWebhookClient("ValidatingWebhookConfiguration", name, client.ValidatingWebhookConfigurations(),
		func(c *admissionv1.ValidatingWebhookConfiguration) (out []admissionv1.WebhookClientConfig) {
			for _, w := range c.Webhooks {
				out = append(out, w.ClientConfig)
			}
			return out
		})
}

func newWebhookClient[T metav1.Object](kind, name string, api webhookAPI[T], clients func(T) []admissionv1.WebhookClientConfig) webhookClient {
	read := func(found T) certs.WebhookConfiguration {
		w := certs.WebhookConfiguration{Kind: kind, Name: found.GetName(), ResourceVersion: found.GetResourceVersion()}
		for _, c := range clients(found) {
			w.Bundles = append(w.Bundles, certs.DecodeBundle(c.CABundle))
		}
		return w
	}
	return webhookClient{kind: kind, name: name, watch: api.Watch,
		read: func(ctx context.Context) (certs.WebhookConfiguration, error) {
			found, err := api.Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return certs.WebhookConfiguration{}, err
			}
			return read(found), nil
		},
		patch: func(ctx context.Context, patch []byte) error {
			_, err := api.Patch(ctx, name, types.JSONPatchType, patch, metav1.PatchOptions{})
			return err
		},
		decode: func(o runtime.Object) (certs.WebhookConfiguration, bool) {
			found, ok := o.(T)
			if !ok {
				return certs.WebhookConfiguration{}, false
			}
			return read(found), true
		}}
}

// PublishBundle patches caBundle alone, which keeps fields that newer API servers know and this client does not.
func (c *Cluster) PublishBundle(ctx context.Context, w certs.WebhookConfiguration, bundle []byte) error {
	patch, err := bundlePatch(w, bundle)
	if err != nil {
		return err
	}
	for _, each := range c.webhooks {
		if each.kind == w.Kind && each.name == w.Name {
			return asConflict(each.patch(ctx, patch), fmt.Sprintf("publish the CA bundle in %s %s", w.Kind, w.Name))
		}
	}
	return fmt.Errorf("publish the CA bundle: %s %s is not ours", w.Kind, w.Name)
}

type patchOperation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// bundlePatch returns the JSON patch. It locks by the resource version: the API server answers a patch that sets another
// than its own with a conflict.
func bundlePatch(w certs.WebhookConfiguration, bundle []byte) ([]byte, error) {
	patch := []patchOperation{{"replace", "/metadata/resourceVersion", w.ResourceVersion}}
	for i := range w.Bundles {
		patch = append(patch, patchOperation{"add", fmt.Sprintf("/webhooks/%d/clientConfig/caBundle", i), bundle})
	}
	return json.Marshal(patch)
}

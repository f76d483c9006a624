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

// hooks reads, patches and watches one webhook configuration, of either kind.
type hooks struct {
	kind, name string
	read       func(context.Context) (certs.Hook, error)
	patch      func(context.Context, []byte) error
	watch      openWatch
	// parse reads what the watch tells of.
	parse func(runtime.Object) (certs.Hook, bool)
}

// configurations is the client for one kind of webhook configuration.
type configurations[T metav1.Object] interface {
	Get(context.Context, string, metav1.GetOptions) (T, error)
	Patch(context.Context, string, types.PatchType, []byte, metav1.PatchOptions, ...string) (T, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}

func mutating(client admission.MutatingWebhookConfigurationsGetter, name string) hooks {
	return hooksOf("MutatingWebhookConfiguration", name, client.MutatingWebhookConfigurations(),
		func(c *admissionv1.MutatingWebhookConfiguration) (out []admissionv1.WebhookClientConfig) {
			for _, w := range c.Webhooks {
				out = append(out, w.ClientConfig)
			}
			return out
		})
}

func validating(client admission.ValidatingWebhookConfigurationsGetter, name string) hooks {
	return hooksOf("ValidatingWebhookConfiguration", name, client.ValidatingWebhookConfigurations(),
		func(c *admissionv1.ValidatingWebhookConfiguration) (out []admissionv1.WebhookClientConfig) {
			for _, w := range c.Webhooks {
				out = append(out, w.ClientConfig)
			}
			return out
		})
}

func hooksOf[T metav1.Object](kind, name string, api configurations[T], clients func(T) []admissionv1.WebhookClientConfig) hooks {
	hook := func(found T) certs.Hook {
		h := certs.Hook{Kind: kind, Name: found.GetName(), Version: found.GetResourceVersion()}
		for _, c := range clients(found) {
			h.Bundles = append(h.Bundles, certs.DecodeBundle(c.CABundle))
		}
		return h
	}
	return hooks{kind: kind, name: name, watch: api.Watch,
		read: func(ctx context.Context) (certs.Hook, error) {
			found, err := api.Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return certs.Hook{}, err
			}
			return hook(found), nil
		},
		patch: func(ctx context.Context, patch []byte) error {
			_, err := api.Patch(ctx, name, types.JSONPatchType, patch, metav1.PatchOptions{})
			return err
		},
		parse: func(o runtime.Object) (certs.Hook, bool) {
			found, ok := o.(T)
			if !ok {
				return certs.Hook{}, false
			}
			return hook(found), true
		}}
}

// Publish sets caBundle alone: a patch keeps what newer API servers know and this client does not.
func (k *Kube) Publish(ctx context.Context, h certs.Hook, bundle []byte) error {
	patch, err := bundlePatch(h, bundle)
	if err != nil {
		return err
	}
	for _, each := range k.hooks {
		if each.kind == h.Kind && each.name == h.Name {
			return settle(each.patch(ctx, patch), fmt.Sprintf("publish the CA bundle in %s %s", h.Kind, h.Name))
		}
	}
	return fmt.Errorf("publish the CA bundle: %s %s is not ours", h.Kind, h.Name)
}

type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// bundlePatch locks by the version: the API server answers a patch that sets another than its own with a conflict.
func bundlePatch(h certs.Hook, bundle []byte) ([]byte, error) {
	patch := []operation{{"replace", "/metadata/resourceVersion", h.Version}}
	for i := range h.Bundles {
		patch = append(patch, operation{"add", fmt.Sprintf("/webhooks/%d/clientConfig/caBundle", i), bundle})
	}
	return json.Marshal(patch)
}

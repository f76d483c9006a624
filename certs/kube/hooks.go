package kube

import (
	"context"
	"encoding/json"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	admission "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"

	"github.com/tlsward/tlsward/certs"
)

// hooks reads and patches one webhook configuration, of either kind.
type hooks struct {
	kind, name string
	read       func(context.Context) (certs.Hook, error)
	patch      func(context.Context, []byte) error
}

func mutating(client admission.MutatingWebhookConfigurationsGetter, name string) hooks {
	const kind = "MutatingWebhookConfiguration"
	api := client.MutatingWebhookConfigurations()
	return hooks{kind: kind, name: name,
		read: func(ctx context.Context) (certs.Hook, error) {
			found, err := api.Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return certs.Hook{}, err
			}
			var clients []admissionv1.WebhookClientConfig
			for _, w := range found.Webhooks {
				clients = append(clients, w.ClientConfig)
			}
			return hook(kind, found.ObjectMeta, clients), nil
		},
		patch: func(ctx context.Context, patch []byte) error {
			_, err := api.Patch(ctx, name, types.JSONPatchType, patch, metav1.PatchOptions{})
			return err
		}}
}

func validating(client admission.ValidatingWebhookConfigurationsGetter, name string) hooks {
	const kind = "ValidatingWebhookConfiguration"
	api := client.ValidatingWebhookConfigurations()
	return hooks{kind: kind, name: name,
		read: func(ctx context.Context) (certs.Hook, error) {
			found, err := api.Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return certs.Hook{}, err
			}
			var clients []admissionv1.WebhookClientConfig
			for _, w := range found.Webhooks {
				clients = append(clients, w.ClientConfig)
			}
			return hook(kind, found.ObjectMeta, clients), nil
		},
		patch: func(ctx context.Context, patch []byte) error {
			_, err := api.Patch(ctx, name, types.JSONPatchType, patch, metav1.PatchOptions{})
			return err
		}}
}

func hook(kind string, meta metav1.ObjectMeta, clients []admissionv1.WebhookClientConfig) certs.Hook {
	h := certs.Hook{Kind: kind, Name: meta.Name, Version: meta.ResourceVersion}
	for _, c := range clients {
		h.Bundles = append(h.Bundles, certs.DecodeBundle(c.CABundle))
	}
	return h
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

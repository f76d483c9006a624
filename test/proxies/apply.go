//go:build proxies

package proxies

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/mesh"
)

// Apply writes manifests as a user does; the webhooks complete and judge them. The error is the API server's.
func (w *World) Apply(ctx context.Context, text string) error { return write(ctx, w.judged, text) }

// ApplyUnseen writes manifests as if the webhooks were not there.
func (w *World) ApplyUnseen(ctx context.Context, text string) error {
	return write(ctx, w.unseen, text)
}

// Remove takes the objects of manifests away, as if the webhooks were not there.
func (w *World) Remove(ctx context.Context, text string) error { return remove(ctx, w.unseen, text) }

// RemoveJudged takes the objects of manifests away as a user does, whom the webhooks judge.
func (w *World) RemoveJudged(ctx context.Context, text string) error {
	return remove(ctx, w.judged, text)
}

func remove(ctx context.Context, c client.Client, text string) error {
	objects, err := read(text)
	for _, o := range objects {
		if err := c.Delete(ctx, o); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("remove %s %s/%s: %w", o.GetKind(), o.GetNamespace(), o.GetName(), err)
		}
	}
	return err
}

func write(ctx context.Context, c client.Client, text string) error {
	objects, err := read(text)
	for _, o := range objects {
		if err := createOrUpdate(ctx, c, o); err != nil {
			return fmt.Errorf("apply %s %s/%s: %w", o.GetKind(), o.GetNamespace(), o.GetName(), err)
		}
	}
	return err
}

// read returns the objects of manifests.
func read(text string) ([]*unstructured.Unstructured, error) {
	docs, err := manifests.ParseAll([]manifests.File{{Name: "manifests", Raw: []byte(text)}})
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, d := range docs {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(d.Raw, &o.Object); err != nil {
			return nil, fmt.Errorf("read %s: %w", d.Where(), err)
		}
		if o.GetNamespace() == "" && o.GetKind() != mesh.KindNamespace {
			o.SetNamespace("default")
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// namespacesOf makes the namespaces of manifests.
func (w *World) namespacesOf(ctx context.Context, text string) error {
	objects, err := read(text)
	for _, o := range objects {
		if err := w.namespace(ctx, o.GetNamespace()); err != nil {
			return err
		}
	}
	return err
}

// sameObject reports whether two manifests, of one object each, are of the same.
func sameObject(a, b string) bool {
	first, errA := read(a)
	second, errB := read(b)
	return errA == nil && errB == nil && len(first) == 1 && len(second) == 1 && first[0].GetKind() == second[0].GetKind() &&
		first[0].GetNamespace() == second[0].GetNamespace() && first[0].GetName() == second[0].GetName()
}

func createOrUpdate(ctx context.Context, c client.Client, o *unstructured.Unstructured) error {
	err := c.Create(ctx, o)
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	var stored unstructured.Unstructured
	stored.SetGroupVersionKind(o.GroupVersionKind())
	if err := c.Get(ctx, client.ObjectKeyFromObject(o), &stored); err != nil {
		return err
	}
	o.SetResourceVersion(stored.GetResourceVersion())
	return c.Update(ctx, o)
}

// configKinds are the kinds that tests write.
var configKinds = []schema.GroupVersionKind{
	{Group: "networking.istio.io", Version: "v1", Kind: "ServiceEntry"},
	{Group: "networking.istio.io", Version: "v1", Kind: "DestinationRule"},
	{Group: "networking.istio.io", Version: "v1", Kind: "VirtualService"},
	{Group: "networking.istio.io", Version: "v1", Kind: "Gateway"},
	{Group: "networking.istio.io", Version: "v1", Kind: "Sidecar"},
	{Group: "networking.istio.io", Version: "v1", Kind: "WorkloadEntry"},
	{Group: "networking.istio.io", Version: "v1alpha3", Kind: "EnvoyFilter"},
	{Group: "security.istio.io", Version: "v1", Kind: "AuthorizationPolicy"},
	{Group: "gateway.networking.k8s.io", Version: "v1", Kind: "Gateway"},
}

// forget deletes all configuration, and ends the servers outside.
func (w *World) forget(ctx context.Context) error {
	w.closeServers()
	return w.forgetObjects(ctx)
}

// forgetObjects deletes all configuration.
func (w *World) forgetObjects(ctx context.Context) error {
	for _, kind := range configKinds {
		var list unstructured.UnstructuredList
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		if err := w.unseen.List(ctx, &list); err != nil {
			return fmt.Errorf("list %s: %w", kind.Kind, err)
		}
		for i := range list.Items {
			if err := w.delete(ctx, &list.Items[i]); err != nil && !apierrors.IsNotFound(err) {
				return fmt.Errorf("delete %s: %w", kind.Kind, err)
			}
		}
	}
	return nil
}

// delete deletes an object, and takes away what would keep it.
func (w *World) delete(ctx context.Context, o *unstructured.Unstructured) error {
	if len(o.GetFinalizers()) > 0 {
		if err := w.unseen.Patch(ctx, o, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))); err != nil {
			return err
		}
	}
	return w.unseen.Delete(ctx, o)
}

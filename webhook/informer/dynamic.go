package informer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	toolscache "k8s.io/client-go/tools/cache"
)

// Dynamic watches all objects of a resource, whose CRD may not be there yet. They come undecoded: one that cannot be read must not
// hide the others.
type Dynamic struct {
	Client   dynamic.Interface
	Resource schema.GroupVersionResource
	// Changed gets all of them, ordered by namespace and name: once when they are known, and after every change.
	Changed func([]*unstructured.Unstructured)
	// Failed gets why the API server does not show them, at every attempt.
	Failed func(error)
}

// Watch watches until ctx is done.
func (d Dynamic) Watch(ctx context.Context) error {
	informer := dynamicinformer.NewFilteredDynamicInformer(d.Client, d.Resource, metav1.NamespaceAll, 0, nil, nil).Informer()
	err := follow(ctx, informer, d.Failed, func(store toolscache.Store) {
		var found []*unstructured.Unstructured
		for _, o := range store.List() {
			if u, ok := o.(*unstructured.Unstructured); ok {
				found = append(found, u)
			}
		}
		slices.SortFunc(found, func(a, b *unstructured.Unstructured) int { return strings.Compare(key(a), key(b)) })
		d.Changed(found)
	})
	if err != nil {
		return fmt.Errorf("watch %s: %w", d.Resource.Resource, err)
	}
	return nil
}

func key(o metav1.Object) string { return o.GetNamespace() + "/" + o.GetName() }

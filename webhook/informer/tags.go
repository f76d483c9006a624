package informer

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	toolscache "k8s.io/client-go/tools/cache"
)

// Labels watches the labels of the objects of a resource that have one of them: metadata, and nothing else.
type Labels struct {
	Client   metadata.Interface
	Resource schema.GroupVersionResource
	Selector string
	// Changed gets the labels of all of them: once when they are known, and after every change.
	Changed func([]map[string]string)
	// Failed gets why the API server does not show them, at every attempt.
	Failed func(error)
}

// Watch watches until ctx is done.
func (l Labels) Watch(ctx context.Context) error {
	informer := metadatainformer.NewFilteredMetadataInformer(l.Client, l.Resource, metav1.NamespaceAll, 0, nil,
		func(o *metav1.ListOptions) { o.LabelSelector = l.Selector }).Informer()
	err := follow(ctx, informer, l.Failed, func(store toolscache.Store) {
		var found []map[string]string
		for _, o := range store.List() {
			if m, ok := o.(*metav1.PartialObjectMetadata); ok {
				found = append(found, m.Labels)
			}
		}
		l.Changed(found)
	})
	if err != nil {
		return fmt.Errorf("watch the labels of %s: %w", l.Resource.Resource, err)
	}
	return nil
}

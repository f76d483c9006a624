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
	events := make(chan struct{}, 1)
	wake := func() {
		select {
		case events <- struct{}{}:
		default:
		}
	}
	if err := informer.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *toolscache.Reflector, err error) { l.Failed(err) }); err != nil {
		return fmt.Errorf("watch the labels of %s: %w", l.Resource.Resource, err)
	}
	if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { wake() }, UpdateFunc: func(_, _ any) { wake() }, DeleteFunc: func(any) { wake() }}); err != nil {
		return fmt.Errorf("watch the labels of %s: %w", l.Resource.Resource, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		informer.RunWithContext(ctx)
	}()
	defer func() { <-done }()
	if !toolscache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return nil
	}
	for {
		var found []map[string]string
		for _, o := range informer.GetStore().List() {
			if m, ok := o.(*metav1.PartialObjectMetadata); ok {
				found = append(found, m.Labels)
			}
		}
		l.Changed(found)
		select {
		case <-ctx.Done():
			return nil
		case <-events:
		}
	}
}

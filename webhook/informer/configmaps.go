package informer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
)

// ConfigMaps watches the ConfigMaps of one namespace that a selector matches.
type ConfigMaps struct {
	Config    *rest.Config
	Namespace string
	Selector  labels.Selector
	// Changed gets all of them, ordered by name: once when they are known, and after every change.
	Changed func([]*corev1.ConfigMap)
}

// Start watches until ctx is done.
func (c ConfigMaps) Start(ctx context.Context) error {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return err
	}
	objects, err := cache.New(c.Config, cache.Options{Scheme: scheme, DefaultLabelSelector: c.Selector,
		DefaultNamespaces: map[string]cache.Config{c.Namespace: {}}})
	if err != nil {
		return fmt.Errorf("watch the ConfigMaps of %s: %w", c.Namespace, err)
	}
	informer, err := objects.GetInformer(ctx, &corev1.ConfigMap{}, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("watch the ConfigMaps of %s: %w", c.Namespace, err)
	}
	events := make(chan struct{}, 1)
	wake := func() {
		select {
		case events <- struct{}{}:
		default:
		}
	}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { wake() }, UpdateFunc: func(_, _ any) { wake() }, DeleteFunc: func(any) { wake() }})
	if err != nil {
		return err
	}
	go c.notify(ctx, objects, registration, events)
	return objects.Start(ctx)
}

// notify passes all ConfigMaps on, when the first list is complete and after each event.
func (c ConfigMaps) notify(ctx context.Context, objects cache.Cache, registration toolscache.ResourceEventHandlerRegistration, events <-chan struct{}) {
	if !toolscache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return
	}
	for {
		var list corev1.ConfigMapList
		if err := objects.List(ctx, &list); err == nil {
			found := make([]*corev1.ConfigMap, len(list.Items))
			for i := range list.Items {
				found[i] = &list.Items[i]
			}
			slices.SortFunc(found, func(a, b *corev1.ConfigMap) int { return strings.Compare(a.Name, b.Name) })
			c.Changed(found)
		}
		select {
		case <-ctx.Done():
			return
		case <-events:
		}
	}
}

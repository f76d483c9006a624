package informer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
)

// ConfigMaps watches the ConfigMaps that the manager's cache has.
type ConfigMaps struct {
	Cache cache.Cache
	// Changed gets all of them, ordered by name: once when they are known, and after every change.
	Changed func(context.Context, []*corev1.ConfigMap)
}

// NeedLeaderElection returns false: every replica decides.
func (ConfigMaps) NeedLeaderElection() bool { return false }

// Start watches until ctx is done.
func (c ConfigMaps) Start(ctx context.Context) error {
	informer, err := c.Cache.GetInformer(ctx, &corev1.ConfigMap{}, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("watch ConfigMaps: %w", err)
	}
	events, handler := changes()
	registration, err := informer.AddEventHandler(handler)
	if err != nil {
		return fmt.Errorf("watch ConfigMaps: %w", err)
	}
	if !toolscache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return nil
	}
	for {
		c.notify(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-events:
		}
	}
}

// notify passes all ConfigMaps on.
func (c ConfigMaps) notify(ctx context.Context) {
	var list corev1.ConfigMapList
	if err := c.Cache.List(ctx, &list); err != nil {
		return // ctx is done
	}
	found := make([]*corev1.ConfigMap, len(list.Items))
	for i := range list.Items {
		found[i] = &list.Items[i]
	}
	slices.SortFunc(found, func(a, b *corev1.ConfigMap) int { return strings.Compare(a.Name, b.Name) })
	c.Changed(ctx, found)
}

package informer

import (
	"context"
	"fmt"

	toolscache "k8s.io/client-go/tools/cache"
)

// follow runs an informer until ctx is done. changed gets its store once that has all there is, and after every change; failed gets
// why the API server does not show it, at every attempt.
func follow(ctx context.Context, informer toolscache.SharedInformer, failed func(error), changed func(toolscache.Store)) error {
	events, handler := changes()
	if err := informer.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *toolscache.Reflector, err error) { failed(err) }); err != nil {
		return fmt.Errorf("hear of failures: %w", err)
	}
	if _, err := informer.AddEventHandler(handler); err != nil {
		return fmt.Errorf("hear of changes: %w", err)
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
		changed(informer.GetStore())
		select {
		case <-ctx.Done():
			return nil
		case <-events:
		}
	}
}

// changes returns a handler of events, and a channel that has an element once any has come since the last was taken.
func changes() (<-chan struct{}, toolscache.ResourceEventHandler) {
	events := make(chan struct{}, 1)
	wake := func() {
		select {
		case events <- struct{}{}:
		default:
		}
	}
	return events, toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { wake() }, UpdateFunc: func(_, _ any) { wake() }, DeleteFunc: func(any) { wake() }}
}

package serve

import (
	"context"
	"sync"
)

// watchedName is the name of an object that is watched, which may change; "" watches none.
type watchedName struct {
	mu    sync.Mutex
	name  string
	moved chan struct{} // closed when it changes
}

func newWatchedName(name string) *watchedName {
	return &watchedName{name: name, moved: make(chan struct{})}
}

func (w *watchedName) get() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.name
}

func (w *watchedName) set(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if name != w.name {
		close(w.moved)
		w.name, w.moved = name, make(chan struct{})
	}
}

// follow calls watch for the name, and again whenever it is another, until ctx is done. The context of watch is done then.
func (w *watchedName) follow(ctx context.Context, watch func(ctx context.Context, name string) error) error {
	for ctx.Err() == nil {
		if err := w.once(ctx, watch); err != nil {
			return err
		}
	}
	return nil
}

func (w *watchedName) once(ctx context.Context, watch func(ctx context.Context, name string) error) error {
	w.mu.Lock()
	name, moved := w.name, w.moved
	w.mu.Unlock()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-moved:
			stop()
		case <-ctx.Done():
		}
	}()
	if name == "" {
		<-ctx.Done()
		return nil
	}
	return watch(ctx, name)
}

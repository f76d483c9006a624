package serve

import (
	"context"
	"testing"
)

func TestWatchedNameFollows(t *testing.T) {
	w, seen := newWatchedName("a"), make(chan string)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- w.follow(ctx, func(ctx context.Context, name string) error {
			seen <- name
			<-ctx.Done()
			return nil
		})
	}()
	if have := <-seen; have != "a" {
		t.Errorf("watches %s", have)
	}
	w.set("a") // nothing changes
	w.set("b")
	if have := <-seen; have != "b" || w.get() != "b" {
		t.Errorf("watches %s", have)
	}
	w.set("") // none
	w.set("c")
	if have := <-seen; have != "c" {
		t.Errorf("watches %s", have)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

package serve

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/manager"
)

func TestStandaloneStopsWhatCameLastFirst(t *testing.T) {
	var s standalone
	var stopped []string
	for _, name := range []string{"first", "second", "third"} {
		if err := s.Add(manager.RunnableFunc(func(ctx context.Context) error {
			<-ctx.Done()
			stopped = append(stopped, name)
			return nil
		})); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Start(ctx); err != nil || !slices.Equal(stopped, []string{"third", "second", "first"}) {
		t.Errorf("stopped %v, %v", stopped, err)
	}
}

func TestStandaloneEndsWithItsParts(t *testing.T) {
	var s standalone
	ended := false
	_ = s.Add(manager.RunnableFunc(func(ctx context.Context) error { <-ctx.Done(); ended = true; return nil }))
	_ = s.Add(manager.RunnableFunc(func(context.Context) error { return errors.New("no more") }))
	if err := s.Start(t.Context()); err == nil || err.Error() != "no more" || !ended {
		t.Errorf("got %v, the other part ended: %v", err, ended)
	}
}

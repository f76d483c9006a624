package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// A file is applied while others write without pause, through two replicas: hundreds of writes are on their way that
// have nothing to do with it, and its own answers hang on its own.
func TestQuickSuccessionInACrowd(t *testing.T) {
	s, stage := newServer(t, plane), newStage(t, plane)
	mutates, validates := s.start(t), s.start(t)
	s.registerAs(t, cluster.Webhooks{URL: validates.URL(), MutateURL: mutates.URL(), CA: s.pair.CA})
	file := first(t, egress)
	for round := range 5 {
		stage.lay(t, file, senders()[0])
		for _, r := range s.replicas {
			stage.awaitMesh(t, r)
		}
		others := crowd(t, round)
		for i, st := range file.Steps {
			stage.perform(t, senders()[0], i, st)
		}
		others()
	}
}

// crowd creates ServiceEntries that nobody asks about, from several clients, until it is told to stop.
func crowd(t *testing.T, round int) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for writer := range 4 {
		a := newAPI(t, plane.Admin)
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				name := fmt.Sprintf("crowd-%d-%d-%d", round, writer, n)
				e := plainEntry()
				e.SetName(name)
				e.Object["spec"].(map[string]any)["hosts"] = []any{name + ".example"}
				if _, err := a.of(e).Create(ctx, e, metav1.CreateOptions{}); err != nil && ctx.Err() == nil {
					t.Errorf("create %s: %v", name, err)
				}
			}
		})
	}
	return func() {
		cancel()
		all.Wait()
	}
}

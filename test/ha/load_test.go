package ha

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/certs/kube"
)

// aftermath is how long after an event a mishap still counts as its.
const aftermath = 2 * time.Second

// awaited bounds how long the load goes on after the last event.
const awaited = 5 * time.Minute

// No admission fails because of tlsward, nothing invalid is stored and nothing valid refused, whatever happens.
func TestUnderLoad(t *testing.T) {
	p := planned()
	s := newStage(t, p)
	counts := newTally(s.spells)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go s.watchRotations(ctx)
	ended := s.load(ctx, p.clients, counts)

	pause(ctx, aftermath)
	for i, event := range p.queue() {
		t.Logf("%s: %d of %d: %s", time.Since(counts.began).Round(time.Second), i+1, len(p.queue()), event)
		counts.enter(event)
		if err := s.cause(ctx, event); err != nil {
			t.Errorf("%s: %v", event, err)
			break
		}
		pause(ctx, aftermath)
		counts.enter(calm)
		pause(ctx, time.Second)
	}
	s.await(ctx, p, counts)
	stop()
	ended.Wait()
	s.awaitNoCompanions()

	t.Logf("\n%s", counts)
	publish(t, report(p, s, counts))
	verify(t, counts)
}

// load starts the clients, each in a namespace of its own.
func (s *stage) load(ctx context.Context, clients int, counts *tally) *sync.WaitGroup {
	s.t.Helper()
	config := rest.CopyConfig(s.plane.Admin)
	config.WarningHandler = rest.NoWarnings{}
	api, err := dynamic.NewForConfig(config)
	if err != nil {
		s.t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range clients {
		c := client{Interface: api, tally: counts, namespace: fmt.Sprint("load-", i), bare: map[string]bool{}}
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: c.namespace}}
		if _, err := s.clients.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil {
			s.t.Fatal(err)
		}
		wg.Go(func() { c.run(ctx) })
	}
	return &wg
}

// await lets the load go on until enough has been seen, for a while at most.
func (s *stage) await(ctx context.Context, p plan, counts *tally) {
	deadline := time.Now().Add(awaited)
	for counts.reviews() < p.reviews || int(s.rotated.Load()) < p.rotations {
		if time.Now().After(deadline) {
			s.t.Errorf("only %d of %d reviews and %d of %d rotations", counts.reviews(), p.reviews, s.rotated.Load(), p.rotations)
			return
		}
		pause(ctx, time.Second)
	}
}

// awaitNoCompanions waits until the rules are gone that tlsward kept for entries, which are all gone: another leader may have to come first.
func (s *stage) awaitNoCompanions() {
	s.t.Helper()
	api, err := dynamic.NewForConfig(s.plane.Seed)
	if err != nil {
		s.t.Fatal(err)
	}
	began := time.Now()
	for {
		left, err := api.Resource(destinationRules).List(context.Background(), metav1.ListOptions{LabelSelector: "tlsward.io/companion"})
		if err == nil && len(left.Items) == 0 {
			s.t.Logf("no companions are left %s after the last entry", time.Since(began).Round(time.Millisecond))
			return
		}
		if time.Since(began) > kube.Takeover()+10*time.Second {
			s.t.Errorf("companions are left of entries that are gone: %v, %v", left, err)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// verify holds the counts against the promise: nothing that is tlsward's, and nothing invalid for any cause.
func verify(t *testing.T, counts *tally) {
	t.Helper()
	for _, kind := range []string{failures, validRefused, incomplete, invalidStored, unexpected} {
		if n := counts.count(kind, "", ""); n > 0 {
			t.Errorf("%s: %d", kind, n)
		}
	}
}

// publish prints the report, and writes it to the file that TLSWARD_HA_REPORT names.
func publish(t *testing.T, text string) {
	t.Helper()
	t.Logf("\n%s", text)
	if path := os.Getenv("TLSWARD_HA_REPORT"); path != "" {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
}

package companions

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/controllers/follow"
	"github.com/tlsward/tlsward/controllers/internal/fixture"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mutators"
	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/assume"
)

// store is a cluster: what is written comes back as an event.
type store struct {
	cache *assume.Cache
	mu    sync.Mutex
	log   []string
	fails int
}

func (s *store) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, what)
}

// failing reports whether a write fails, and counts it.
func (s *store) failing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails--
	return s.fails >= 0
}

func (s *store) failNext(writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = writes
}

func (s *store) Apply(_ context.Context, c *mutators.Companion) (bool, error) {
	if s.failing() {
		return false, errors.New("the API server is away")
	}
	s.note("apply " + c.Rule.Name)
	s.cache.Put(c.Rule, assume.Version{})
	return true, nil
}

func (s *store) Delete(_ context.Context, ref mesh.Ref) (bool, error) {
	s.note("delete " + ref.Name)
	s.cache.Delete(ref, assume.Version{})
	return true, nil
}

func (s *store) taken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.log = nil }()
	return strings.Join(s.log, ", ")
}

// Companions come and go with what is around them; the leader alone writes, what failed is tried again, and what somebody takes away
// again and again is left.
func TestKeeper(t *testing.T) {
	e, err := admission.NewEvaluator(t.Context(), v1alpha1.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	entry := fixture.Object(t, "ServiceEntry", "bank", `{hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`)
	rule := fixture.Object(t, "DestinationRule", "bank", `{host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`)
	const name = "tlsward-api.bank.example"
	companion := mutators.CompanionRef("shop", "api.bank.example")
	synctest.Test(t, func(t *testing.T) {
		s := &store{cache: assume.NewCache(mesh.DefaultSettings())}
		var leads atomic.Bool
		k := New(Options{Source: fixture.Source(s.cache, e), IsLeader: leads.Load, Writer: s, Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- k.Start(ctx) }()
		expect := func(what string, after time.Duration, want string) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if got := s.taken(); got != want {
				t.Errorf("%s: got %q, want %q", what, got, want)
			}
		}
		s.cache.Put(entry, assume.Version{})
		expect("no leader", time.Second, "")
		leads.Store(true)
		expect("leads", time.Second, "apply "+name)
		s.cache.Put(rule, assume.Version{})
		expect("a person's rule", 0, "delete "+name)
		s.cache.Delete(rule.Ref, assume.Version{})
		expect("it goes", 0, "apply "+name)
		expect("nothing changes", time.Hour, "")

		for range 2 {
			s.cache.Delete(companion, assume.Version{})
			synctest.Wait()
		}
		expect("taken away", 0, "apply "+name+", apply "+name)
		s.cache.Delete(companion, assume.Version{})
		expect("taken away once more", time.Minute, "apply "+name)
		s.cache.Delete(companion, assume.Version{})
		expect("again", time.Minute, "")
		if k.left.Load() == 0 {
			t.Error("that it was left is not counted")
		}
		expect("an interval later", follow.Interval, "apply "+name)

		again := *entry
		again.UID = "another"
		s.cache.Put(&again, assume.Version{})
		expect("the entry is made again", 0, "apply "+name)
		s.cache.Delete(entry.Ref, assume.Version{})
		expect("the entry goes", 0, "delete "+name)
		lookalike := fixture.Object(t, "DestinationRule", name, `{host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`)
		lookalike.Labels = map[string]string{mutators.CompanionLabel: "true"}
		s.cache.Put(lookalike, assume.Version{})
		s.cache.Put(entry, assume.Version{})
		expect("somebody's rule that looks like one", 2*follow.Interval, "")
		if k.amiss.Count() != 1 {
			t.Error("that none can be kept is not counted")
		}
		s.cache.Delete(entry.Ref, assume.Version{})
		s.cache.Delete(lookalike.Ref, assume.Version{})
		expect("both go", 0, "")
		for range 5 { // its owner's end takes a companion along
			s.cache.Put(entry, assume.Version{})
			expect("the entry is made anew", time.Second, "apply "+name)
			s.cache.Delete(companion, assume.Version{})
			s.cache.Delete(entry.Ref, assume.Version{})
			time.Sleep(time.Second)
			synctest.Wait()
			s.taken() // whichever it saw first
		}
		s.failNext(3)
		s.cache.Put(entry, assume.Version{})
		expect("it fails", 2*time.Second, "")
		expect("and is tried again", 10*time.Second, "apply "+name)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// What is withheld is told for as long as it is: not once none are to be kept, nor where its entry went while another replica led.
func TestWithheldIsForgotten(t *testing.T) {
	off := v1alpha1.DefaultConfig()
	no := false
	off.Mutation.Companions = &no
	var evaluators []*admission.Evaluator
	for _, config := range []*v1alpha1.Config{v1alpha1.DefaultConfig(), off} {
		e, err := admission.NewEvaluator(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		evaluators = append(evaluators, e)
	}
	entry := fixture.Object(t, "ServiceEntry", "bank", `{hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`)
	foreign := fixture.Object(t, "DestinationRule", "tlsward-api.bank.example", `{host: other.example}`)
	synctest.Test(t, func(t *testing.T) {
		s := &store{cache: assume.NewCache(mesh.DefaultSettings(), entry, foreign)}
		var leads atomic.Bool
		leads.Store(true)
		var current atomic.Pointer[admission.Evaluator]
		current.Store(evaluators[0])
		source := fixture.Source(s.cache, nil)
		source.Evaluator = current.Load
		k := New(Options{Source: source, IsLeader: leads.Load, Writer: s, Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- k.Start(ctx) }()
		expect := func(what string, want int) {
			t.Helper()
			time.Sleep(time.Second)
			synctest.Wait()
			if n := k.amiss.Count(); n != want || len(k.Amiss()) != want {
				t.Errorf("%s: %d are withheld, of entries %v, want %d", what, n, k.Amiss(), want)
			}
		}
		expect("its name is another's", 1)
		current.Store(evaluators[1])
		expect("none are to be kept", 0)
		current.Store(evaluators[0])
		expect("they are again", 1)
		leads.Store(false)
		time.Sleep(time.Second)
		s.cache.Delete(entry.Ref, assume.Version{})
		time.Sleep(time.Second)
		leads.Store(true)
		expect("the entry went while another one led", 0)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

package follow_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
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
	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/assume"
)

// recorder has a piece for each object, and notes what it is asked to do.
type recorder struct {
	mu    sync.Mutex
	log   []string
	fails int
}

func (r *recorder) All(snap *mesh.Snapshot) map[string]bool {
	pieces := map[string]bool{}
	for o := range snap.Objects() {
		pieces[o.Name] = true
	}
	return pieces
}

func (r *recorder) Changed(_, _ *mesh.Snapshot, was, is *mesh.Object) (pieces map[string]bool, whole bool) {
	pieces = map[string]bool{}
	for _, o := range []*mesh.Object{was, is} {
		if o != nil {
			pieces[o.Name] = true
			whole = whole || o.Name == "all"
		}
	}
	return pieces, whole
}

func (r *recorder) Namespace(string) string { return "" }

func (r *recorder) IsUrgent(*mesh.Snapshot, string) bool { return false }

func (r *recorder) Do(_ context.Context, _ *admission.Evaluator, _ *mesh.Snapshot, piece string) error {
	r.note(piece)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fails--; r.fails >= 0 {
		return errors.New("the API server is away")
	}
	return nil
}

func (r *recorder) note(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, what)
}

func (r *recorder) taken() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() { r.log = nil }()
	slices.Sort(r.log)
	return strings.Join(r.log, " ")
}

func (r *recorder) failNext(pieces int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fails = pieces
}

// The leader looks at everything first, at what changes then, and at everything again where the configuration changes, after an interval,
// and when it leads again; what failed is tried again later and later.
func TestFollower(t *testing.T) {
	evaluators := [2]*admission.Evaluator{}
	for i := range evaluators {
		e, err := admission.NewEvaluator(t.Context(), v1alpha1.DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		evaluators[i] = e
	}
	a, b := fixture.Object(t, "Sidecar", "a", "{}"), fixture.Object(t, "Sidecar", "b", "{}")
	synctest.Test(t, func(t *testing.T) {
		cache, r := assume.NewCache(mesh.DefaultSettings(), a), &recorder{}
		var leads atomic.Bool
		var current atomic.Pointer[admission.Evaluator]
		current.Store(evaluators[0])
		source := fixture.Source(cache, nil)
		source.Evaluator = current.Load
		f := follow.New(follow.Options[string]{Source: source, IsLeader: leads.Load, Work: r})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- f.Start(ctx) }()
		expect := func(what string, after time.Duration, want string) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if got := r.taken(); got != want {
				t.Errorf("%s: got %q, want %q", what, got, want)
			}
		}
		expect("no leader", time.Hour, "")
		leads.Store(true)
		expect("leads", time.Second, "a")
		cache.Put(b, assume.Version{})
		expect("one is new", 0, "b")
		expect("nothing changes", time.Minute, "")
		all := fixture.Object(t, "Sidecar", "all", "{}")
		cache.Put(all, assume.Version{})
		expect("what concerns everything", 0, "a all b")
		cache.Delete(all.Ref, assume.Version{})
		expect("once more, not at once", time.Second, "all")
		expect("but soon", 10*time.Second, "a b")
		current.Store(evaluators[1])
		expect("another configuration", time.Second, "a b")
		expect("an interval later", follow.Interval, "a b")
		leads.Store(false)
		cache.Delete(b.Ref, assume.Version{})
		expect("another one leads", time.Minute, "")
		leads.Store(true)
		expect("leads again", time.Second, "a")
		r.failNext(3)
		cache.Put(b, assume.Version{})
		expect("it fails", 0, "b")
		expect("once more", 1500*time.Millisecond, "b")
		expect("not at once", time.Second, "")
		expect("and later", 2*time.Second, "b")
		expect("until it is done", 5*time.Second, "b")
		expect("then no more", time.Minute, "")
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// crowd is a recorder by which the change of an object "wide" concerns hundreds of pieces, what is done takes a while, and every piece is
// urgent.
type crowd struct{ *recorder }

const crowded = 400

func (c crowd) All(*mesh.Snapshot) map[string]bool {
	pieces := map[string]bool{"one": true}
	for i := range crowded {
		pieces[fmt.Sprint(i)] = true
	}
	return pieces
}

func (c crowd) Changed(before, after *mesh.Snapshot, was, is *mesh.Object) (pieces map[string]bool, whole bool) {
	if cmp.Or(was, is).Name == "wide" {
		pieces = c.All(after)
		delete(pieces, "one")
		return pieces, false
	}
	return c.recorder.Changed(before, after, was, is)
}

func (c crowd) IsUrgent(*mesh.Snapshot, string) bool { return true }

func (c crowd) Do(_ context.Context, _ *admission.Evaluator, _ *mesh.Snapshot, piece string) error {
	c.note(piece)
	time.Sleep(10 * time.Millisecond)
	return nil
}

// What one change concerns is as urgent as it is by itself: whatever else was changed in the same moment, and where everything is due.
func TestNoChangeDelaysAnother(t *testing.T) {
	var evaluators []*admission.Evaluator
	for range 2 {
		e, err := admission.NewEvaluator(t.Context(), v1alpha1.DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		evaluators = append(evaluators, e)
	}
	synctest.Test(t, func(t *testing.T) {
		cache, r := assume.NewCache(mesh.DefaultSettings()), &recorder{}
		var current atomic.Pointer[admission.Evaluator]
		current.Store(evaluators[0])
		source := fixture.Source(cache, nil)
		source.Evaluator = current.Load
		f := follow.New(follow.Options[string]{Source: source, IsLeader: func() bool { return true }, Settle: time.Second, Work: crowd{r}})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- f.Start(ctx) }()
		time.Sleep(time.Minute)
		for what, change := range map[string]func(){
			"a wide change beside it": func() { cache.Put(fixture.Object(t, "Sidecar", "wide", "{}"), assume.Version{}) },
			"another configuration":   func() { current.Store(evaluators[1]) },
		} {
			r.taken()
			change()
			cache.Put(fixture.Object(t, "Sidecar", "one", "{workloadSelector: {labels: {beside: '"+what+"'}}}"), assume.Version{})
			time.Sleep(1100 * time.Millisecond) // settled after one second: a tenth of another one is enough for a few of four hundred
			if got := strings.Fields(r.taken()); !slices.Contains(got, "one") {
				t.Errorf("%s: it is not among the first %d", what, len(got))
			}
			time.Sleep(time.Minute)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// Somebody who undoes the same write again and again wins for a while, by the object; another write, or one that failed, does not count
// against it.
func TestRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := mesh.Ref{Kind: "Sidecar", Namespace: "shop", Name: "a"}, mesh.Ref{Kind: "Sidecar", Namespace: "shop", Name: "b"}
		var r follow.Rounds
		for i, step := range []struct {
			ref     mesh.Ref
			written string
			want    bool
		}{
			{a, "x", true}, {a, "x", true}, {a, "x", true}, {a, "x", false}, {b, "x", true}, {a, "x", false}, {a, "y", true}, {a, "x", true}, {a, "x", true},
			{a, "fails", false}, {a, "x", true}, {a, "x", true}, {a, "x", false}, {a, "goes", false}, {a, "x", true}, {a, "x", true}, {a, "x", true}, {a, "x", false},
			{a, "later", false}, {a, "x", true}, {b, "x", true},
		} {
			switch step.written {
			case "fails":
				r.Failed(step.ref)
			case "goes":
				r.Forget(step.ref)
			case "later":
				time.Sleep(follow.Interval)
			default:
				if got := r.Again(step.ref, step.written); got != step.want || !got && !r.IsLeft(step.ref) {
					t.Errorf("step %d: %s %s: %t, left %t", i, step.ref.Name, step.written, got, r.IsLeft(step.ref))
				}
			}
		}
	})
}

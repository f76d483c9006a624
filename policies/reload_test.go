package policies

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// generation returns a policy that says which generation it is of.
func generation(n int) map[string]string {
	return map[string]string{"mine.rego": own("mine", fmt.Sprintf(`violation contains {"message": "generation %d"}`, n))}
}

func said(t *testing.T, e *Engine) string {
	t.Helper()
	found, err := e.Evaluate(t.Context(), review(mesh.Originated, mesh.CauseNone))
	if err != nil || len(found) != 1 {
		t.Fatalf("got %v, %v, want one violation", found, err)
	}
	return found[0].Message
}

func TestABrokenPolicyLeavesTheLastGoodOne(t *testing.T) {
	feed := &MemorySource{}
	feed.Set(generation(1))
	r, err := NewReloader(t.Context(), nil, feed)
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := r.Refresh(t.Context()); changed || err != nil {
		t.Errorf("nothing changed: got %v, %v", changed, err)
	}
	feed.Set(map[string]string{"mine.rego": "package tlsward.mine\n\nviolation contains"})
	for i := range 2 {
		changed, err := r.Refresh(t.Context())
		if changed != (i == 0) || err == nil || !strings.Contains(err.Error(), "mine.rego:3: ") {
			t.Errorf("look %d at a broken policy: got %v, %v; want the file and the line, once as new", i, changed, err)
		}
	}
	if got := said(t, r.Engine()); got != "generation 1" || r.ActivationError() == nil {
		t.Errorf("%s is in force, refused is %v", got, r.ActivationError())
	}
	feed.Set(generation(2))
	if changed, err := r.Refresh(t.Context()); !changed || err != nil || r.ActivationError() != nil {
		t.Errorf("a good policy: got %v, %v, refused %v", changed, err, r.ActivationError())
	}
	if got := said(t, r.Engine()); got != "generation 2" {
		t.Errorf("%s is in force", got)
	}
}

func TestABrokenConfigurationLeavesTheLastGoodOne(t *testing.T) {
	feed := &MemorySource{}
	feed.Set(generation(1))
	r, err := NewReloader(t.Context(), nil, feed)
	if err != nil {
		t.Fatal(err)
	}
	off := with("mine", v1alpha1.Off)
	wrong := with("nobodys", v1alpha1.Off)
	if err := r.Configure(t.Context(), &wrong); err == nil || r.ActivationError() == nil {
		t.Error("a configuration that names no policy is taken")
	}
	if err := r.Configure(t.Context(), &off); err != nil || r.ActivationError() != nil {
		t.Errorf("a good configuration: %v", err)
	}
	// A policy that the configuration names cannot go.
	feed.Set(nil)
	if _, err := r.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), `there is no policy "mine"`) {
		t.Errorf("got %v", err)
	}
}

func TestADirectoryIsFollowed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sub", "mine.rego")
	write := func(n int) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(generation(n)["mine.rego"]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(1)
	r, err := NewReloader(t.Context(), nil, Dir(dir))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	reports := make(chan error, 10)
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx, time.Millisecond, func(err error) { reports <- err }) }()
	write(2)
	if err := <-reports; err != nil {
		// a look may fall between the truncation and the write
		if err = <-reports; err != nil {
			t.Error(err)
		}
	}
	if got := said(t, r.Engine()); got != "generation 2" {
		t.Errorf("%s is in force", got)
	}
	if err := os.Rename(dir, filepath.Join(t.TempDir(), "gone")); err != nil {
		t.Fatal(err)
	}
	for err := range reports {
		if err != nil && strings.Contains(err.Error(), "policies: stat "+dir) {
			break
		}
	}
	if got := said(t, r.Engine()); got != "generation 2" {
		t.Errorf("without its directory, %s is in force", got)
	}
	cancel()
	<-done
}

// Under steady load, 1,000 swaps lose no evaluation, and none mixes two generations: the two policies of one
// generation always agree.
func TestSwapsLoseNoEvaluation(t *testing.T) {
	const swaps = 1000
	files := func(n int) Files {
		body := fmt.Sprintf(`violation contains {"message": "generation %d"}`, n)
		return Files{"a.rego": own("a", body), "b.rego": own("b", body)}
	}
	var engines []*Engine // compiling takes longer than swapping; a few engines take turns
	for n := range 4 {
		engines = append(engines, engine(t, files(n)))
	}
	r := &Reloader{}
	r.engine.Store(engines[0])
	var evaluations atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	ticks := make(chan struct{}, 16) // so that the load keeps step with the swaps
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			defer stop()
			for {
				found, err := r.Engine().Evaluate(t.Context(), review(mesh.Originated, mesh.CauseNone))
				if err != nil || len(found) != 2 || found[0].Message != found[1].Message {
					t.Errorf("got %v, %v, want both policies of one generation", found, err)
					return
				}
				evaluations.Add(1)
				select {
				case ticks <- struct{}{}:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	for n := range swaps {
		r.engine.Store(engines[n%len(engines)])
		for range 4 {
			select {
			case <-ticks:
			case <-ctx.Done():
			}
		}
	}
	stop()
	workers.Wait()
	if n := evaluations.Load(); n < 4*swaps {
		t.Errorf("%d evaluations during %d swaps: the load was not steady", n, swaps)
	}
	t.Logf("%d swaps, %d evaluations, none lost", swaps, evaluations.Load())
}

func TestConfigMapFiles(t *testing.T) {
	got := ConfigMapFiles("tlsward-system", "mine", map[string]string{"policy.rego": "package x", "readme": "no"})
	if len(got) != 1 || got["configmap tlsward-system/mine:policy.rego"] != "package x" {
		t.Errorf("got %v", got)
	}
}

// down is a source that can be out of reach.
type down struct {
	MemorySource
	err error
}

func (d *down) Load(ctx context.Context) (map[string]string, error) {
	files, _ := d.MemorySource.Load(ctx)
	return files, d.err
}

func TestASourceThatIsDownHoldsNoConfigurationUp(t *testing.T) {
	source := &down{}
	source.Set(generation(1))
	r, err := NewReloader(t.Context(), nil, source)
	if err != nil {
		t.Fatal(err)
	}
	source.err = errors.New("out of reach")
	warn := with("mine", v1alpha1.Warn)
	if err := r.Configure(t.Context(), &warn); err != nil {
		t.Error(err)
	}
	if got := said(t, r.Engine()); got != "generation 1" || r.ActivationError() == nil || r.ActivationError().Error() != "out of reach" {
		t.Errorf("%s is in force, refused is %v", got, r.ActivationError())
	}
	if _, warned := evaluate(t, r.Engine(), review(mesh.Originated, mesh.CauseNone)); len(warned) != 1 {
		t.Errorf("warned by %v, want mine: the new configuration", warned)
	}
}

// Careless: what a source could not be renewed for is said for ever, since it holds again what it held before.
func TestASourceThatIsBackIsHeard(t *testing.T) {
	for name, outage := range map[string]error{"unreadable": errors.New("out of reach"), "stale": &StaleError{errors.New("out of reach")}} {
		source := &down{}
		source.Set(generation(1))
		r, err := NewReloader(t.Context(), nil, source)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []struct {
			err     error
			changed bool
		}{{outage, true}, {outage, false}, {nil, true}, {nil, false}} {
			source.err = want.err
			changed, err := r.Refresh(t.Context())
			if changed != want.changed || (err == nil) != (want.err == nil) || !sameText(r.ActivationError(), want.err) {
				t.Errorf("%s, look %d: got %v, %v, refused %v; want %v, %v", name, i, changed, err, r.ActivationError(), want.changed, want.err)
			}
		}
	}
}

func TestAStaleSourceHoldsNobodyUp(t *testing.T) {
	stale := &down{err: &StaleError{errors.New("out of reach")}}
	stale.Set(map[string]string{"other.rego": own("other", `violation contains {"message": "x"} if false`)})
	feed := &MemorySource{}
	feed.Set(generation(1))
	r, err := NewReloader(t.Context(), nil, stale, feed)
	if err != nil {
		t.Fatal(err)
	}
	if !sameText(r.ActivationError(), stale.err) {
		t.Errorf("refused is %v, want to hear of the stale source from the start", r.ActivationError())
	}
	feed.Set(generation(2))
	if changed, err := r.Refresh(t.Context()); !changed || !sameText(err, stale.err) {
		t.Errorf("got %v, %v", changed, err)
	}
	if got := said(t, r.Engine()); got != "generation 2" {
		t.Errorf("%s is in force: a source that is down holds the others up", got)
	}
	// What is broken stays refused, whatever becomes of the other source.
	feed.Set(map[string]string{"mine.rego": "package tlsward.mine\n\nviolation contains"})
	for _, stale.err = range []error{stale.err, nil, nil} {
		if _, err := r.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "mine.rego:3: ") {
			t.Errorf("got %v, want the broken policy", err)
		}
	}
}

package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
)

// Of how many objects a mesh is in TestCompanionsInTime, and how many entries and rules are timed. TLSWARD_SCALE=10000 measures what
// docs/reliability.md tells.
const fewObjects, timed = 300, 50

// A lone entry has its companion soon, and the companion makes way for a person's rule soon, as a watch sees both: that is when a
// control plane may act on them.
func TestCompanionsInTime(t *testing.T) {
	objects, times := fewObjects, timed
	if scale := os.Getenv("TLSWARD_SCALE"); scale != "" {
		var err error
		if objects, err = strconv.Atoi(scale); err != nil {
			t.Fatal(err)
		}
		times = 500
	}
	own := startCluster(t)
	if err := own.InstallCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := &fleet{t: t, stage: stage{admin: newAPI(t, own.Admin), seed: newAPI(t, quick(own.Seed))}}
	for _, name := range []string{"home", team(0), team(1), team(2)} {
		needNamespace(t.Context(), t, f.stage.seed, name)
	}
	f.fill(objects)
	writer, err := own.Kubeconfig("companions", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, own, "--companions", "--existing", "--namespace", "home", "--kubeconfig", writer)
	f.server = s
	f.start()
	f.awaitAlone()
	s.register(t, f.alive[0].URL())

	clock := f.clock()
	var came, went []time.Duration
	for i := range times {
		n := objects + i
		f.store("ServiceEntry", n)
		came = append(came, clock.between(t, entriesResource, fmt.Sprint("bank-", n), watch.Added, f.companion(n), watch.Added))
		f.store("DestinationRule", n)
		went = append(went, clock.between(t, rulesResource, fmt.Sprint("bank-", n), watch.Added, f.companion(n), watch.Deleted))
	}
	t.Logf("%d objects, %d times: a companion came after %s, and went after %s", objects, times, spread(came), spread(went))
	if slices.Max(append(came, went...)) > catchUp {
		t.Error("too late")
	}
}

// entriesResource is where ServiceEntries are.
var entriesResource = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "serviceentries"}

// quick is a client's configuration without a limit of its own.
func quick(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.QPS = -1
	return config
}

// fill stores entries with a rule each, so many objects together.
func (f *fleet) fill(objects int) {
	f.t.Helper()
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := worker; i < objects/2; i += 8 {
				f.store("ServiceEntry", i)
				f.store("DestinationRule", i)
			}
		})
	}
	group.Wait()
}

// awaitAlone waits until the one replica leads.
func (f *fleet) awaitAlone() {
	f.t.Helper()
	eventually(f.t, "it leads", func() bool {
		leads, err := f.alive[0].Metric(f.t.Context(), "tlsward_leader")
		return err == nil && leads == 1
	})
}

func (f *fleet) companion(i int) string { return fmt.Sprintf("tlsward-h%d.bank.example", i) }

// clock notes when a watch shows each change of entries and rules.
type clock struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

func (f *fleet) clock() *clock {
	f.t.Helper()
	c := &clock{seen: map[string]time.Time{}}
	ctx, stop := context.WithCancel(f.t.Context())
	var watchers sync.WaitGroup
	f.t.Cleanup(func() { stop(); watchers.Wait() })
	for _, gvr := range []schema.GroupVersionResource{entriesResource, rulesResource} {
		list, err := f.stage.seed.Resource(gvr).List(ctx, metav1.ListOptions{Limit: 1})
		if err != nil {
			f.t.Fatal(err)
		}
		events, err := f.stage.seed.Resource(gvr).Watch(ctx, metav1.ListOptions{ResourceVersion: list.GetResourceVersion()})
		if err != nil {
			f.t.Fatal(err)
		}
		watchers.Go(func() {
			for event := range events.ResultChan() {
				if o, ok := event.Object.(*unstructured.Unstructured); ok {
					c.note(change(gvr, o.GetName(), event.Type))
				}
			}
		})
	}
	return c
}

func change(gvr schema.GroupVersionResource, name string, event watch.EventType) string {
	return fmt.Sprint(gvr.Resource, " ", name, " ", event)
}

func (c *clock) note(change string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.seen[change]; !known {
		c.seen[change] = time.Now()
	}
}

func (c *clock) at(change string) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, seen := c.seen[change]
	return at, seen
}

// between waits for two changes, the second one of a rule, and returns the time between them.
func (c *clock) between(t *testing.T, first schema.GroupVersionResource, name string, event watch.EventType, rule string, then watch.EventType) time.Duration {
	t.Helper()
	var from, to time.Time
	eventually(t, rule, func() bool {
		var began, ended bool
		from, began = c.at(change(first, name, event))
		to, ended = c.at(change(rulesResource, rule, then))
		return began && ended
	})
	return to.Sub(from)
}

// spread says how long things took.
func spread(all []time.Duration) string {
	slices.Sort(all)
	at := func(share float64) time.Duration {
		return all[int(share*float64(len(all)-1))].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("%s at p50, %s at p90, %s at p99, %s at most", at(0.5), at(0.9), at(0.99), at(1))
}

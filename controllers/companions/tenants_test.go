package companions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/controllers/follow"
	"github.com/tlsward/tlsward/controllers/internal/fixture"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mutators"
	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/assume"
)

// cluster is one in which a write takes a while, and all writes to namespace stuck fail.
type cluster struct {
	cache *assume.Cache
	mu    sync.Mutex
	// done is when each companion was written or deleted last, failed how often it could not be.
	done   map[mesh.Ref]time.Time
	failed map[mesh.Ref]int
	writes int
}

func newCluster() *cluster {
	return &cluster{cache: assume.NewCache(mesh.DefaultSettings()), done: map[mesh.Ref]time.Time{}, failed: map[mesh.Ref]int{}}
}

func (c *cluster) take(ref mesh.Ref) error {
	time.Sleep(2 * time.Millisecond)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	if ref.Namespace == "stuck" {
		c.failed[ref]++
		return errors.New("the object has been modified")
	}
	c.done[ref] = time.Now()
	return nil
}

func (c *cluster) Apply(_ context.Context, companion *mutators.Companion) (bool, error) {
	if err := c.take(companion.Rule.Ref); err != nil {
		return false, err
	}
	c.cache.Put(companion.Rule, assume.Version{})
	return true, nil
}

func (c *cluster) Delete(_ context.Context, ref mesh.Ref) (bool, error) {
	if err := c.take(ref); err != nil {
		return false, err
	}
	c.cache.Delete(ref, assume.Version{})
	return true, nil
}

func (c *cluster) at(ref mesh.Ref) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.done[ref]
}

// entry puts a lone ServiceEntry.
func (c *cluster) entry(t *testing.T, namespace, host string) {
	t.Helper()
	o := fixture.Object(t, "ServiceEntry", host, `{hosts: [`+host+`], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`)
	o.Namespace = namespace
	c.cache.Put(o, assume.Version{})
}

// keeps gives a test a Keeper of a cluster in a bubble of time. The test starts it.
func keeps(t *testing.T, test func(c *cluster, k *Keeper, start func())) {
	t.Helper()
	e, err := admission.NewEvaluator(t.Context(), v1alpha1.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		c := newCluster()
		k := New(Options{Source: fixture.Source(c.cache, e), IsLeader: func() bool { return true }, Writer: c, Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		test(c, k, func() {
			go func() { ended <- k.Start(ctx) }()
			time.Sleep(time.Second)
		})
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// failures returns how often each companion could not be written.
func (c *cluster) failures() map[mesh.Ref]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.failed)
}

// written returns how many writes there were since it was asked last.
func (c *cluster) written() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() { c.writes = 0 }()
	return c.writes
}

// A tenant with many entries, or one whose writes all fail, delays nobody: a rule that a person has written is alone in its place at once,
// and a lone entry is under TLS. What fails is tried again later and later, by itself.
func TestOneTenantDelaysNobody(t *testing.T) {
	keeps(t, func(c *cluster, k *Keeper, start func()) {
		c.entry(t, "shop", "api.bank.example")
		start()
		for i := range 500 {
			c.entry(t, "flood", fmt.Sprintf("h%d.flood.example", i))
			c.entry(t, "stuck", fmt.Sprintf("h%d.stuck.example", i))
		}
		time.Sleep(10 * time.Second)
		rule := fixture.Object(t, "DestinationRule", "bank", `{host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`)
		began := time.Now()
		c.cache.Put(rule, assume.Version{})
		c.entry(t, "shop", "new.bank.example")
		time.Sleep(time.Second)
		for _, host := range []string{"api.bank.example", "new.bank.example"} {
			ref := mutators.CompanionRef("shop", host)
			if took := c.at(ref).Sub(began); took < 0 || took > 300*time.Millisecond {
				t.Errorf("%s: after %s", host, took)
			}
		}
		c.written()
		time.Sleep(time.Minute)
		if n := c.written(); n > 60*perSecond+1 {
			t.Errorf("%d writes in a minute", n)
		}
		time.Sleep(5 * time.Minute)
		for ref, n := range c.failures() {
			if n < 2 || n > 9 { // 1 s, 2 s, 4 s ... later than the one before
				t.Errorf("%s was tried %d times", ref, n)
			}
		}
		for i := range 500 {
			if ref := mutators.CompanionRef("flood", fmt.Sprintf("h%d.flood.example", i)); c.at(ref).IsZero() {
				t.Fatalf("there is no %s", ref)
			}
		}
	})
}

// Who flips one companion back is left after three rounds; that is told once, and no other object of the tenant counts for it.
func TestFightsAreOfOneObject(t *testing.T) {
	keeps(t, func(c *cluster, k *Keeper, start func()) {
		for _, host := range []string{"a.bank.example", "b.bank.example"} {
			c.entry(t, "shop", host)
		}
		start()
		flip := func(host string) {
			there := c.cache.View().Stored.Get(mutators.CompanionRef("shop", host))
			changed := *there
			changed.Spec = &networking.DestinationRule{Host: host}
			c.cache.Put(&changed, assume.Version{})
			time.Sleep(time.Second)
		}
		c.written()
		for range 50 {
			flip("a.bank.example")
		}
		if n := c.written(); n != 2 || k.left.Load() != 1 || k.amiss.Count() != 1 { // beside the first one
			t.Errorf("%d writes, left %d times, %d amiss", n, k.left.Load(), k.amiss.Count())
		}
		kept := fixture.Object(t, "DestinationRule", "x", `{host: a.bank.example, exportTo: ["*"], trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]}}`).Spec
		for range 20 { // there and back by themselves
			there := *c.cache.View().Stored.Get(mutators.CompanionRef("shop", "a.bank.example"))
			there.Spec = kept
			c.cache.Put(&there, assume.Version{})
			time.Sleep(time.Second)
			flip("a.bank.example")
		}
		if n := c.written(); n != 0 || k.left.Load() != 1 || k.amiss.Count() != 1 {
			t.Errorf("flipped to and fro: %d writes, left %d times, %d amiss", n, k.left.Load(), k.amiss.Count())
		}
		for ref, why := range k.Amiss() {
			if ref.Name != "a.bank.example" || !strings.Contains(why, "changes it back") {
				t.Errorf("%s: %s", ref, why)
			}
		}
		flip("b.bank.example")
		if n := c.written(); n != 1 {
			t.Errorf("%d writes: the other one has no fight", n)
		}
		time.Sleep(follow.Interval)
		if n := c.written(); n != 1 || k.amiss.Count() != 0 {
			t.Errorf("once it is forgotten: %d writes, %d amiss", n, k.amiss.Count())
		}
	})
}

// Two replicas that both take themselves for the leader, as for a moment when one has just lost its Lease, come to the same end, and rest. Where
// they would write different things, as an old version and a new one may, both leave it after three rounds.
func TestTwoLeaders(t *testing.T) {
	const hosts = 50
	for _, c := range []struct {
		name             string
		other            []v1alpha1.Origination
		least, most, end int // writes of both, and in the ten minutes after that
	}{
		{"alike", v1alpha1.DefaultConfig().Mutation.Origination, hosts, 2 * hosts, 0},
		{"an old version and a new one", []v1alpha1.Origination{{Hosts: []string{"*"}, TLS: map[string]any{"mode": "SIMPLE", "sni": "other.example"}}}, 4 * hosts, 6 * hosts, 6 * hosts},
	} {
		t.Run(c.name, func(t *testing.T) {
			keeps(t, func(cluster *cluster, k *Keeper, start func()) {
				config := v1alpha1.DefaultConfig()
				config.Mutation.Origination = c.other
				e, err := admission.NewEvaluator(t.Context(), config)
				if err != nil {
					t.Fatal(err)
				}
				other := New(Options{Source: fixture.Source(cluster.cache, e), IsLeader: func() bool { return true }, Writer: cluster, Log: slog.New(slog.DiscardHandler)})
				ctx, stop := context.WithCancel(context.Background()) // of the bubble
				ended := make(chan error)
				go func() { ended <- other.Start(ctx) }()
				start()
				for i := range hosts {
					cluster.entry(t, "shop", fmt.Sprintf("h%d.example", i))
				}
				time.Sleep(5 * time.Minute)
				if n := cluster.written(); n < c.least || n > c.most {
					t.Errorf("%d writes", n)
				}
				time.Sleep(follow.Interval)
				if n := cluster.written(); n > c.end {
					t.Errorf("%d writes more", n)
				}
				for i := range hosts {
					if cluster.at(mutators.CompanionRef("shop", fmt.Sprintf("h%d.example", i))).IsZero() {
						t.Fatalf("h%d.example has none", i)
					}
				}
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Those for which a namespace had no room get their companion as soon as there is some, one after the other.
func TestRoomThatComesBack(t *testing.T) {
	const more = 12
	keeps(t, func(c *cluster, k *Keeper, start func()) {
		for i := range mutators.MaxCompanions + more {
			c.entry(t, "flood", fmt.Sprintf("h%d.flood.example", i))
		}
		start()
		time.Sleep(2 * time.Minute)
		there := func(want, withheld int) {
			t.Helper()
			if n := int(count(k.Mesh())); n != want || k.amiss.Count() != withheld {
				t.Errorf("%d companions and %d withheld, want %d and %d", n, k.amiss.Count(), want, withheld)
			}
		}
		there(mutators.MaxCompanions, more)
		c.written()
		left := more
		for _, gone := range []int{1, 5} {
			n := 0
			for o := range k.Mesh().ObjectsOf(mesh.KindDestinationRule) {
				host := o.Spec.(*networking.DestinationRule).Host
				c.cache.Delete(mesh.Ref{Kind: mesh.KindServiceEntry, Namespace: "flood", Name: host}, assume.Version{})
				if n++; n == gone {
					break
				}
			}
			time.Sleep(10 * time.Second)
			left -= gone
			there(mutators.MaxCompanions, left)
		}
		if n := c.written(); n != 2*(more-left) {
			t.Errorf("%d writes", n)
		}
	})
}

// passes counts the looks at everything.
type passes struct {
	work
	n *atomic.Int32
}

func (p passes) All(snap *mesh.Snapshot) map[target]bool { p.n.Add(1); return p.work.All(snap) }

// Services that are touched all day, and not in what connections hang on, have nothing looked at.
func TestServicesThatChurn(t *testing.T) {
	keeps(t, func(c *cluster, k *Keeper, start func()) {
		service := func(annotation string, port uint32) {
			o := fixture.Object(t, "Sidecar", "web", "{}")
			o.Kind, o.APIVersion = mesh.KindService, "v1"
			o.Annotations = map[string]string{"lease.example/renewed": annotation}
			o.Spec = &mesh.Service{ClusterIPs: []string{"10.0.0.1"}, Ports: []mesh.ServicePort{{Number: port, Name: "http"}}}
			c.cache.Put(o, assume.Version{})
			time.Sleep(time.Second)
		}
		var looks atomic.Int32
		k.Work = passes{work{k}, &looks}
		service("", 80)
		start()
		before := looks.Load()
		for i := range 300 {
			service(fmt.Sprint(i), 80)
		}
		if n := looks.Load() - before; n != 0 {
			t.Errorf("everything was looked at %d times in five minutes", n)
		}
		for i := range uint32(60) {
			service("", 81+i)
		}
		if n := looks.Load() - before; n < 2 || n > 7 {
			t.Errorf("ports change each second for a minute: everything was looked at %d times", n)
		}
	})
}

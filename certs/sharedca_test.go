package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func bundles(raw []byte) [][]*x509.Certificate { return [][]*x509.Certificate{DecodeBundle(raw)} }

// fleet is a set of replicas on one fake cluster, in fake time.
type fleet struct {
	t        *testing.T
	cluster  *fakeCluster
	leader   atomic.Pointer[string]
	members  map[string]*member
	started  int
	verified map[string]error
	options  SharedCAOptions
}

type member struct {
	*SharedCA
	stop context.CancelFunc
	done chan struct{}
}

var shortLifetimes = Lifetimes{CA: 3 * time.Hour, Leaf: time.Hour}

func newFleet(t *testing.T, seed uint64) *fleet {
	return &fleet{t: t, cluster: newFakeCluster(seed, "mutate", "validate"), members: map[string]*member{},
		verified: map[string]error{}, options: SharedCAOptions{Lifetimes: shortLifetimes}}
}

// start adds a replica; the first leads.
func (f *fleet) start() string {
	f.t.Helper()
	f.started++
	name := fmt.Sprintf("replica-%d", f.started)
	o := f.options
	o.Cluster, o.Name, o.Names, o.Log = f.cluster, name, []string{"tlsward.svc"}, discardLog()
	o.IsLeader = func() bool { l := f.leader.Load(); return l != nil && *l == name }
	s, err := NewSharedCA(o)
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(f.t.Context())
	m := &member{SharedCA: s, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(m.done)
		_ = s.Start(ctx)
	}()
	f.members[name] = m
	if f.leader.Load() == nil {
		f.leader.Store(&name)
	}
	return name
}

// stop stops a replica; another leads if it did. With kill its announcement stays behind.
func (f *fleet) stop(name string, kill bool) {
	m := f.members[name]
	delete(f.members, name)
	if kill {
		left, ok := f.cluster.announced(name)
		defer f.cluster.with(func(c *fakeCluster) {
			if ok {
				c.replicas[name] = left
			}
		})
	}
	m.stop()
	<-m.done
	if *f.leader.Load() == name {
		f.leader.Store(nil)
		for other, m := range f.members {
			f.leader.Store(&other)
			m.Wake()
			break
		}
	}
}

func (f *fleet) stopAll() {
	for name := range f.members {
		f.stop(name, false)
	}
}

// refused names a ready replica that an API server would not trust now, with the bundle that does not.
func (f *fleet) refused() string {
	f.cluster.mu.Lock()
	defer f.cluster.mu.Unlock()
	for name, m := range f.members {
		if m.Healthy() != nil {
			continue
		}
		c, err := m.GetCertificate(&tls.ClientHelloInfo{})
		if err != nil {
			return name + ": " + err.Error()
		}
		for h, hook := range f.cluster.webhooks {
			if err := f.verify(c.Leaf, hook.bundle); err != nil {
				return name + " at " + h + ": " + err.Error()
			}
		}
	}
	return ""
}

// verify does what an API server does in the handshake. Answers are kept: only the end of a life changes them.
func (f *fleet) verify(c *x509.Certificate, bundle []byte) error {
	key := fingerprint(c) + string(bundle)
	if !validAt(c, time.Now()) {
		return fmt.Errorf("valid to %s only", c.NotAfter)
	}
	if _, ok := f.verified[key]; !ok {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(bundle)
		_, f.verified[key] = c.Verify(x509.VerifyOptions{Roots: pool, DNSName: "tlsward.svc"})
	}
	return f.verified[key]
}

// watch fails the test if a ready replica is refused at any moment of the next d.
func (f *fleet) watch(d time.Duration) {
	f.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(7 * time.Second) {
		if why := f.refused(); why != "" {
			f.t.Fatalf("%s: %s", time.Now().UTC(), why)
		}
	}
}

func (f *fleet) ready() {
	f.t.Helper()
	for name, m := range f.members {
		if err := m.Healthy(); err != nil {
			f.t.Fatalf("%s is not ready: %v", name, err)
		}
	}
}

func (f *fleet) active() string {
	v := f.cluster.cas()
	if v == nil {
		f.t.Fatal("no CA")
	}
	return fingerprint(v.Active.Certificate)
}

func TestSharedCAStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1)
		defer f.stopAll()
		for range 3 {
			f.start()
		}
		time.Sleep(5 * time.Second)
		f.ready()
		if why := f.refused(); why != "" {
			t.Error(why)
		}
		written := 0
		f.cluster.with(func(c *fakeCluster) {
			if written = c.publishes; len(c.replicas) != 3 {
				t.Errorf("%d announcements, want 3", len(c.replicas))
			}
		})
		f.watch(time.Hour)
		f.cluster.with(func(c *fakeCluster) {
			if c.publishes != written {
				t.Error("webhook configurations are written although nothing changed")
			}
		})
	})
}

func TestSharedCARotatesWithoutARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2)
		defer f.stopAll()
		for range 3 {
			f.start()
		}
		time.Sleep(5 * time.Second)
		seen := map[string]bool{}
		for range 41 {
			seen[f.active()] = true
			f.watch(time.Hour)
		}
		f.ready()
		// A renewal every two hours.
		if len(seen) < 20 || len(seen) > 21 {
			t.Errorf("%d CAs in 41 hours", len(seen))
		}
		f.cluster.with(func(c *fakeCluster) {
			for name, h := range c.webhooks {
				if n := len(DecodeBundle(h.bundle)); n != 1 {
					t.Errorf("%s: %d CAs are left in the bundle", name, n)
				}
			}
		})
	})
}

func TestSharedCARotatesOnRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3)
		defer f.stopAll()
		f.start()
		f.start()
		time.Sleep(5 * time.Second)
		first := f.active()
		f.cluster.requestRotation()
		f.watch(10 * time.Minute)
		second := f.active()
		f.watch(10 * time.Minute)
		if first == second || f.active() != second {
			t.Error("want exactly one rotation")
		}
	})
}

func TestSharedCAWaitsForReplicasToExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 4)
		defer f.stopAll()
		f.start()
		dying := f.start()
		time.Sleep(5 * time.Second)
		f.cluster.requestRotation()
		time.Sleep(30 * time.Second) // the next CA is published, and does not sign yet
		f.stop(dying, true)
		time.Sleep(time.Minute)
		if v := f.cluster.cas(); v.Previous == nil {
			t.Fatal("the previous CA was dropped while a replica that may present it was silent for a minute only")
		}
		f.watch(10 * time.Minute)
		if v := f.cluster.cas(); v.Previous != nil || v.Next != nil {
			t.Error("the rotation does not end although the replica is gone")
		}
		if _, ok := f.cluster.announced(dying); ok {
			t.Error("the announcement of the replica that is gone was not withdrawn")
		}
	})
}

func TestSharedCARecovers(t *testing.T) {
	cases := map[string]struct {
		harm func(*fleet)
		// same says that the CA must survive.
		same bool
	}{
		"one bundle wiped": {func(f *fleet) { f.cluster.wipeBundle("mutate") }, true},
		"all bundles wiped without a leader": {func(f *fleet) {
			nobody := "nobody"
			f.leader.Store(&nobody)
			f.cluster.wipeBundle("mutate")
			f.cluster.wipeBundle("validate")
		}, true},
		"Secret deleted":        {func(f *fleet) { f.cluster.deleteSecret() }, true},
		"Secret holds nonsense": {func(f *fleet) { f.cluster.corruptSecret() }, true},
		"everything at once": {func(f *fleet) {
			f.cluster.deleteSecret()
			f.cluster.wipeBundle("mutate")
			f.cluster.wipeBundle("validate")
		}, true},
		"Secret deleted mid-way":   {func(f *fleet) { f.cluster.requestRotation(); time.Sleep(20 * time.Second); f.cluster.deleteSecret() }, false},
		"Secret lost by newcomers": {func(f *fleet) { f.cluster.deleteSecret(); f.leader.Store(nil); f.start() }, false},
		"API server away for an hour": {func(f *fleet) {
			f.cluster.with(func(c *fakeCluster) { c.unavailable = true })
			f.watch(time.Hour)
			f.ready()
			f.cluster.with(func(c *fakeCluster) { c.unavailable = false })
		}, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t, 5)
				defer f.stopAll()
				f.start()
				f.start()
				time.Sleep(5 * time.Second)
				before := f.active()
				c.harm(f)
				time.Sleep(3 * time.Second)
				f.watch(time.Hour)
				f.ready()
				if c.same && f.active() != before {
					t.Error("the CA was not kept")
				}
			})
		})
	}
}

// TestSharedCAUnderRandomFailures lets chance rule: replicas come, go and are killed, leaders change, calls fail, bundles and
// Secrets vanish. A ready replica may be refused only for a moment after a bundle was wiped.
func TestSharedCAUnderRandomFailures(t *testing.T) {
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2))
			f := newFleet(t, seed)
			defer f.stopAll()
			f.start()
			f.start()
			f.cluster.with(func(c *fakeCluster) { c.failureRate = 0.05 })
			for range 60 {
				f.disturb(random)
				f.watch(time.Duration(random.IntN(300)) * time.Second)
			}
			f.cluster.with(func(c *fakeCluster) { c.failureRate = 0 })
			f.watch(time.Hour)
			f.ready()
		})
	}
}

// disturb does one random thing.
func (f *fleet) disturb(random *rand.Rand) {
	names := make([]string, 0, len(f.members))
	for name := range f.members {
		names = append(names, name)
	}
	switch random.IntN(8) {
	case 0:
		f.start()
	case 1, 2:
		if len(names) > 2 {
			f.stop(names[random.IntN(len(names))], random.IntN(2) == 0)
		}
	case 3:
		f.leader.Store(&names[random.IntN(len(names))])
	case 4:
		f.cluster.requestRotation()
	case 5:
		f.cluster.deleteSecret()
	case 6:
		f.cluster.wipeBundle("validate")
		time.Sleep(15 * time.Second)
	case 7:
		time.Sleep(2 * time.Hour)
	}
}

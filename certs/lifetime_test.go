package certs

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestNewSharedCAValidatesItsOptions(t *testing.T) {
	good := SharedCAOptions{Names: []string{"a"}, Takeover: 24 * time.Second, PropagationTime: 4 * time.Second,
		Lifetimes: Lifetimes{CA: 96 * time.Second, Leaf: 15 * time.Second}}
	with := func(change func(*SharedCAOptions)) SharedCAOptions {
		o := good
		change(&o)
		return o
	}
	for _, c := range []struct {
		name    string
		options SharedCAOptions
		want    string // "" is: accepted
	}{
		{"good", good, ""},
		{"defaults", SharedCAOptions{Names: []string{"a"}, Takeover: 24 * time.Second}, ""},
		{"no name", SharedCAOptions{}, "no name"},
		{"a second too short", with(func(o *SharedCAOptions) { o.Lifetimes.CA -= time.Second }), "at least 1m36s"},
		{"a longer takeover", with(func(o *SharedCAOptions) { o.Takeover += time.Second }), "at least 1m39s"},
		{"a longer settling time", with(func(o *SharedCAOptions) { o.PropagationTime = 40 * time.Second }), "at least 3m30s"},
		{"a leaf that outlives half of the CA", with(func(o *SharedCAOptions) { o.Lifetimes.Leaf = 49 * time.Second }), "twice"},
		{"a leaf without a life", with(func(o *SharedCAOptions) { o.Lifetimes.Leaf = 0 }), "longer"},
	} {
		_, err := NewSharedCA(c.options)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// The shortest life that is taken must outlast the death of a leader at the worst moment: when the CA is due, or when
// its successor is about to sign. A shorter one does not, or the bound would say nothing.
func TestShortestLifetimeOutlastsTheLeader(t *testing.T) {
	const takeover, propagation = 24 * time.Second, 4 * time.Second
	shortest := Lifetimes{CA: 96 * time.Second, Leaf: 15 * time.Second}
	for name, after := range map[string]time.Duration{"when the CA is due": -time.Millisecond, "when the next is to sign": propagation - time.Second} {
		for _, c := range []struct {
			life    string
			lives   Lifetimes
			refused bool
		}{
			{"the shortest life", shortest, false},
			{"half of it", Lifetimes{CA: shortest.CA / 2, Leaf: shortest.Leaf}, true},
		} {
			t.Run(name+", "+c.life, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFleet(t, 7)
					// Takeover is kept from the options, which would refuse half of the life.
					f.options = SharedCAOptions{Lifetimes: c.lives, PropagationTime: propagation, Heartbeat: time.Second}
					defer f.stopAll()
					if refused := f.killLeaders(takeover, after); (refused != "") != c.refused {
						t.Errorf("refused: %q, want one: %v", refused, c.refused)
					}
				})
			})
		}
	}
}

// killLeaders starts three replicas, and has the leader die at each of ten renewals, that long after it is due. It returns
// the first refusal.
func (f *fleet) killLeaders(takeover, after time.Duration) string {
	for range 3 {
		f.start()
	}
	time.Sleep(time.Second)
	for range 10 {
		worst := renewalTime(f.cluster.cas().Active.Certificate).Add(after)
		for time.Now().Before(worst) {
			time.Sleep(min(100*time.Millisecond, time.Until(worst)))
		}
		dead, nobody := *f.leader.Load(), "nobody"
		f.leader.Store(&nobody)
		f.start()
		f.stop(dead, true)
		if why := f.refusedWithin(takeover); why != "" {
			return why
		}
		for name, m := range f.members {
			f.leader.Store(&name)
			m.Wake()
			break
		}
		if why := f.refusedWithin(3 * f.options.PropagationTime); why != "" {
			return why
		}
	}
	return ""
}

// refusedWithin returns the first refusal of the next d.
func (f *fleet) refusedWithin(d time.Duration) string {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if why := f.refused(); why != "" {
			return why
		}
	}
	return ""
}

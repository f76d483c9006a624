package certs

import (
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"
)

func authority(t *testing.T, now time.Time, life time.Duration) *Authority {
	t.Helper()
	a, err := NewAuthority(now, life)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// hook trusts the given CAs in both of its webhooks.
func hook(name string, trusts ...*Authority) Hook {
	var bundle []*x509.Certificate
	for _, a := range trusts {
		bundle = append(bundle, a.Certificate)
	}
	return Hook{Kind: "ValidatingWebhookConfiguration", Name: name, Bundles: [][]*x509.Certificate{bundle, bundle}}
}

func TestPlan(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	life := 300 * time.Hour
	a := authority(t, now, life)
	b := authority(t, now, life)
	old := authority(t, now.Add(-200*time.Hour), life)
	dead := authority(t, now.Add(-400*time.Hour), life)
	half := hook("half", a)
	half.Bundles[1] = nil
	serves := func(name string, c *Authority) Replica { return Replica{Name: name, Serving: c.Certificate} }
	none := func(Replica) bool { return false }
	never := func(*x509.Certificate) bool { return false }
	always := func(*x509.Certificate) bool { return true }

	cases := []struct {
		name     string
		state    State
		follower bool
		memory   *Vault
		gone     func(Replica) bool
		settled  func(*x509.Certificate) bool
		want     step
		why      string
	}{
		{name: "first start", want: stepCreate, why: "no CA yet"},
		{name: "first start, not the leader", follower: true, want: stepRest, why: "another replica leads"},
		{name: "Secret deleted", memory: &Vault{Active: a}, want: stepRestore},
		{name: "Secret deleted, not the leader", follower: true, memory: &Vault{Active: a}, want: stepRest},
		{name: "Secret deleted, and the CA has expired", memory: &Vault{Active: dead}, want: stepCreate},
		{name: "Secret holds nonsense", state: State{Broken: errors.New("active.key: no PEM block")}, memory: &Vault{Active: a},
			want: stepRestore, why: "active.key"},
		{name: "all in order", state: State{Vault: &Vault{Active: a}, Hooks: []Hook{hook("v", a)}}, want: stepRest, why: "in order"},
		{name: "no webhook configuration", state: State{Vault: &Vault{Active: a}}, want: stepRest},
		{name: "bundle wiped", state: State{Vault: &Vault{Active: a}, Hooks: []Hook{hook("m", a), hook("v")}}, want: stepExtend, why: " v "},
		{name: "bundle wiped, not the leader", follower: true, state: State{Vault: &Vault{Active: a}, Hooks: []Hook{hook("v")}},
			want: stepExtend},
		{name: "one webhook of two without a bundle", state: State{Vault: &Vault{Active: a}, Hooks: []Hook{half}}, want: stepExtend},
		{name: "due", state: State{Vault: &Vault{Active: old}, Hooks: []Hook{hook("v", old)}}, want: stepBegin, why: "renewed at"},
		{name: "due, not the leader", follower: true, state: State{Vault: &Vault{Active: old}, Hooks: []Hook{hook("v", old)}},
			want: stepRest},
		{name: "asked for", state: State{Vault: &Vault{Active: a}, Demanded: true, Hooks: []Hook{hook("v", a)}}, want: stepBegin},
		{name: "due, but a bundle is wiped: heal first", state: State{Vault: &Vault{Active: old}, Hooks: []Hook{hook("v")}},
			want: stepExtend},
		{name: "next not published", state: State{Vault: &Vault{Active: old, Next: b}, Hooks: []Hook{hook("m", old, b), hook("v", old)}},
			settled: always, want: stepExtend, why: fingerprint(b.Certificate)},
		{name: "next published, not settled", state: State{Vault: &Vault{Active: old, Next: b}, Hooks: []Hook{hook("v", old, b)}},
			settled: never, want: stepRest, why: "on their way"},
		{name: "next published, active expired: no time to settle",
			state:   State{Vault: &Vault{Active: dead, Next: b}, Hooks: []Hook{hook("v", dead, b)}},
			settled: never, want: stepPromote},
		{name: "next settled", state: State{Vault: &Vault{Active: old, Next: b}, Hooks: []Hook{hook("v", old, b)}}, settled: always,
			want: stepPromote},
		{name: "a replica presents the previous",
			state: State{Vault: &Vault{Active: b, Previous: old.Certificate}, Hooks: []Hook{hook("v", old, b)},
				Replicas: []Replica{serves("one", b), serves("two", old)}},
			want: stepRest, why: "two still presents"},
		{name: "the replica that presents the previous is gone",
			state: State{Vault: &Vault{Active: b, Previous: old.Certificate}, Hooks: []Hook{hook("v", old, b)},
				Replicas: []Replica{serves("one", b), serves("two", old)}},
			gone: func(r Replica) bool { return r.Name == "two" }, want: stepDrop},
		{name: "all replicas present the active",
			state: State{Vault: &Vault{Active: b, Previous: old.Certificate}, Hooks: []Hook{hook("v", old, b)},
				Replicas: []Replica{serves("one", b), serves("two", b)}},
			want: stepDrop},
		{name: "previous dropped", state: State{Vault: &Vault{Active: b}, Hooks: []Hook{hook("v", old, b)}}, want: stepTrim},
		{name: "previous dropped, not the leader", follower: true,
			state: State{Vault: &Vault{Active: b}, Hooks: []Hook{hook("v", old, b)}}, want: stepRest},
		{name: "vault replaced while a replica presents another CA",
			state: State{Vault: &Vault{Active: b}, Hooks: []Hook{hook("v", b)}, Replicas: []Replica{serves("one", a)}},
			want:  stepExtend, why: fingerprint(a.Certificate)},
		{name: "foreign CA stays while it is presented",
			state: State{Vault: &Vault{Active: b}, Hooks: []Hook{hook("v", a, b)}, Replicas: []Replica{serves("one", a)}},
			want:  stepRest},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := view{leader: !c.follower, memory: c.memory, gone: none, settled: never, now: now}
			if c.gone != nil {
				v.gone = c.gone
			}
			if c.settled != nil {
				v.settled = c.settled
			}
			got := plan(c.state, v)
			if got.step != c.want || !strings.Contains(got.why, c.why) {
				t.Fatalf("got %s (%s), want %s (…%s…)", got.step, got.why, c.want, c.why)
			}
			if got.step == stepExtend && len(got.bundle) < len(got.hook.known()) {
				t.Error("extend takes a CA away")
			}
			if got.step == stepExtend || got.step == stepTrim {
				// What a step publishes must end the need for it.
				h := got.hook
				for i := range h.Bundles {
					h.Bundles[i] = DecodeBundle(EncodeBundle(got.bundle...))
				}
				s := c.state
				s.Hooks = []Hook{h}
				if again := plan(s, v); again.step == got.step {
					t.Errorf("after %s, %s again: %s", got.step, again.step, again.why)
				}
			}
		})
	}
}

func TestChoose(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	a := authority(t, now, 300*time.Hour)
	b := authority(t, now, 300*time.Hour)
	dead := authority(t, now.Add(-400*time.Hour), 300*time.Hour)
	cases := []struct {
		name    string
		current *Authority
		hooks   []Hook
		settled bool
		want    *Authority
	}{
		{"nothing presented yet", nil, []Hook{hook("v")}, false, b},
		{"bundle does not hold the active one", a, []Hook{hook("v", a)}, false, a},
		{"bundle holds both, too fresh", a, []Hook{hook("v", a, b)}, false, a},
		{"bundle holds both for long", a, []Hook{hook("v", a, b)}, true, b},
		{"the current one is trusted no more", a, []Hook{hook("v", b)}, false, b},
		{"the current one has expired", dead, []Hook{hook("v", dead, b)}, false, b},
	}
	for _, c := range cases {
		s := State{Vault: &Vault{Active: b}, Hooks: c.hooks}
		v := view{settled: func(*x509.Certificate) bool { return c.settled }, now: now}
		if got := choose(s, c.current, v); got != c.want {
			t.Errorf("%s: wrong choice", c.name)
		}
	}
	if got := choose(State{}, a, view{now: now}); got != a {
		t.Error("without a vault the current CA was given up")
	}
}

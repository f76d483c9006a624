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

// webhookTrusting trusts the given CAs in both of its webhooks.
func webhookTrusting(name string, trusts ...*Authority) WebhookConfiguration {
	var bundle []*x509.Certificate
	for _, a := range trusts {
		bundle = append(bundle, a.Certificate)
	}
	return WebhookConfiguration{Kind: "ValidatingWebhookConfiguration", Name: name, Bundles: [][]*x509.Certificate{bundle, bundle}}
}

func TestNextStep(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	life := 300 * time.Hour
	a := authority(t, now, life)
	b := authority(t, now, life)
	old := authority(t, now.Add(-200*time.Hour), life)
	dead := authority(t, now.Add(-400*time.Hour), life)
	half := webhookTrusting("half", a)
	half.Bundles[1] = nil
	serves := func(name string, c *Authority) Replica { return Replica{Name: name, ServingCA: c.Certificate} }
	none := func(Replica) bool { return false }
	never := func(*x509.Certificate) bool { return false }
	always := func(*x509.Certificate) bool { return true }

	cases := []struct {
		name       string
		state      State
		follower   bool
		memory     *CASet
		expired    func(Replica) bool
		propagated func(*x509.Certificate) bool
		want       rotationStep
		why        string
	}{
		{name: "first start", want: stepCreate, why: "no CA yet"},
		{name: "first start, not the leader", follower: true, want: stepNone, why: "another replica leads"},
		{name: "Secret deleted", memory: &CASet{Active: a}, want: stepRestore},
		{name: "Secret deleted, not the leader", follower: true, memory: &CASet{Active: a}, want: stepNone},
		{name: "Secret deleted, and the CA has expired", memory: &CASet{Active: dead}, want: stepCreate},
		{name: "Secret holds nonsense", state: State{DecodeError: errors.New("active.key: no PEM block")}, memory: &CASet{Active: a},
			want: stepRestore, why: "active.key"},
		{name: "all in order", state: State{CAs: &CASet{Active: a}, Webhooks: []WebhookConfiguration{webhookTrusting("v", a)}}, want: stepNone, why: "in order"},
		{name: "no webhook configuration", state: State{CAs: &CASet{Active: a}}, want: stepNone},
		{name: "bundle wiped", state: State{CAs: &CASet{Active: a}, Webhooks: []WebhookConfiguration{webhookTrusting("m", a), webhookTrusting("v")}}, want: stepExtend, why: " v "},
		{name: "bundle wiped, not the leader", follower: true, state: State{CAs: &CASet{Active: a}, Webhooks: []WebhookConfiguration{webhookTrusting("v")}},
			want: stepExtend},
		{name: "one webhook of two without a bundle", state: State{CAs: &CASet{Active: a}, Webhooks: []WebhookConfiguration{half}}, want: stepExtend},
		{name: "due", state: State{CAs: &CASet{Active: old}, Webhooks: []WebhookConfiguration{webhookTrusting("v", old)}}, want: stepBegin, why: "renewed at"},
		{name: "due, not the leader", follower: true, state: State{CAs: &CASet{Active: old}, Webhooks: []WebhookConfiguration{webhookTrusting("v", old)}},
			want: stepNone},
		{name: "asked for", state: State{CAs: &CASet{Active: a}, RotationRequested: true, Webhooks: []WebhookConfiguration{webhookTrusting("v", a)}}, want: stepBegin},
		{name: "due, but a bundle is wiped: repair first", state: State{CAs: &CASet{Active: old}, Webhooks: []WebhookConfiguration{webhookTrusting("v")}},
			want: stepExtend},
		{name: "next not published", state: State{CAs: &CASet{Active: old, Next: b}, Webhooks: []WebhookConfiguration{webhookTrusting("m", old, b), webhookTrusting("v", old)}},
			propagated: always, want: stepExtend, why: fingerprint(b.Certificate)},
		{name: "next published, not propagated", state: State{CAs: &CASet{Active: old, Next: b}, Webhooks: []WebhookConfiguration{webhookTrusting("v", old, b)}},
			propagated: never, want: stepNone, why: "on their way"},
		{name: "next published, active expired: no time to propagate",
			state:      State{CAs: &CASet{Active: dead, Next: b}, Webhooks: []WebhookConfiguration{webhookTrusting("v", dead, b)}},
			propagated: never, want: stepPromote},
		{name: "next propagated", state: State{CAs: &CASet{Active: old, Next: b}, Webhooks: []WebhookConfiguration{webhookTrusting("v", old, b)}}, propagated: always,
			want: stepPromote},
		{name: "a replica presents the previous",
			state: State{CAs: &CASet{Active: b, Previous: old.Certificate}, Webhooks: []WebhookConfiguration{webhookTrusting("v", old, b)},
				Replicas: []Replica{serves("one", b), serves("two", old)}},
			want: stepNone, why: "two still presents"},
		{name: "the replica that presents the previous has expired",
			state: State{CAs: &CASet{Active: b, Previous: old.Certificate}, Webhooks: []WebhookConfiguration{webhookTrusting("v", old, b)},
				Replicas: []Replica{serves("one", b), serves("two", old)}},
			expired: func(r Replica) bool { return r.Name == "two" }, want: stepDrop},
		{name: "all replicas present the active",
			state: State{CAs: &CASet{Active: b, Previous: old.Certificate}, Webhooks: []WebhookConfiguration{webhookTrusting("v", old, b)},
				Replicas: []Replica{serves("one", b), serves("two", b)}},
			want: stepDrop},
		{name: "previous dropped", state: State{CAs: &CASet{Active: b}, Webhooks: []WebhookConfiguration{webhookTrusting("v", old, b)}}, want: stepTrim},
		{name: "previous dropped, not the leader", follower: true,
			state: State{CAs: &CASet{Active: b}, Webhooks: []WebhookConfiguration{webhookTrusting("v", old, b)}}, want: stepNone},
		{name: "Secret replaced while a replica presents another CA",
			state: State{CAs: &CASet{Active: b}, Webhooks: []WebhookConfiguration{webhookTrusting("v", b)}, Replicas: []Replica{serves("one", a)}},
			want:  stepExtend, why: fingerprint(a.Certificate)},
		{name: "foreign CA stays while it is presented",
			state: State{CAs: &CASet{Active: b}, Webhooks: []WebhookConfiguration{webhookTrusting("v", a, b)}, Replicas: []Replica{serves("one", a)}},
			want:  stepNone},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := replicaView{isLeader: !c.follower, lastCAs: c.memory, expired: none, propagated: never, now: now}
			if c.expired != nil {
				v.expired = c.expired
			}
			if c.propagated != nil {
				v.propagated = c.propagated
			}
			got := nextStep(c.state, v)
			if got.step != c.want || !strings.Contains(got.why, c.why) {
				t.Fatalf("got %s (%s), want %s (…%s…)", got.step, got.why, c.want, c.why)
			}
			if got.step == stepExtend && len(got.bundle) < len(got.webhook.certificates()) {
				t.Error("extend takes a CA away")
			}
			if got.step == stepExtend || got.step == stepTrim {
				// What a step publishes must end the need for it.
				w := got.webhook
				for i := range w.Bundles {
					w.Bundles[i] = DecodeBundle(EncodeBundle(got.bundle...))
				}
				s := c.state
				s.Webhooks = []WebhookConfiguration{w}
				if again := nextStep(s, v); again.step == got.step {
					t.Errorf("after %s, %s again: %s", got.step, again.step, again.why)
				}
			}
		})
	}
}

func TestChooseSigner(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	a := authority(t, now, 300*time.Hour)
	b := authority(t, now, 300*time.Hour)
	dead := authority(t, now.Add(-400*time.Hour), 300*time.Hour)
	cases := []struct {
		name       string
		current    *Authority
		hooks      []WebhookConfiguration
		propagated bool
		want       *Authority
	}{
		{"nothing presented yet", nil, []WebhookConfiguration{webhookTrusting("v")}, false, b},
		{"bundle does not hold the active one", a, []WebhookConfiguration{webhookTrusting("v", a)}, false, a},
		{"bundle holds both, too fresh", a, []WebhookConfiguration{webhookTrusting("v", a, b)}, false, a},
		{"bundle holds both for long", a, []WebhookConfiguration{webhookTrusting("v", a, b)}, true, b},
		{"the current one is trusted no more", a, []WebhookConfiguration{webhookTrusting("v", b)}, false, b},
		{"the current one has expired", dead, []WebhookConfiguration{webhookTrusting("v", dead, b)}, false, b},
	}
	for _, c := range cases {
		s := State{CAs: &CASet{Active: b}, Webhooks: c.hooks}
		v := replicaView{propagated: func(*x509.Certificate) bool { return c.propagated }, now: now}
		if got := chooseSigner(s, c.current, v); got != c.want {
			t.Errorf("%s: wrong choice", c.name)
		}
	}
	if got := chooseSigner(State{}, a, replicaView{now: now}); got != a {
		t.Error("without a Secret the current CA was given up")
	}
}

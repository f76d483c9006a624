package auditor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/controllers/internal/fixture"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/assume"
)

const (
	entrySpec = `{hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`
	ruleSpec  = `{host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
)

// exempting lets the plaintext of shop be for a while.
func evaluator(t testing.TB, exemptions ...v1alpha1.ExemptionSpec) *admission.Evaluator {
	t.Helper()
	config := v1alpha1.DefaultConfig()
	config.Exemptions = exemptions
	e, err := admission.NewEvaluator(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// series returns a metric's series as "labels value".
func series(t testing.TB, a *Auditor, name string) string {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(a)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() != name {
				continue
			}
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			lines = append(lines, fmt.Sprintf("%s %v", strings.Join(labels, ","), m.GetGauge().GetValue()))
		}
	}
	return strings.Join(lines, "\n")
}

// The audit begins when the mesh is known, follows what changes, and shows it.
func TestAuditor(t *testing.T) {
	e := evaluator(t)
	entry, rule, sidecar := fixture.Object(t, "ServiceEntry", "bank", entrySpec), fixture.Object(t, "DestinationRule", "bank", ruleSpec), fixture.Object(t, "Sidecar", "default", `{egress: [{hosts: ["./*"]}]}`)
	synctest.Test(t, func(t *testing.T) {
		cache := assume.NewCache(mesh.DefaultSettings(), entry)
		var known atomic.Bool
		source := fixture.Source(cache, e)
		source.Ready = func() error {
			if !known.Load() {
				return errors.New("not yet")
			}
			return nil
		}
		a := New(Options{Source: source, Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- a.Start(ctx) }()
		expect := func(after time.Duration, metric, want string) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if got := series(t, a, metric); got != want {
				t.Errorf("%s after %s: got\n%s\nwant\n%s", metric, after, got, want)
			}
		}
		expect(5*time.Second, "tlsward_audit_connections", "")
		known.Store(true)
		expect(time.Second, "tlsward_audit_connections", "client_namespace=*,exempt=false,state=plaintext 1\nclient_namespace=shop,exempt=false,state=plaintext 1")
		expect(0, "tlsward_audit_violations", "action=warn,object_namespace=shop,policy=tls-pending 2")
		cache.Put(rule, assume.Version{})
		expect(2*time.Second, "tlsward_audit_connections", "client_namespace=*,exempt=false,state=checked 1\nclient_namespace=shop,exempt=false,state=checked 1")
		expect(0, "tlsward_audit_violations", "")
		before := a.shown.Load()
		cache.Put(sidecar, assume.Version{})
		expect(2*time.Second, "tlsward_audit_undecided", " 0")
		if a.shown.Load() != before {
			t.Error("the whole mesh is judged again within a minute")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if a.shown.Load() == before {
			t.Error("a Sidecar's change is not seen after a minute")
		}
		judged := a.shown.Load().judged
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if s := a.shown.Load(); !s.judged.Equal(judged) || time.Since(s.at) > DefaultInterval {
			t.Errorf("a mesh that stays as it is was judged again at %s, and shown at %s", s.judged, s.at)
		}
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if !a.shown.Load().judged.After(judged) {
			t.Error("exemptions may have ended, and the mesh was not judged again")
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// An exemption is shown with what it lets pass, and its days.
func TestExemptions(t *testing.T) {
	last := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 29)
	e := evaluator(t,
		v1alpha1.ExemptionSpec{Policy: "tls-pending", Namespaces: []string{"shop"}, Reason: "the bank moves", Expires: v1alpha1.Date{Time: last}},
		v1alpha1.ExemptionSpec{Policy: "double-tls", Reason: "unused", Expires: v1alpha1.Date{Time: last}})
	object, err := v1alpha1.ReadExemption([]byte(`{"apiVersion": "tlsward.io/v1alpha1", "kind": "Exemption", "metadata": {"name": "moving"}, "spec": {"policy": "double-tls", "reason": "unused", "expires": "` + last.Format(time.DateOnly) + `"}}`))
	if err != nil {
		t.Fatal(err)
	}
	e = e.WithExemptions([]v1alpha1.ExemptionSpec{object.Spec})
	snap := mesh.New(mesh.DefaultSettings(), fixture.Object(t, "ServiceEntry", "bank", entrySpec))
	a := New(Options{Log: slog.New(slog.DiscardHandler)})
	if err := a.whole(t.Context(), e, snap); err != nil {
		t.Fatal(err)
	}
	day := last.Format(time.DateOnly)
	want := "exemption=,expires=" + day + ",policy=double-tls,reason=unused 0\nexemption=,expires=" + day + ",policy=tls-pending,reason=the bank moves 2\n" +
		"exemption=moving,expires=" + day + ",policy=double-tls,reason=unused 0"
	if got := series(t, a, "tlsward_exemption_violations"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if left := daysLeft(v1alpha1.Date{Time: last}); left < 29 || left > 30 {
		t.Errorf("%v days are left", left)
	}
}

// Tenants make namespaces: they cannot make series without end.
func TestSeriesAreBounded(t *testing.T) {
	totals := audit.Totals{Findings: map[audit.Group]int{}, Connections: map[audit.ConnectionGroup]int{}}
	for i := range 3 * maxNamespaces {
		totals.Connections[audit.ConnectionGroup{Namespace: fmt.Sprintf("ns-%d", i), State: audit.Checked}] = 1
	}
	totals.Findings[audit.Group{Namespace: "zoo", Policy: "p", Action: v1alpha1.Deny}] = 1
	violations, connections := bounded(totals)
	if len(connections) != maxNamespaces || connections[audit.ConnectionGroup{Namespace: others, State: audit.Checked}] != 2*maxNamespaces+1 {
		t.Errorf("%d series, %d others", len(connections), connections[audit.ConnectionGroup{Namespace: others, State: audit.Checked}])
	}
	if violations[audit.Group{Namespace: "zoo", Policy: "p", Action: v1alpha1.Deny}] != 1 {
		t.Errorf("what is to mend is not shown: %v", violations)
	}
}

// While reviews are in hand the audit rests, but not forever.
func TestPaceYieldsToReviews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := true
		a := New(Options{Busy: func() bool { return busy }})
		p := a.newPace(t.Context())
		began := time.Now()
		if err := p.step(); err != nil || time.Since(began) < longest {
			t.Errorf("rested %s, %v", time.Since(began), err)
		}
		busy, began = false, time.Now()
		if err := p.step(); err != nil || time.Since(began) != 0 {
			t.Errorf("rested %s, %v", time.Since(began), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := (&pace{ctx: ctx}).step(); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// What waits for a partner is overdue after a while, also where nothing changes.
func TestOverdue(t *testing.T) {
	e := evaluator(t)
	synctest.Test(t, func(t *testing.T) {
		entry := fixture.Object(t, "ServiceEntry", "bank", entrySpec)
		entry.Created = time.Now()
		a := New(Options{Source: fixture.Source(assume.NewCache(mesh.DefaultSettings(), entry), e), Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- a.Start(ctx) }()
		for _, step := range []struct {
			after time.Duration
			want  string
		}{{4 * time.Minute, ""}, {62 * time.Second, "object_namespace=shop 2"}, {time.Hour, "object_namespace=shop 2"}} {
			time.Sleep(step.after)
			synctest.Wait()
			if got := series(t, a, "tlsward_audit_overdue"); got != step.want {
				t.Errorf("%s later: got %q, want %q", step.after, got, step.want)
			}
		}
		for _, f := range a.Latest().Findings[entry.Ref] {
			if !f.Overdue(a.Latest().At) {
				t.Errorf("not overdue: %v", f)
			}
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// What was fine for a year and waits since today is not overdue today: it counts from when it was first seen to wait, or from when an earlier
// process saw it, and not over again where it waits on.
func TestOverdueCountsFromWhatWasSeen(t *testing.T) {
	e := evaluator(t)
	const host, year = "api.bank.example", 365 * 24 * time.Hour
	for _, c := range []struct {
		name string
		// ruled has a rule at first; remembered is how long ago an earlier process saw it wait.
		ruled      bool
		remembered time.Duration
		err        error
		overdueIn  time.Duration
	}{
		{name: "its rule goes", ruled: true, overdueIn: 5 * time.Minute},
		{name: "it waits at the start", overdueIn: 5 * time.Minute},
		{name: "an earlier process saw it wait", remembered: 3 * time.Minute, overdueIn: 2 * time.Minute},
		{name: "for long", remembered: time.Hour},
		{name: "none can be asked", remembered: time.Hour, err: errors.New("no rights"), overdueIn: 5 * time.Minute},
		{name: "a time that has yet to come", remembered: -time.Hour, overdueIn: 5 * time.Minute},
		{name: "since before it was there", remembered: 2 * year},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				entry, rule := fixture.Object(t, "ServiceEntry", "bank", entrySpec), fixture.Object(t, "DestinationRule", "bank", ruleSpec)
				entry.Created = time.Now().Add(-year)
				cache := assume.NewCache(mesh.DefaultSettings(), entry)
				if c.ruled {
					cache.Put(rule, assume.Version{})
				}
				o := Options{Source: fixture.Source(cache, e), Log: slog.New(slog.DiscardHandler)}
				if c.remembered != 0 {
					waits := audit.Waits{entry.Ref: {}}
					for _, client := range []string{"sidecar any other namespace", "sidecar shop"} {
						waits[entry.Ref][audit.Wait{Host: host, Port: 80, Client: client}] = time.Now().Add(-c.remembered)
					}
					o.Remembered = func(context.Context) (audit.Waits, error) {
						if c.err != nil {
							return nil, c.err
						}
						return waits, nil
					}
				}
				a := New(o)
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- a.Start(ctx) }()
				time.Sleep(10 * time.Second)
				synctest.Wait()
				if c.ruled {
					cache.Delete(rule.Ref, assume.Version{})
				}
				is := func(want string) {
					t.Helper()
					time.Sleep(2 * time.Second)
					synctest.Wait()
					if got := series(t, a, "tlsward_audit_overdue"); got != want {
						t.Errorf("got %q, want %q; findings %v", got, want, a.Latest().Findings)
					}
				}
				if c.overdueIn > 0 {
					is("")
					time.Sleep(c.overdueIn - 30*time.Second)
					again := *entry // what is changed beside it does not have it begin anew
					again.Annotations = map[string]string{"a": "b"}
					cache.Put(&again, assume.Version{})
					is("")
					time.Sleep(30 * time.Second)
				}
				is("object_namespace=shop 2")
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

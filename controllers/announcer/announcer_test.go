package announcer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

func finding(namespace, name, policy, message string) audit.Finding {
	return audit.Finding{Object: mesh.Ref{Kind: mesh.KindServiceEntry, Namespace: namespace, Name: name},
		Violation: policies.Violation{Policy: policy, Action: v1alpha1.Deny, Message: message}}
}

func found(findings ...audit.Finding) *audit.Found {
	f := &audit.Found{Mesh: mesh.New(mesh.DefaultSettings()), Findings: map[mesh.Ref][]audit.Finding{}}
	for _, each := range findings {
		f.Findings[each.Object] = append(f.Findings[each.Object], each)
	}
	return f
}

// stage plays the leader's steps at times of a test's own.
type stage struct {
	*Announcer
	registry *prometheus.Registry
	latest   *audit.Found
	follows  bool
	said     []string
	fails    map[string]error // by object
	now      time.Time
}

func newStage() *stage {
	s := &stage{now: time.Now(), fails: map[string]error{}, registry: prometheus.NewRegistry()}
	s.Announcer = newAnnouncer(Options{Latest: func() *audit.Found { return s.latest }, IsLeader: func() bool { return !s.follows },
		Registry: s.registry, Log: slog.New(slog.DiscardHandler)},
		func(_ context.Context, n note, _ time.Time) error {
			if err := s.fails[n.ref.Name]; err != nil {
				return err
			}
			s.said = append(s.said, n.ref.Name+" "+reasonOf(n.policy)+": "+n.text)
			return nil
		})
	return s
}

// after steps so much later, and returns what was said.
func (s *stage) after(d time.Duration) string {
	s.now, s.said = s.now.Add(d), nil
	s.step(context.Background(), s.now)
	return strings.Join(s.said, "\n")
}

// metric returns the value of a metric, named by its name and result.
func (s *stage) metric(t *testing.T, name string) float64 {
	t.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			series := f.GetName()
			for _, l := range m.GetLabel() {
				series += " " + l.GetValue()
			}
			if series == name {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("there is no %s", name)
	return 0
}

// A violation is said once when it appears; another text, or its return, after the spacing; and all of it again after a day.
func TestAnnouncer(t *testing.T) {
	s := newStage()
	expect := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	const bank, other = "bank PlaintextEgress: in plaintext", "bank PlaintextEgress: to another host"
	expect("before the audit", s.after(0), "")
	s.latest = found(finding("shop", "bank", "plaintext-egress", "in plaintext"))
	expect("it appears", s.after(0), bank)
	for range 100 {
		s.latest = found(finding("shop", "bank", "plaintext-egress", "in plaintext"))
		expect("a steady cluster", s.after(10*time.Minute), "")
	}
	expect("a day later", s.after(24*time.Hour), bank)
	s.latest = found(finding("shop", "bank", "plaintext-egress", "to another host"))
	expect("another text at once", s.after(time.Second), "")
	expect("another text", s.after(5*time.Minute), other)
	s.latest = found()
	expect("mended", s.after(time.Second), "")
	s.latest = found(finding("shop", "bank", "plaintext-egress", "to another host"))
	expect("it comes back at once", s.after(time.Second), "")
	expect("it comes back", s.after(5*time.Minute), other)
	s.follows = true
	expect("another one leads", s.after(24*time.Hour), "")
	s.follows = false
	expect("it leads again", s.after(time.Second), other)
}

// A rule that is on its way is waited for until it is overdue, by what the configuration says of that.
func TestPendingIsSaidOnceItIsOverdue(t *testing.T) {
	s := newStage()
	pending := finding("shop", "bank", "tls-pending", "no rule")
	pending.Until = s.now.Add(time.Hour)
	for _, step := range []struct {
		at   time.Duration
		want string
	}{{0, ""}, {59 * time.Minute, ""}, {61 * time.Minute, "bank TlsPending: no rule"}} {
		s.latest = found(pending)
		s.latest.At = s.now.Add(step.at)
		if got := s.after(0); got != step.want {
			t.Errorf("after %s: got %q, want %q", step.at, got, step.want)
		}
	}
}

// That an entry gets no companion is said on the entry, as long as it is so, and within the bounds of its namespace.
func TestWithheldCompanionsAreSaid(t *testing.T) {
	s := newStage()
	entry := finding("shop", "bank", "", "").Object
	withheld := map[mesh.Ref]string{entry: "no DestinationRule is kept for api.bank.example: its namespace has 1000 already"}
	s.Withheld = func() map[mesh.Ref]string { return withheld }
	s.latest = found()
	if got := s.after(0); !strings.HasPrefix(got, "bank CompanionWithheld: no DestinationRule is kept for api.bank.example") {
		t.Errorf("got %q", got)
	}
	withheld, s.latest = nil, found()
	if got := s.after(time.Hour); got != "" {
		t.Errorf("once it is kept: %q", got)
	}
}

// What is exempt is nobody's to mend, and what is undecided no violation.
func TestOpenViolationsAlone(t *testing.T) {
	exempt, undecided := finding("shop", "a", "p", "x"), finding("shop", "b", "p", "x")
	exempt.Exempt, undecided.Undecided = "exempted until 2027-01-01: OPS-1", true
	s := newStage()
	s.latest = found(exempt, undecided)
	if got := s.after(0); got != "" {
		t.Errorf("got %q", got)
	}
}

// A failure is tried again after a while; it holds up others only where the API server does not answer; what is gone is left alone.
func TestFailures(t *testing.T) {
	refused := apierrors.NewForbidden(schema.GroupResource{Resource: "events"}, "x", errors.New("no"))
	for _, c := range []struct {
		name          string
		err           error
		first, second string
		failed        float64
	}{
		{"refused", fmt.Errorf("write: %w", refused), "b", "a", 1},
		{"unreachable", errors.New("dial tcp: connection refused"), "", "a b", 1},
		{"gone", errGone, "b", "a", 0},
	} {
		s := newStage()
		s.latest, s.fails["a"] = found(finding("one", "a", "p", "x"), finding("two", "b", "p", "x")), c.err
		names := func(said string) string {
			var all []string
			for line := range strings.Lines(said) {
				all = append(all, line[:1])
			}
			return strings.Join(all, " ")
		}
		if got := names(s.after(0)); got != c.first {
			t.Errorf("%s: got %q, want %q", c.name, got, c.first)
		}
		delete(s.fails, "a")
		if got := names(s.after(time.Minute)); got != c.second {
			t.Errorf("%s, later: got %q, want %q", c.name, got, c.second)
		}
		if got := s.metric(t, "tlsward_events_total failed"); got != c.failed {
			t.Errorf("%s: %v failures are counted", c.name, got)
		}
	}
}

// A tenant who makes violations without end gets no more than its share, and keeps no other from saying theirs; what waits and what is
// dropped is counted, once.
func TestEventsAreBounded(t *testing.T) {
	var all []audit.Finding
	for i := range 3 * maxPerNamespace {
		all = append(all, finding("flood", fmt.Sprintf("f-%03d", i), "p", "x"))
	}
	s := newStage()
	s.latest = found(append(all, finding("shop", "bank", "p", "x"))...)
	if got := s.after(0); !strings.Contains(got, "bank") || len(s.said) != burst {
		t.Errorf("%d at once, the other's among them: %t", len(s.said), strings.Contains(got, "bank"))
	}
	if waiting := s.metric(t, "tlsward_events_waiting"); waiting != maxPerNamespace+1-burst {
		t.Errorf("%v wait", waiting)
	}
	s.latest = found(append(all, finding("shop", "bank", "p", "x"))...)
	s.after(0)
	if dropped := s.metric(t, "tlsward_events_total dropped"); dropped != 2*maxPerNamespace {
		t.Errorf("%v are dropped", dropped)
	}
}

// An object has one Event a policy, with the worst of its violations, in a text that fits.
func TestNotes(t *testing.T) {
	worst, long := finding("shop", "bank", "p", "worst"), finding("shop", "long", "p", strings.Repeat("ä", maxNote))
	mild := worst
	mild.Action, mild.Message = v1alpha1.Warn, "mild"
	notes, _ := notesOf(found(mild, worst, finding("shop", "bank", "q", "other"), long, long), nil)
	var got []string
	for _, n := range notes {
		got = append(got, n.ref.Name+" "+n.policy+" "+n.text)
	}
	want := []string{"bank p worst (one of several)", "bank q other", "long p " + strings.Repeat("ä", 500)}
	if len(got) != 3 {
		t.Fatalf("got %q", got)
	}
	for i := range want {
		found := false
		for _, g := range got {
			found = found || strings.HasPrefix(g, want[i])
		}
		if !found {
			t.Errorf("there is no %q in %q", want[i], got)
		}
	}
	for _, n := range notes {
		if len(n.text) > maxNote {
			t.Errorf("%d bytes", len(n.text))
		}
	}
}

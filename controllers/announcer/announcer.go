package announcer

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"

	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Options are what an Announcer needs.
type Options struct {
	Config *rest.Config
	// Instance is the name of this replica.
	Instance string
	// Latest returns what the audit last found, nil before it has.
	Latest func() *audit.Found
	// Withheld returns why companions are not kept, by the ServiceEntries that they would be for; nil where none are kept at all.
	Withheld func() map[mesh.Ref]string
	// IsLeader reports whether this replica does the work that only one may do.
	IsLeader func() bool
	// Interval is how often it is looked for what is new; 5 s if zero.
	Interval time.Duration
	// Spacing is the time between two Events on the same object by the same policy, where the text changes, or what was wrong comes
	// back; 5 min if zero.
	Spacing time.Duration
	// Renewal is after how long what is still wrong is said again; a day if zero.
	Renewal  time.Duration
	Registry prometheus.Registerer
	Log      *slog.Logger
}

// Each Event is two requests, or four where it repeats one: perSecond of them are written a second, after the first burst.
const perSecond, burst = 1, 25

// retry is how long an Event that could not be written is left alone.
const retry = time.Minute

// Announcer writes Events while it leads.
type Announcer struct {
	Options
	write   func(context.Context, note, time.Time) error
	limiter flowcontrol.RateLimiter
	metrics metrics

	// notes are what is to be said of seen; told is what is known of each subject.
	seen    *audit.Found
	notes   []note
	leftOut map[subject]bool
	told    map[subject]*told
}

// told is what was said of a subject, and when; at is zero before anything was.
type told struct {
	text string
	at   time.Time
	// notBefore is until when it is left alone after a failure.
	notBefore time.Time
}

// New prepares the client. It does not talk to the API server yet.
func New(o Options) (*Announcer, error) {
	c, err := newClient(o.Config, o.Instance)
	if err != nil {
		return nil, err
	}
	return newAnnouncer(o, c.write), nil
}

func newAnnouncer(o Options, write func(context.Context, note, time.Time) error) *Announcer {
	o.Interval, o.Spacing, o.Renewal = cmp.Or(o.Interval, 5*time.Second), cmp.Or(o.Spacing, 5*time.Minute), cmp.Or(o.Renewal, 24*time.Hour)
	return &Announcer{Options: o, write: write, metrics: newMetrics(o.Registry), told: map[subject]*told{}, limiter: flowcontrol.NewTokenBucketRateLimiter(perSecond, burst)}
}

// NeedLeaderElection returns false: the manager's own election is not used.
func (a *Announcer) NeedLeaderElection() bool { return false }

// Start writes Events until ctx is done.
func (a *Announcer) Start(ctx context.Context) error {
	tick := time.NewTicker(a.Interval)
	defer tick.Stop()
	for {
		a.step(ctx, time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// step says what is new, where this replica leads.
func (a *Announcer) step(ctx context.Context, now time.Time) {
	if !a.IsLeader() {
		a.seen, a.notes, a.leftOut = nil, nil, nil // another one says it
		clear(a.told)
		a.metrics.waiting.Set(0)
		return
	}
	if found := a.Latest(); found != a.seen && found != nil {
		a.see(found, now)
	}
	waiting, blocked := 0, false
	for _, n := range a.notes {
		t := a.told[n.subject]
		switch {
		case !a.isDue(n, t, now):
		case blocked || ctx.Err() != nil || !a.IsLeader() || !a.limiter.TryAccept():
			waiting, blocked = waiting+1, true
		default:
			blocked = !a.say(ctx, n, t, now)
		}
	}
	a.metrics.waiting.Set(float64(waiting))
}

// see takes over what an audit found.
func (a *Announcer) see(found *audit.Found, now time.Time) {
	notes, leftOut := notesOf(found, a.withheld())
	open := make(map[subject]bool, len(notes))
	for _, n := range notes {
		open[n.subject] = true
		if a.told[n.subject] == nil {
			a.told[n.subject] = &told{}
		}
	}
	for s, t := range a.told {
		switch {
		case open[s]:
		case now.Sub(t.at) >= a.Spacing:
			delete(a.told, s)
		default:
			t.text = "" // should it come back, it is new
		}
	}
	before := a.leftOut
	a.leftOut = make(map[subject]bool, len(leftOut))
	for _, s := range leftOut {
		a.leftOut[s] = true
		if !before[s] {
			a.metrics.dropped.Inc()
		}
	}
	a.seen, a.notes = found, notes
}

func (a *Announcer) withheld() map[mesh.Ref]string {
	if a.Withheld == nil {
		return nil
	}
	return a.Withheld()
}

// isDue reports whether a note is to be said now.
func (a *Announcer) isDue(n note, t *told, now time.Time) bool {
	said := now.Sub(t.at)
	return !now.Before(t.notBefore) && (t.at.IsZero() || t.text != n.text && said >= a.Spacing || said >= a.Renewal)
}

// say writes a note. It returns false where the API server does not answer, so that others need not be tried now.
func (a *Announcer) say(ctx context.Context, n note, t *told, now time.Time) (answered bool) {
	err := a.write(ctx, n, now)
	if err == nil {
		a.metrics.written.Inc()
		t.text, t.at = n.text, now
		return true
	}
	t.notBefore = now.Add(retry)
	if errors.Is(err, errGone) || ctx.Err() != nil {
		return true // the audit will see that
	}
	a.metrics.failed.Inc()
	a.Log.Warn("no Event", "object", n.ref.String(), "policy", n.policy, "error", admission.Clip(err.Error(), 1024))
	return apierrors.ReasonForError(err) != metav1.StatusReasonUnknown
}

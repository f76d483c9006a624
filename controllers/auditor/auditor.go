package auditor

import (
	"cmp"
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/controllers/follow"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Options are what an Auditor needs.
type Options struct {
	follow.Source
	// Busy reports whether reviews are in hand, for which the audit makes room.
	Busy func() bool
	// Interval is how often the whole mesh is judged, DefaultInterval if zero.
	Interval time.Duration
	// Remembered returns since when objects wait for a partner, as an earlier process kept it; nil where none did, and some of it beside an
	// error where not all can be read. Without it they began when this one first saw them.
	Remembered func(context.Context) (audit.Waits, error)
	Log        *slog.Logger
}

// DefaultInterval is how often the whole mesh is judged where nothing else is said.
const DefaultInterval = 10 * time.Minute

const (
	// settle is how long changes are gathered before they are judged: `kubectl apply` of a directory is one.
	settle = time.Second
	// spacing is the time between two judgements of the whole mesh, where changes ask for them.
	spacing = time.Minute
	// patience is how often it is asked whether the mesh is known.
	patience = 250 * time.Millisecond
	// remembering is how long the first judgement waits for what an earlier process kept.
	remembering = 10 * time.Second
)

// Auditor audits the mesh until it is stopped. It is a Runnable of every replica, and a prometheus.Collector.
type Auditor struct {
	o     Options
	audit audit.Audit
	// lastWhole is when the whole mesh was judged last, or was seen to be as it was then.
	lastWhole time.Time
	// judged is when it was judged; followed is whether changes were followed since.
	judged   time.Time
	followed bool
	shown    atomic.Pointer[shown]
}

// shown is what metrics show.
type shown struct {
	totals audit.Totals
	found  *audit.Found
	// judged is when the whole mesh was judged.
	judged time.Time
	// at is when it was found, took what the last judgement of the whole mesh took, of which worked was spent at work.
	at           time.Time
	took, worked time.Duration
	evaluator    *admission.Evaluator
}

// New returns an Auditor.
func New(o Options) *Auditor {
	o.Interval = cmp.Or(o.Interval, DefaultInterval)
	return &Auditor{o: o}
}

// NeedLeaderElection returns false: each replica shows what it knows.
func (a *Auditor) NeedLeaderElection() bool { return false }

// Start audits until ctx is done.
func (a *Auditor) Start(ctx context.Context) error {
	for !a.o.IsKnown() {
		if !sleep(ctx, patience) {
			return nil
		}
	}
	a.remember(ctx)
	for {
		changed := a.o.Changed() // before the mesh is read, so that no change is missed
		if err := a.update(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			a.o.Log.Error("audit failed", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(a.untilWhole()):
		case <-changed:
			if !sleep(ctx, settle) {
				return nil
			}
		}
	}
}

// remember asks since when objects wait, once: what no answer comes to is seen as new.
func (a *Auditor) remember(ctx context.Context) {
	if a.o.Remembered == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, remembering)
	defer cancel()
	waits, err := a.o.Remembered(ctx)
	if err != nil {
		a.o.Log.Warn("it is not known since when all objects wait for a partner: the others from now", "error", admission.Clip(err.Error(), 1024))
	}
	a.audit.Remember(waits)
}

// Latest returns what was last found, nil before the first judgement.
func (a *Auditor) Latest() *audit.Found {
	if s := a.shown.Load(); s != nil {
		return s.found
	}
	return nil
}

// untilWhole returns how long it is until the whole mesh has to be judged again, or asks for it.
func (a *Auditor) untilWhole() time.Duration {
	next := a.o.Interval
	if !a.audit.IsOf(a.o.Evaluator(), a.o.Mesh()) {
		next = min(next, spacing)
	}
	if s := a.shown.Load(); s != nil && !s.totals.NextOverdue.IsZero() {
		return max(0, min(time.Until(a.lastWhole.Add(next)), time.Until(s.totals.NextOverdue)+time.Second))
	}
	return max(0, time.Until(a.lastWhole.Add(next)))
}

// update brings the audit up to date, if it can: where all of the mesh has to be judged, that has to wait for its time.
func (a *Auditor) update(ctx context.Context) error {
	e, snap, now := a.o.Evaluator(), a.o.Mesh(), time.Now()
	sinceWhole := now.Sub(a.lastWhole)
	if s := a.shown.Load(); s != nil && !s.totals.NextOverdue.IsZero() && now.After(s.totals.NextOverdue) && a.audit.IsOf(e, snap) {
		a.show(e, s.took, s.worked) // the same is found, but is overdue now
	}
	switch {
	case a.audit.IsOf(e, snap) && !a.followed && sameDay(a.judged, now):
		if sinceWhole >= a.o.Interval { // the answer would be the same
			last := a.shown.Load()
			a.lastWhole = now
			a.show(e, last.took, last.worked)
		}
		return nil
	case a.lastWhole.IsZero(), sinceWhole >= a.o.Interval:
		return a.whole(ctx, e, snap)
	case a.audit.IsOf(e, snap):
		return nil
	}
	if a.audit.IsBy(e) {
		p := a.newPace(ctx)
		followed, err := a.audit.Follow(ctx, snap, p.step)
		if followed {
			a.followed = true
			a.show(e, a.shown.Load().took, a.shown.Load().worked)
		}
		if followed || err != nil {
			return err
		}
	}
	if sinceWhole < spacing {
		return nil
	}
	return a.whole(ctx, e, snap)
}

// sameDay reports whether no exemption has ended between two times: they end at midnight UTC.
func sameDay(a, b time.Time) bool {
	return a.UTC().Format(time.DateOnly) == b.UTC().Format(time.DateOnly)
}

// whole judges the whole mesh.
func (a *Auditor) whole(ctx context.Context, e *admission.Evaluator, snap *mesh.Snapshot) error {
	began, p := time.Now(), a.newPace(ctx)
	a.lastWhole = began
	if err := a.audit.Whole(ctx, e, snap, p.step); err != nil {
		return err
	}
	a.lastWhole = time.Now()
	a.judged, a.followed = began, false
	took := a.lastWhole.Sub(began)
	a.show(e, took, took-p.slept)
	if err := a.audit.Undecided(); err != nil {
		a.o.Log.Error("audit could not judge", "error", admission.Clip(err.Error(), 1024))
	}
	a.o.Log.Debug("audited", "objects", snap.Len(), "took", took.String(), "worked", (took - p.slept).String())
	return nil
}

func (a *Auditor) show(e *admission.Evaluator, took, worked time.Duration) {
	a.shown.Store(&shown{totals: a.audit.Totals(), found: a.audit.Found(), judged: a.judged, at: time.Now(), took: took, worked: worked, evaluator: e})
}

// sleep waits, and reports whether ctx lives on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

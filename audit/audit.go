package audit

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Audit is what there is to say of a mesh, and is brought up to date as the mesh changes. One goroutine at a time may use it.
type Audit struct {
	evaluator   *admission.Evaluator
	mesh        *mesh.Snapshot
	findings    map[mesh.Ref][]Finding
	undecided   map[mesh.Ref]error
	connections map[string][]Connection
	waits       Waits
}

// Pace is called between two pieces of work, which take a millisecond or less. Its error ends the work.
type Pace func() error

// IsOf reports whether the audit is that of a mesh, by an evaluator.
func (a *Audit) IsOf(e *admission.Evaluator, snap *mesh.Snapshot) bool {
	return a.evaluator == e && a.mesh == snap
}

// IsBy reports whether the audit is by an evaluator.
func (a *Audit) IsBy(e *admission.Evaluator) bool { return a.evaluator == e }

// Whole judges all of a mesh. With an error, which is pace's or ctx's, everything is as it was.
func (a *Audit) Whole(ctx context.Context, e *admission.Evaluator, snap *mesh.Snapshot, pace Pace) error {
	next := Audit{evaluator: e, mesh: snap, findings: map[mesh.Ref][]Finding{}, undecided: map[mesh.Ref]error{}, connections: map[string][]Connection{}, waits: Waits{}}
	standing := e.Standing(snap)
	for o := range snap.Objects() {
		if err := next.judge(ctx, standing, o, a.waits[o.Ref], pace); err != nil {
			return err
		}
	}
	p := next.posture()
	for _, host := range snap.ExternalHosts() {
		if err := next.resolve(ctx, p, host, pace); err != nil {
			return err
		}
	}
	*a = next
	return nil
}

// Follow judges again what a change of the mesh may have moved. It reports false, and does nothing, where that may be all of it. What
// the model ties together by more than hosts (listeners that share a port) is seen by the next Whole. With an error, which is pace's
// or ctx's, everything is as it was.
func (a *Audit) Follow(ctx context.Context, snap *mesh.Snapshot, pace Pace) (followed bool, err error) {
	changed := changedBetween(a.mesh, snap)
	if changed.whole {
		return false, nil
	}
	next := Audit{evaluator: a.evaluator, mesh: snap, findings: maps.Clone(a.findings), undecided: maps.Clone(a.undecided), connections: maps.Clone(a.connections),
		waits: maps.Clone(a.waits)}
	standing := a.evaluator.Standing(snap)
	for ref := range changed.refs {
		delete(next.findings, ref)
		delete(next.undecided, ref)
		delete(next.waits, ref)
		if o := snap.Get(ref); o != nil {
			if err := next.judge(ctx, standing, o, a.waits[ref], pace); err != nil {
				return false, err
			}
		}
	}
	p := next.posture()
	for host := range changed.hosts {
		delete(next.connections, host)
		if snap.IsExternal(host) {
			if err := next.resolve(ctx, p, host, pace); err != nil {
				return false, err
			}
		}
	}
	*a = next
	return true, nil
}

func (a *Audit) posture() posture {
	return posture{mesh: a.mesh, namespaces: a.mesh.Namespaces(), exemptions: a.evaluator.Config.Exemptions, now: time.Now()}
}

// judge judges an object, which before has waited for what.
func (a *Audit) judge(ctx context.Context, standing *admission.Standing, o *mesh.Object, before map[Wait]time.Time, pace Pace) error {
	found, err := Judge(ctx, standing, o)
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		a.undecided[o.Ref] = err
		if before != nil {
			a.waits[o.Ref] = before // it may wait still
		}
	case len(found) > 0:
		a.wait(before, o, found)
		a.findings[o.Ref] = found
	}
	return pace()
}

func (a *Audit) resolve(ctx context.Context, p posture, host string, pace Pace) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a.connections[host] = p.toHost(host)
	return pace()
}

// Totals are an Audit in figures.
type Totals struct {
	Objects  int
	Findings map[Group]int
	// Overdue counts the findings that are, by namespace; NextOverdue is when the next will be, the zero time for never.
	Overdue     map[string]int
	NextOverdue time.Time
	Undecided   int
	// Connections counts those of each namespace, "*" for all that none is named for.
	Connections map[ConnectionGroup]int
	// Exempted counts what each exemption lets pass, by its policy and its text.
	Exempted map[Exempted]int
}

// ConnectionGroup is what connections are counted by.
type ConnectionGroup struct {
	Namespace string
	State     State
	Exempt    bool
}

// Exempted names an exemption.
type Exempted struct{ Policy, Note string }

// Totals returns the audit in figures.
func (a *Audit) Totals() Totals {
	now := time.Now()
	t := Totals{Undecided: len(a.undecided), Findings: map[Group]int{}, Overdue: map[string]int{}, Connections: map[ConnectionGroup]int{}, Exempted: map[Exempted]int{}}
	if a.mesh != nil {
		t.Objects = a.mesh.Len()
	}
	for _, found := range a.findings {
		for group, n := range Count(found) {
			t.Findings[group] += n
		}
		for _, f := range found {
			if f.Overdue(now) {
				t.Overdue[f.Object.InNamespace()]++
			} else if !f.Until.IsZero() && (t.NextOverdue.IsZero() || f.Until.Before(t.NextOverdue)) {
				t.NextOverdue = f.Until
			}
			if f.Exempt != "" {
				t.Exempted[Exempted{f.Policy, f.Exempt}]++
			}
		}
	}
	for _, list := range a.connections {
		for _, c := range list {
			namespaces := c.Namespaces
			if namespaces == nil {
				namespaces = []string{mesh.AnyNamespace}
			}
			for _, n := range namespaces {
				t.Connections[ConnectionGroup{n, c.State, c.Exempt != ""}]++
			}
		}
	}
	return t
}

// Found is what an audit has to say of single objects. Nobody changes it.
type Found struct {
	Mesh      *mesh.Snapshot
	Findings  map[mesh.Ref][]Finding
	Undecided map[mesh.Ref]error
	// At is when it was asked for: by then findings are overdue, or are not yet.
	At time.Time
	// By is what judged.
	By *admission.Evaluator
}

// Found returns what there is to say of single objects now.
func (a *Audit) Found() *Found {
	return &Found{Mesh: a.mesh, Findings: a.findings, Undecided: a.undecided, At: time.Now(), By: a.evaluator} // Whole and Follow make maps of their own
}

// Undecided returns why objects could not be judged; nil where all could.
func (a *Audit) Undecided() error {
	return errors.Join(slices.Collect(maps.Values(a.undecided))...)
}

package oracle

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/test/fixes"
	"github.com/tlsward/tlsward/webhook/admission"
)

// LandingResult is what came of writing a configuration.
type LandingResult struct {
	// Thrown says why the configuration is not correct, "" where it is.
	Thrown string
	// Improved says whether it was made better: not all pairs can be reached by single writes.
	Improved string
	// Writes counts the writes that were asked for, Retries those of them that were refused at first.
	Writes, Retries int
	// Fixes counts the fixes that were applied.
	Fixes int
	// Wrong lists what must not be, with a class for each before the first colon.
	Wrong []string
}

// Lander writes configurations through both webhooks.
type Lander struct {
	Evaluator *admission.Evaluator
	farm      Farm
	random    *rand.Rand
	// clock is the time of the last write.
	clock time.Time
	// state is what is stored, sent the same as it was sent.
	state, sent Mesh
	r           LandingResult
}

// Land writes a configuration in a random order until it stands whole, makes it better, and deletes it. What is refused
// is asked for again after the rest.
func (l *Lander) Land(ctx context.Context, seed uint64, set Landing) (LandingResult, error) {
	l.begin(seed, set)
	var err error
	if l.r.Thrown, err = l.incorrect(set.Given, set.Objects); err != nil || l.r.Thrown != "" {
		return l.r, err
	}
	err = l.play(ctx, set)
	return l.r, err
}

// begin starts with what is there before a configuration.
func (l *Lander) begin(seed uint64, set Landing) {
	l.random, l.r = rand.New(rand.NewPCG(seed, 1)), LandingResult{}
	l.clock = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	l.state, l.sent = slices.Clone(set.Given), slices.Clone(set.Given)
}

// incorrect says in what a configuration is not correct by Istio's account, "" where it is.
func (l *Lander) incorrect(given, objects Mesh) (string, error) {
	for _, d := range objects {
		if err := validate(d); err != nil {
			return fmt.Sprintf("Istio refuses a %s: %v", d.Kind(), err), nil
		}
	}
	walked, err := l.farm.WalkAll(slices.Concat(given, objects))
	switch wrong := walked.Wrong(); {
	case errors.Is(err, errCrashed):
		return "Istio crashed", nil
	case err != nil:
		return "", err
	case walked.Working() == 0:
		return "nothing works", nil
	case len(wrong) > 0:
		return strings.Join(wrong, "\n"), nil
	}
	return "", nil
}

func (l *Lander) play(ctx context.Context, set Landing) error {
	whole, err := l.writeAll(ctx, "create", writesTo(nil, set.Objects))
	if err != nil || !whole {
		return err
	}
	if err := l.checkMutated(); err != nil || l.r.Thrown != "" {
		return err
	}
	if err := l.checkWarnings(ctx, set); err != nil {
		return err
	}
	if err := l.improve(ctx, set); err != nil {
		return err
	}
	_, err = l.writeAll(ctx, "delete", writesTo(l.state, set.Given))
	return err
}

// writesTo lists the writes that lead from one mesh to another.
func writesTo(from, to Mesh) []Write {
	var writes []Write
	for _, d := range to {
		i := slices.IndexFunc(from, func(f Document) bool { return sameObject(f, d) })
		switch {
		case i < 0:
			writes = append(writes, Write{Operation: policies.Create, Object: d})
		case string(Document(d.Spec()).JSON()) != string(Document(from[i].Spec()).JSON()):
			writes = append(writes, Write{Operation: policies.Update, Object: d})
		}
	}
	for _, d := range from {
		if !slices.ContainsFunc(to, func(t Document) bool { return sameObject(t, d) }) {
			writes = append(writes, Write{Operation: policies.Delete, Object: d})
		}
	}
	return writes
}

// wrong notes what must not be.
func (l *Lander) wrong(class, format string, args ...any) {
	l.r.Wrong = append(l.r.Wrong, class+": "+fmt.Sprintf(format, args...))
}

// writeAll does writes in a random order, and again those that are refused, until all are done; whole reports whether
// they are.
func (l *Lander) writeAll(ctx context.Context, stage string, writes []Write) (whole bool, err error) {
	l.random.Shuffle(len(writes), func(i, j int) { writes[i], writes[j] = writes[j], writes[i] })
	for len(writes) > 0 {
		var refused []Write
		var why []admission.Decision
		for _, w := range writes {
			decision, err := l.write(ctx, w)
			if err != nil {
				return false, err
			}
			if !decision.Allowed {
				refused, why = append(refused, w), append(why, decision)
				if err := l.checkDenial(ctx, w, decision); err != nil {
					return false, err
				}
			}
		}
		if len(refused) == len(writes) {
			for i, w := range refused {
				l.wrong(stage+" of "+w.Object.Kind()+" refused for good by "+fixes.FirstDenial(why[i]).Policy, "%s %s/%s: %s",
					w.Object.Kind(), w.Object.Namespace(), w.Object.Name(), said(why[i]))
			}
			return false, nil
		}
		l.r.Retries += len(refused)
		writes = refused
	}
	return true, nil
}

// write does a write if it is admitted.
func (l *Lander) write(ctx context.Context, w Write) (admission.Decision, error) {
	l.r.Writes++
	decision, stored, err := l.judge(ctx, l.state, w)
	if err == nil && decision.Allowed {
		l.clock = l.clock.Add(time.Second)
		l.state, l.sent = l.store(l.state, w, stored), l.store(l.sent, w, w.Object)
	}
	return decision, err
}

// judge has both webhooks decide on a write, and returns the object as it would be stored.
func (l *Lander) judge(ctx context.Context, state Mesh, w Write) (d admission.Decision, stored Document, err error) {
	snapshot, err := Decode(state)
	if err != nil {
		return d, nil, err
	}
	review := admission.Review{Operation: w.Operation}
	if i := slices.IndexFunc(state, func(s Document) bool { return sameObject(s, w.Object) }); i >= 0 {
		review.OldObject = state[i].JSON()
	}
	if w.Operation != policies.Delete {
		review.Object = w.Object.JSON()
		if review.Object, _, err = l.Evaluator.Mutate(snapshot, review); err != nil {
			return d, nil, fmt.Errorf("mutate: %w", err)
		}
		if stored, err = readDocument(review.Object); err != nil {
			return d, nil, err
		}
	}
	if d, err = l.Evaluator.Validate(ctx, snapshot, review); err != nil {
		return d, nil, fmt.Errorf("validate: %w", err)
	}
	return d, stored, nil
}

// store returns the mesh with a write done.
func (l *Lander) store(state Mesh, w Write, stored Document) Mesh {
	i := slices.IndexFunc(state, func(s Document) bool { return sameObject(s, w.Object) })
	created := l.clock.Format(time.RFC3339)
	if i >= 0 {
		created = state[i].meta("creationTimestamp")
		state = slices.Delete(slices.Clone(state), i, i+1)
	}
	if w.Operation == policies.Delete {
		return state
	}
	stored = stored.Clone()
	stored.metadata()["creationTimestamp"] = created
	return append(slices.Clip(state), stored)
}

// checkMutated sees that what was stored is as good as what was sent.
func (l *Lander) checkMutated() error {
	sent, err := l.farm.WalkAll(l.sent)
	if err != nil {
		return err
	}
	if wrong := sent.Wrong(); len(wrong) > 0 {
		l.r.Thrown = "by its order: " + strings.Join(wrong, "\n")
		return nil
	}
	stored, err := l.farm.WalkAll(l.state)
	if err != nil {
		return err
	}
	for _, change := range sent.Changed(stored) {
		if !strings.Contains(change, ":80] TLS{") { // no server speaks TLS there
			l.wrong("mutation changes what works", "%s", change)
		}
	}
	return nil
}

// improve makes the configuration otherwise by single writes. Whatever is refused on the way must not be correct, or is
// admitted when it is tried again after others.
func (l *Lander) improve(ctx context.Context, set Landing) error {
	bad, err := l.incorrect(set.Given, set.Better)
	if err != nil || bad != "" {
		l.r.Improved = "no: the other is not correct"
		return err
	}
	writes := writesTo(l.sent, slices.Concat(set.Given, set.Better))
	l.random.Shuffle(len(writes), func(i, j int) { writes[i], writes[j] = writes[j], writes[i] })
	for len(writes) > 0 {
		var refused []Write
		var why []admission.Decision
		for _, w := range writes {
			decision, err := l.write(ctx, w)
			if err != nil {
				return err
			}
			if decision.Allowed {
				continue
			}
			refused, why = append(refused, w), append(why, decision)
			if err := l.checkDenial(ctx, w, decision); err != nil {
				return err
			}
		}
		if len(refused) == len(writes) {
			l.r.Improved = "no: not by single writes"
			return l.checkRefusals(ctx, refused, why)
		}
		l.r.Retries += len(refused)
		writes = refused
	}
	l.r.Improved = "yes"
	return l.checkMutated()
}

// checkRefusals sees of each write that is refused for good that it would not have left all connections under checked TLS.
func (l *Lander) checkRefusals(ctx context.Context, refused []Write, why []admission.Decision) error {
	for i, w := range refused {
		if err := l.checkRefusal(ctx, w, why[i]); err != nil {
			return err
		}
	}
	return nil
}

// checkRefusal sees that a refused write would not have left all connections under checked TLS.
func (l *Lander) checkRefusal(ctx context.Context, w Write, decision admission.Decision) error {
	_, stored, err := l.judge(ctx, l.state, w)
	if err != nil {
		return err
	}
	before, err := l.farm.WalkAll(l.state)
	if err != nil {
		return err
	}
	after, err := l.farm.WalkAll(l.store(l.state, w, stored))
	if err != nil {
		return err
	}
	if len(after.Wrong()) == 0 && len(before.Worse(after)) == 0 {
		l.wrong(w.Operation+" of "+w.Object.Kind()+" refused by "+fixes.FirstDenial(decision).Policy+" though all is under checked TLS", "%s/%s: %s\nwhile this is stored:\n%s",
			w.Object.Namespace(), w.Object.Name(), said(decision), l.state.YAML())
	}
	return nil
}

// said is what a denial says.
func said(d admission.Decision) string {
	var b strings.Builder
	for _, v := range d.Violations {
		if v.Action == v1alpha1.Deny {
			fmt.Fprintf(&b, "\n  [%s] %s\n  fix:\n%s", v.Policy, v.Message, v.Fix)
		}
	}
	return b.String()
}

// validate returns why Istio's own webhook does not let an object in.
func validate(d Document) error {
	schema, ok := schemaOf(d.Kind())
	if !ok {
		return fmt.Errorf("Istio has no kind %s", d.Kind())
	}
	c, err := convertConfig(d)
	if err != nil {
		return err
	}
	_, err = schema.ValidateConfig(c)
	return err
}

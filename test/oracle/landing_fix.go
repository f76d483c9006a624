package oracle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/policies"
	policyfixes "github.com/tlsward/tlsward/policies/fixes"
	"github.com/tlsward/tlsward/test/fixes"
	"github.com/tlsward/tlsward/webhook/admission"
)

// mostFixes bounds the fixes of one write.
const mostFixes = 16

var errCircle = errors.New("the fixes lead in a circle")

// checkDenial does what the denials of a write say, on a copy of the mesh, until the write is admitted, and sees that
// then all is as they say.
func (l *Lander) checkDenial(ctx context.Context, w Write, decision admission.Decision) error {
	v := fixes.FirstDenial(decision)
	left := mostFixes
	fixed, err := l.fixed(ctx, l.state, w, &left)
	switch {
	case errors.Is(err, fixes.ErrNoFix):
		return nil
	case errors.Is(err, errCircle):
		l.wrong("fix of "+v.Policy+" does not lead to admission", "%s of %s %s/%s: %s", w.Operation, w.Object.Kind(), w.Object.Namespace(), w.Object.Name(), said(decision))
		return nil
	case err != nil:
		return err
	}
	_, stored, err := l.judge(ctx, l.state, w)
	if err != nil {
		return err
	}
	asked, err := l.farm.WalkAll(l.store(l.state, w, stored))
	if err != nil {
		return err
	}
	if v.Policy == "sni-mismatch" {
		asked = asked.withoutNamelessOf(decision) // it is the lack of their connections that it is about
	}
	return l.checkFixed(v, l.state, fixed, asked, said(decision))
}

// fixed returns the mesh with a write done, and before it what its denials say.
func (l *Lander) fixed(ctx context.Context, state Mesh, w Write, left *int) (Mesh, error) {
	for {
		decision, stored, err := l.judge(ctx, state, w)
		if err != nil {
			return nil, err
		}
		if decision.Allowed {
			return l.store(state, w, stored), nil
		}
		if *left--; *left < 0 {
			return nil, errCircle
		}
		fixed, err := fixesOf(fixes.FirstDenial(decision))
		if err != nil {
			return nil, err
		}
		l.r.Fixes++
		for _, fix := range fixed {
			if w.Operation != policies.Delete && sameObject(fix, w.Object) {
				w.Object = fix
				continue
			}
			if state, err = l.fixed(ctx, state, putting(state, fix), left); err != nil {
				return nil, err
			}
		}
	}
}

// putting is the write that stores an object.
func putting(state Mesh, d Document) Write {
	if slices.ContainsFunc(state, func(s Document) bool { return sameObject(s, d) }) {
		return Write{Operation: policies.Update, Object: d}
	}
	return Write{Operation: policies.Create, Object: d}
}

// fixesOf returns the objects of a fix, or fixes.ErrNoFix where it is words alone.
func fixesOf(v policies.Violation) ([]Document, error) {
	var all []Document
	for _, document := range policyfixes.Split(v.Fix) {
		var d Document
		if err := yaml.Unmarshal([]byte(fixes.FillIn(document)), &d); err != nil {
			return nil, fmt.Errorf("read the fix of %s: %w\n%s", v.Policy, err, v.Fix)
		}
		if d["kind"] == nil || d["apiVersion"] == nil {
			return nil, fixes.ErrNoFix
		}
		all = append(all, d)
	}
	return all, nil
}

// checkFixed sees that with a fix nothing is worse than before, but for what does not leave in asked either, by the write
// itself; and that what the violation is about is not in plaintext.
func (l *Lander) checkFixed(v policies.Violation, state, fixed Mesh, asked Walked, about string) error {
	before, err := l.farm.WalkAll(state)
	if err != nil {
		return err
	}
	after, err := l.farm.WalkAll(fixed)
	if err != nil {
		return err
	}
	if worse := before.Comparable(after).WithoutLost(asked).Worse(after); len(worse) > 0 {
		l.wrong("fix of "+v.Policy+" takes away what works", "%s\n%s", strings.Join(worse, "\n"), about)
	}
	for key, way := range after {
		if !isClient(key.client, v.Client) {
			continue
		}
		toGateway := v.Host == egressHost && way.plainHop && strings.Contains(way.where, fmt.Sprintf("outbound|%d|", v.Port))
		if toGateway || key.host == v.Host && key.port == v.Port && way.plaintext {
			l.wrong("fix of "+v.Policy+" leaves plaintext", "%s: %s by %s\n%s", key, way.wrong, way.where, about)
			break
		}
	}
	return nil
}

// withoutNamelessOf returns the connections without those that ask a gateway for a name that it has not, of clients of whom a
// violation of a decision speaks.
func (w Walked) withoutNamelessOf(decision admission.Decision) Walked {
	kept := maps.Clone(w)
	maps.DeleteFunc(kept, func(k connectionKey, way walkedWay) bool {
		return way.nameless && slices.ContainsFunc(decision.Violations, func(v policies.Violation) bool {
			return strings.HasPrefix(k.client+" ", strings.ReplaceAll(v.Client, "any other namespace", emptyNamespace)+" ")
		})
	})
	return kept
}

// isClient reports whether a violation's client stands for one that was walked, whose label no selector has.
func isClient(walked, violation string) bool {
	return walked == strings.ReplaceAll(violation, "any other namespace", emptyNamespace)+" app=other" || walked == violation
}

// checkWarnings sees of each object that stands in the whole, as tlsward check looks at it, that it is not refused, and
// does what the warnings say.
func (l *Lander) checkWarnings(ctx context.Context, set Landing) error {
	done := map[string]bool{}
	for _, d := range l.state {
		if slices.ContainsFunc(set.Given, func(g Document) bool { return sameObject(g, d) }) {
			continue
		}
		rest := slices.DeleteFunc(slices.Clone(l.state), func(s Document) bool { return sameObject(s, d) })
		decision, _, err := l.judge(ctx, rest, Write{Operation: policies.Create, Object: d})
		if err != nil {
			return err
		}
		if !decision.Allowed {
			l.wrong("the whole is refused by "+fixes.FirstDenial(decision).Policy, "%s %s/%s: %s", d.Kind(), d.Namespace(), d.Name(), said(decision))
			continue
		}
		for _, v := range decision.Violations {
			if done[v.Fix] {
				continue
			}
			done[v.Fix] = true
			if err := l.checkWarning(ctx, d, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkWarning does what a warning about an object says.
func (l *Lander) checkWarning(ctx context.Context, d Document, v policies.Violation) error {
	about := fmt.Sprintf("\n  [%s] %s\n  fix:\n%s", v.Policy, v.Message, v.Fix)
	fixed, err := fixesOf(v)
	if errors.Is(err, fixes.ErrNoFix) {
		return nil
	}
	if err != nil {
		return err
	}
	l.r.Fixes++
	left, state := mostFixes, l.state
	for _, fix := range fixed {
		if state, err = l.fixed(ctx, state, putting(state, fix), &left); err != nil {
			break
		}
	}
	switch {
	case errors.Is(err, fixes.ErrNoFix), errors.Is(err, errCircle):
		l.wrong("fix of warning "+v.Policy+" is refused", "%v%s", err, about)
		return nil
	case err != nil:
		return err
	}
	if err := l.checkFixed(v, l.state, state, nil, about); err != nil {
		return err
	}
	at := slices.IndexFunc(state, func(s Document) bool { return sameObject(s, d) })
	if at < 0 {
		return nil
	}
	d = state[at]
	others := slices.DeleteFunc(slices.Clone(state), func(s Document) bool { return sameObject(s, d) })
	again, _, err := l.judge(ctx, others, Write{Operation: policies.Create, Object: d})
	if err != nil {
		return err
	}
	for _, a := range again.Violations {
		if a.Policy == v.Policy && a.Host == v.Host && a.Port == v.Port && a.Client == v.Client && a.Fix == v.Fix {
			l.wrong("fix of warning "+v.Policy+" does not end it", "%s", about)
		}
	}
	return nil
}

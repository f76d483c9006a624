package exemptions

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// world is a cluster with one Exemption.
type world struct {
	stored *unstructured.Unstructured
	found  *audit.Found
	writes int
	fails  error
}

func (w *world) write(_ context.Context, _ string, status v1alpha1.ExemptionStatus) error {
	if w.fails != nil {
		return w.fails
	}
	raw, err := json.Marshal(status)
	if err != nil {
		return err
	}
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	w.stored.Object["status"], w.writes = fields, w.writes+1
	return nil
}

func (w *world) status(t *testing.T, e *admission.Evaluator) v1alpha1.ExemptionStatus {
	t.Helper()
	return read(e, w.stored).status
}

func exemption(policy, expires string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "tlsward.io/v1alpha1", "kind": "Exemption", "metadata": map[string]any{"name": "legacy", "generation": int64(1)},
		"spec": map[string]any{"policy": policy, "reason": "OPS-1", "expires": expires}}}
}

func evaluator(t *testing.T) *admission.Evaluator {
	t.Helper()
	e, err := admission.NewEvaluator(t.Context(), v1alpha1.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func foundBy(e *admission.Evaluator, notes ...string) *audit.Found {
	f := &audit.Found{By: e, Findings: map[mesh.Ref][]audit.Finding{}}
	for i, note := range notes {
		ref := mesh.Ref{Kind: mesh.KindServiceEntry, Namespace: "shop", Name: string(rune('a' + i))}
		f.Findings[ref] = []audit.Finding{{Violation: policies.Violation{Policy: "double-tls", Exempt: note}, Object: ref}}
	}
	return f
}

// The status follows what an audit finds, is written on change alone, and keeps since when nothing needs the Exemption.
func TestStatusFollowsTheAudit(t *testing.T) {
	const mine, other = "exempted until 2099-12-31 by Exemption legacy: OPS-1", "exempted until 2099-12-31: OPS-1"
	e, w := evaluator(t), &world{stored: exemption("double-tls", "2099-12-31")}
	k := New(Options{Stored: func() []*unstructured.Unstructured { return []*unstructured.Unstructured{w.stored} },
		Evaluator: func() *admission.Evaluator { return e }, IsLeader: func() bool { return true }, Latest: func() *audit.Found { return w.found }, Write: w.write,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		name     string
		found    *audit.Found
		writes   int
		passes   int32
		unneeded string
	}{
		{"nothing is known yet", nil, 1, 0, ""},
		{"again", nil, 1, 0, ""},
		{"judged by what is not in force any more", foundBy(evaluator(t), mine), 1, 0, ""},
		{"two need it, and one another", foundBy(e, mine, other, mine), 2, 2, ""},
		{"nothing does", foundBy(e, other), 3, 0, "2026-01-01T04:00:00Z"},
		{"nothing does, still", foundBy(e), 3, 0, "2026-01-01T04:00:00Z"},
		{"one does", foundBy(e, mine), 4, 1, ""},
	} {
		w.found = step.found
		k.step(t.Context(), now)
		s, since := w.status(t, e), ""
		if s.UnneededSince != nil {
			since = s.UnneededSince.UTC().Format(time.RFC3339)
		}
		if w.writes != step.writes || s.LetsPass != step.passes || since != step.unneeded {
			t.Errorf("%s: %d writes, lets %d pass, unneeded since %q: want %d, %d, %q", step.name, w.writes, s.LetsPass, since, step.writes, step.passes, step.unneeded)
		}
		now = now.Add(time.Hour)
	}
}

func TestInForce(t *testing.T) {
	e, now := evaluator(t), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		policy, expires, reason, message string
		status                           metav1.ConditionStatus
	}{
		{"double-tls", "2026-01-01", v1alpha1.ReasonInForce, "exempted until 2026-01-01 by Exemption legacy: OPS-1", metav1.ConditionTrue},
		{"double-tls", "2025-12-31", v1alpha1.ReasonExpired, "its last day is over: it lets nothing pass any more", metav1.ConditionFalse},
		{"double-tsl", "2026-01-01", v1alpha1.ReasonRefused, `spec.policy: there is no policy "double-tsl"`, metav1.ConditionFalse},
		{"double-tls", "soon", v1alpha1.ReasonRefused, `spec.expires: want a day as 2027-01-31, got "soon"`, metav1.ConditionFalse},
	} {
		have := conditionOf(read(e, exemption(c.policy, c.expires)), now)
		if have.Status != c.status || have.Reason != c.reason || have.Message != c.message {
			t.Errorf("%s until %s: %s %s %q", c.policy, c.expires, have.Status, have.Reason, have.Message)
		}
	}
}

// What cannot be written is left alone for a while.
func TestFailedWriteIsTriedAgainLater(t *testing.T) {
	e, w, tries := evaluator(t), &world{stored: exemption("double-tls", "2099-12-31")}, 0
	k := New(Options{Stored: func() []*unstructured.Unstructured { return []*unstructured.Unstructured{w.stored} },
		Evaluator: func() *admission.Evaluator { return e }, IsLeader: func() bool { return true }, Latest: func() *audit.Found { return nil },
		Write: func(ctx context.Context, name string, s v1alpha1.ExemptionStatus) error {
			tries++
			return w.write(ctx, name, s)
		},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	now := time.Now()
	w.fails = errors.New("away")
	k.step(t.Context(), now)
	k.step(t.Context(), now.Add(retry/2))
	w.fails = nil
	k.step(t.Context(), now.Add(2*retry))
	k.step(t.Context(), now.Add(3*retry))
	if tries != 2 || w.writes != 1 {
		t.Errorf("%d tries, %d writes", tries, w.writes)
	}
}

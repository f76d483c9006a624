package oracle

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/tlsward/tlsward/test/fixes"
	"github.com/tlsward/tlsward/webhook/admission"
)

// TestFixes sees that the denials of random reviews on random meshes can be mended as they say. Istio has no part in it,
// so it makes as many reviews as others make meshes, one in ten of them on an ambient mesh.
func TestFixes(t *testing.T) {
	seed := number(t, "ORACLE_SEED", uint64(time.Now().UnixNano()))
	meshes := number(t, "ORACLE_MESHES", 3000)
	first := number(t, "ORACLE_FIRST", 0)
	t.Logf("ORACLE_SEED=%d ORACLE_FIRST=%d ORACLE_MESHES=%d", seed, first, meshes)
	evaluator, err := newEvaluator(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	reviews, denied, hopeless, failed := 0, 0, 0, 0
	policies, classes := map[string]int{}, map[string]int{}
	for i := first; i < first+meshes; i++ {
		review := (*Generator).Review
		if i%10 == 9 {
			review = (*Generator).AmbientReview
		}
		q, ok := review(NewGenerator(seed, i))
		if !ok {
			continue
		}
		reviews++
		denial, err := mended(t.Context(), evaluator, q)
		if denial == "" && err == nil {
			continue
		}
		denied++
		policies[denial]++
		class, broken := brokenClass(err)
		switch {
		case errors.Is(err, fixes.ErrNoFix):
			hopeless++
		case broken:
			failed++
			if classes[class]++; classes[class] == 1 {
				small := shrink(q, func(q Review) bool {
					_, err := mended(context.Background(), evaluator, q)
					is, _ := brokenClass(err)
					return is == class
				})
				_, err = mended(t.Context(), evaluator, small)
				t.Logf("mesh %d:\n%s\n%v", i, small, err)
			}
		case err != nil:
			t.Errorf("mesh %d: %v\n%s", i, err, q)
		}
	}
	t.Logf("%d reviews, %d denied: %d mended, %d say why there is no fix, %d with a fix that does not help",
		reviews, denied, denied-hopeless-failed, hopeless, failed)
	for _, counts := range []map[string]int{policies, classes} {
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			t.Logf("%6d  %s", counts[name], name)
		}
	}
	if denied == 0 && meshes >= 100 {
		t.Error("no review was denied")
	}
	if failed > 0 {
		t.Errorf("of %d denials %d have a fix that does not help", denied, failed)
	}
}

// mended judges a review and does what its denials say. It returns the policy of the first denial, "" for an admission.
func mended(ctx context.Context, evaluator *admission.Evaluator, q Review) (string, error) {
	before, err := Decode(q.Given)
	if err != nil {
		return "", err
	}
	p := &fixes.Player{Evaluator: evaluator, Mesh: before}
	r := admission.Review{Operation: q.Operation}
	if q.Object != nil {
		r.Object = q.Object.JSON()
	}
	if q.Old != nil {
		r.OldObject = q.Old.JSON()
	}
	decision, err := p.Play(ctx, &r)
	if err != nil || decision.Allowed {
		return "", err
	}
	return fixes.FirstDenial(decision).Policy, p.ApplyFixes(ctx, r, decision)
}

// brokenClass names a promise that was not kept: by whom, and how.
func brokenClass(err error) (class string, broken bool) {
	var b *fixes.FixError
	if !errors.As(err, &b) {
		return "", false
	}
	return b.Denial.Policy + ": " + b.Reason, true
}

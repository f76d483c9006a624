package oracle

import (
	"context"
	"regexp"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// TestReviews has Istio check random reviews on random meshes: that a mutation keeps its promises, that no admission
// takes anybody's TLS, and that a refusal is right. A review needs up to three meshes, so it makes a third of them.
func TestReviews(t *testing.T) {
	checker, err := NewReviewChecker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	randomReviews{checker: checker, make: (*Generator).Review, share: 3, seed: number(t, "ORACLE_SEED", uint64(time.Now().UnixNano())), constructs: reviewConstructs}.all(t)
}

// TestGatewayAPIReviews does so for reviews of the Gateway API's routes and policies, of which istiod's own controller makes
// VirtualServices and DestinationRules.
func TestGatewayAPIReviews(t *testing.T) {
	checker, err := NewReviewChecker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	randomReviews{checker: checker, make: (*Generator).GatewayAPIReview, share: 6, seed: number(t, "ORACLE_SEED", uint64(time.Now().UnixNano())),
		constructs: gatewayAPIReviewConstructs}.all(t)
}

// TestKubernetesGatewayReviews does so for reviews on meshes with Gateways of the Gateway API, of these, their ListenerSets, routes and
// ReferenceGrants, and of what else moves what comes to them; it asks about the pods of these Gateways, too.
func TestKubernetesGatewayReviews(t *testing.T) {
	checker, err := NewReviewChecker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	randomReviews{checker: checker, make: (*Generator).KubernetesGatewayReview, share: 20, seed: number(t, "ORACLE_SEED", uint64(time.Now().UnixNano())),
		constructs: kubernetesGatewayReviewConstructs}.all(t)
}

// TestAmbientReviews does so for waypoints, in a process of its own with ambient mode on.
func TestAmbientReviews(t *testing.T) {
	seed := number(t, "ORACLE_SEED", uint64(time.Now().UnixNano()))
	if !ambient(t, seed) {
		return
	}
	checker, err := NewAmbientReviewChecker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	randomReviews{checker: checker, make: (*Generator).AmbientReview, share: 6, seed: seed, constructs: reviewConstructs}.all(t)
}

// randomReviews are random reviews that one checker decides on.
type randomReviews struct {
	checker *ReviewChecker
	make    func(*Generator) (Review, bool)
	// share of 3 makes one review where other tests make three meshes.
	share, seed uint64
	// constructs are those that must be made.
	constructs []string
}

func (r randomReviews) all(t *testing.T) {
	meshes := number(t, "ORACLE_MESHES", 3000) / r.share
	first := number(t, "ORACLE_FIRST", 0)
	t.Logf("ORACLE_SEED=%d ORACLE_FIRST=%d ORACLE_MESHES=%d", r.seed, first, r.share*meshes)
	checker, coverage, classes := r.checker, Coverage{}, map[string]int{}
	var total Verdict
	patched, allowed, reviews, failed := 0, 0, 0, 0
	for i := first; i < first+meshes; i++ {
		g := NewGenerator(r.seed, i)
		q, ok := r.make(g)
		if !ok {
			continue
		}
		coverage.Add(g.Coverage)
		v, err := checker.Check(t.Context(), q)
		if err != nil {
			t.Fatalf("mesh %d: %v\n%s", i, err, q)
		}
		reviews++
		patched += count(v.Patched)
		allowed += count(v.Allowed)
		total.Checked += v.Checked
		total.Refused += v.Refused
		total.Careful += v.Careful
		total.Crashed += v.Crashed
		total.Unrouted += v.Unrouted
		if len(v.Wrong) == 0 {
			continue
		}
		failed++
		class := classOf(v.Wrong[0])
		if classes[class]++; classes[class] == 1 {
			small := shrinkReview(checker, q, class)
			v, _ = checker.Check(t.Context(), small)
			t.Errorf("mesh %d:\n%s\n%s", i, small, firstWrong(v, class))
		}
	}
	t.Logf("%d reviews, %d patched, %d admitted, %d clusters and %d closed ports checked, %d flows refused for plaintext, %d of them with care, %d reviews with something wrong; Istio crashed for %d clients",
		reviews, patched, allowed, total.Checked, total.Unrouted, total.Refused, total.Careful, failed, total.Crashed)
	for class, n := range classes {
		t.Logf("%6d  %s", n, class)
	}
	for _, name := range r.constructs {
		t.Logf("%8d  %s", coverage[name], name)
		if coverage[name] == 0 && meshes >= 1000 {
			t.Errorf("construct never made: %s", name)
		}
	}
}

var firstWords = regexp.MustCompile(`^(the patch \w+|the second pass|admitted|opened|refused for \w+)`)

func classOf(wrong string) string { return firstWords.FindString(wrong) }

func firstWrong(v Verdict, class string) string {
	for _, wrong := range v.Wrong {
		if classOf(wrong) == class {
			return wrong
		}
	}
	return ""
}

// shrinkReview makes the mesh around a review smaller, then the objects of the review.
func shrinkReview(checker *ReviewChecker, q Review, class string) Review {
	return shrink(q, func(q Review) bool {
		v, err := checker.Check(context.Background(), q)
		return err == nil && firstWrong(v, class) != ""
	})
}

// shrink returns the smallest review that it can find of which still is true.
func shrink(q Review, still func(Review) bool) Review {
	whole := func(m Mesh) Review {
		out := Review{Operation: q.Operation}
		for _, d := range m {
			switch role, _ := d.metadata()["role"].(string); role {
			case "object":
				out.Object = unmarked(d)
			case "old":
				out.Old = unmarked(d)
			default:
				out.Given = append(out.Given, d)
			}
		}
		if out.Old != nil {
			out.Given = append(out.Given, out.Old)
		}
		return out
	}
	m := q.After(nil)
	if q.Object != nil {
		m = append(m, marked(q.Object, "object"))
	}
	if q.Old != nil {
		m = append(m, marked(q.Old, "old"))
	}
	same := func(m Mesh) bool {
		next := whole(m)
		return (next.Object == nil) == (q.Object == nil) && (next.Old == nil) == (q.Old == nil) && still(next)
	}
	return whole(Shrink(m, same))
}

func marked(d Document, role string) Document {
	d = d.Clone()
	d.metadata()["role"] = role
	return d
}

func unmarked(d Document) Document {
	d = d.Clone()
	delete(d.metadata(), "role")
	return d
}

// String returns the review as a Suite's case would put it.
func (q Review) String() string {
	given := list{}
	for _, d := range q.Given {
		given = append(given, map[string]any(d))
	}
	review := object{"operation": q.Operation}
	if q.Object != nil {
		review["object"] = map[string]any(q.Object)
	}
	if q.Old != nil {
		review["oldObject"] = map[string]any(q.Old)
	}
	raw, err := yaml.Marshal(object{"given": given, "review": review})
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

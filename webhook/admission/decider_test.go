package admission

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/assume"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

// apiServer answers reads, and counts them.
type apiServer struct {
	objects map[mesh.Ref]*mesh.Object
	err     error
	asked   atomic.Int32
}

func (a *apiServer) get(_ context.Context, ref mesh.Ref) (*mesh.Object, error) {
	a.asked.Add(1)
	return a.objects[ref], a.err
}

// defaultEvaluator is compiled once: it is immutable.
var defaultEvaluator = sync.OnceValues(func() (*Evaluator, error) {
	return NewEvaluator(context.Background(), v1alpha1.DefaultConfig())
})

func testEvaluator(t testing.TB) *Evaluator {
	t.Helper()
	e, err := defaultEvaluator()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func newCache(t testing.TB, texts ...string) *assume.Cache {
	t.Helper()
	return assume.NewCache(mesh.DefaultSettings(), fixture.Objects(t, texts...)...)
}

func newDecider(t *testing.T, api *apiServer, patience time.Duration, texts ...string) *Decider {
	return &Decider{Cache: newCache(t, texts...), Get: api.get, Patience: patience}
}

func creation(t *testing.T, text string) Review {
	return Review{Operation: "CREATE", Object: fixture.JSON(t, text)}
}

// validates reports whether the review is allowed.
func validates(t *testing.T, c *Decider, r Review) bool {
	t.Helper()
	got, err := c.Validate(t.Context(), testEvaluator(t), r)
	if err != nil {
		t.Fatal(err)
	}
	return got.Allowed
}

func TestRouteIsDeniedUntilItsRuleStands(t *testing.T) {
	c := newDecider(t, &apiServer{}, 0, fixture.Egress...)
	if validates(t, c, creation(t, fixture.Route)) {
		t.Fatal("the route is allowed without its rule: the tests below prove nothing")
	}
	c.Cache.Put(fixture.Object(t, fixture.RouteRule), assume.Version{UID: "rule-uid", ResourceVersion: "5"})
	if !validates(t, c, creation(t, fixture.Route)) {
		t.Fatal("the route is denied with its rule")
	}
}

// kubectl apply of a rule and its route: the route's review comes before the event of the rule.
func TestAdmittedPartnerCountsOnceTheServerHasIt(t *testing.T) {
	api := &apiServer{objects: map[mesh.Ref]*mesh.Object{}}
	c := newDecider(t, api, 0, fixture.Egress...)
	rule := creation(t, fixture.RouteRule)
	got, err := c.Validate(t.Context(), testEvaluator(t), rule)
	if err != nil || !got.Allowed {
		t.Fatalf("the rule: %+v, %v", got, err)
	}
	c.Assume(got)

	if validates(t, c, creation(t, fixture.Route)) {
		t.Error("allowed because of a rule that the API server does not have")
	}
	api.objects[fixture.RuleRef] = fixture.Object(t, fixture.RouteRule)
	if !validates(t, c, creation(t, fixture.Route)) {
		t.Error("denied although the API server has the rule")
	}
	api.err = errors.New("no route to host")
	if _, err := c.Validate(t.Context(), testEvaluator(t), creation(t, fixture.Route)); err == nil {
		t.Error("decided without knowing")
	}
}

// A deletion that was admitted and may be on its way makes the route's plaintext possible.
func TestPendingDeletionDenies(t *testing.T) {
	api := &apiServer{objects: map[mesh.Ref]*mesh.Object{fixture.RuleRef: fixture.Object(t, fixture.RouteRule)}}
	c := newDecider(t, api, 0, append(fixture.Egress, fixture.RouteRule)...)
	c.Cache.Assume(assume.Write{Ref: fixture.RuleRef, Object: nil, Base: assume.Version{UID: "rule-uid", ResourceVersion: "5"}})
	if validates(t, c, creation(t, fixture.Route)) {
		t.Error("allowed while the rule is being deleted")
	}
}

func TestNothingIsAskedWhereAllAgree(t *testing.T) {
	api := &apiServer{}
	c := newDecider(t, api, 0, fixture.Entry)
	c.Cache.Assume(assume.Write{Ref: mesh.Ref{Kind: mesh.KindSidecar, Namespace: "lab", Name: "x"}, Object: nil, Base: assume.Version{}})
	if !validates(t, c, creation(t, fixture.GoodRule)) || api.asked.Load() != 0 {
		t.Errorf("the API server was asked %d times", api.asked.Load())
	}
}

func TestDryRunAndDenialsAreNotExpected(t *testing.T) {
	c := newDecider(t, &apiServer{}, 0, fixture.Entry)
	dry := creation(t, fixture.GoodRule)
	dry.DryRun = true
	for _, r := range []Review{dry, creation(t, fixture.DisabledRule), creation(t, "{apiVersion: v1, kind: ConfigMap}")} {
		got, err := c.Validate(t.Context(), testEvaluator(t), r)
		if err != nil {
			t.Fatal(err)
		}
		c.Assume(got)
	}
	if n := len(c.Cache.View().Writes); n != 0 {
		t.Errorf("%d writes are expected that will never come", n)
	}
}

// Another replica admitted the rule, and its event comes while the route is being judged.
func TestRefusalWaitsForEvents(t *testing.T) {
	c := newDecider(t, &apiServer{}, 5*time.Second, fixture.Egress...)
	go func() {
		time.Sleep(20 * time.Millisecond)
		c.Cache.Put(fixture.Object(t, fixture.Entry), assume.Version{UID: "e", ResourceVersion: "4"}) // not yet what is missing
		c.Cache.Put(fixture.Object(t, fixture.Egress[0]), assume.Version{UID: "e", ResourceVersion: "5"})
		c.Cache.Put(fixture.Object(t, fixture.RouteRule), assume.Version{UID: "rule-uid", ResourceVersion: "6"})
	}()
	begin := time.Now()
	if !validates(t, c, creation(t, fixture.Route)) {
		t.Error("denied although the rule arrived in time")
	}
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("took %s: the event was not heeded", took)
	}
}

func TestRefusalDoesNotWaitForever(t *testing.T) {
	c := newDecider(t, &apiServer{}, 30*time.Millisecond, fixture.Egress...)
	begin := time.Now()
	if validates(t, c, creation(t, fixture.Route)) {
		t.Error("allowed without its rule")
	}
	if took := time.Since(begin); took < 30*time.Millisecond || took > 2*time.Second {
		t.Errorf("took %s", took)
	}
}

// The stored object that an UPDATE or DELETE brings goes before what the events have told.
func TestStoredObjectComesWithTheReview(t *testing.T) {
	judge, snap := testEvaluator(t), newCache(t, fixture.Entry).View().Stored
	for name, r := range map[string]Review{
		"UPDATE": {Operation: "UPDATE", Object: fixture.JSON(t, fixture.DisabledRule), OldObject: fixture.JSON(t, fixture.GoodRule)},
		"DELETE": {Operation: "DELETE", OldObject: fixture.JSON(t, fixture.GoodRule)},
	} {
		got, err := judge.Validate(t.Context(), snap, r)
		if err != nil {
			t.Fatal(err)
		}
		if got.Allowed || !strings.Contains(got.Violations[0].Policy, "plaintext-egress") {
			t.Errorf("%s: TLS is lost, and it is allowed: %+v", name, got)
		}
	}
}

func TestUpdateKeepsItsAge(t *testing.T) {
	old := strings.Replace(fixture.GoodRule, "namespace: default", `namespace: default, creationTimestamp: "2020-01-01T00:00:00Z"`, 1)
	snap := newCache(t, fixture.Entry).View().Stored
	created := func(r Review) int {
		t.Helper()
		q, err := r.decode()
		if err != nil {
			t.Fatal(err)
		}
		return q.on(snap).after.Get(fixture.RuleRef).Created.Year()
	}
	if got := created(Review{Operation: "UPDATE", Object: fixture.JSON(t, fixture.GoodRule), OldObject: fixture.JSON(t, old)}); got != 2020 {
		t.Errorf("created in %d, want the stored object's year", got)
	}
	if got := created(Review{Operation: "CREATE", Object: fixture.JSON(t, fixture.GoodRule)}); got != 1 {
		t.Errorf("a new object was created in %d, want never", got)
	}
	snap = newCache(t, fixture.Entry, old).View().Stored
	if got := created(Review{Operation: "UPDATE", Object: fixture.JSON(t, fixture.GoodRule)}); got != 2020 {
		t.Errorf("without oldObject: created in %d", got)
	}
}

// The fixture.Entry was applied a moment ago, on another replica: its rule must not miss the TLS that it would have got.
func TestMutationWaitsForTheHost(t *testing.T) {
	c := newDecider(t, &apiServer{}, 5*time.Second)
	go func() {
		time.Sleep(20 * time.Millisecond)
		c.Cache.Put(fixture.Object(t, fixture.Entry), assume.Version{UID: "e", ResourceVersion: "4"})
	}()
	patch, err := c.Mutate(t.Context(), testEvaluator(t), creation(t, fixture.BareRule))
	if err != nil || len(patch) == 0 {
		t.Errorf("no patch: %v", err)
	}
	begin := time.Now()
	if _, err := c.Mutate(t.Context(), testEvaluator(t), creation(t, fixture.GoodRule)); err != nil || time.Since(begin) > time.Second {
		t.Errorf("a complete rule waited %s, %v", time.Since(begin), err)
	}
}

func TestObjectWithoutNamespaceTakesTheRequests(t *testing.T) {
	homeless := func(text string) []byte {
		return fixture.JSON(t, strings.Replace(text, ", namespace: default", "", 1))
	}
	snap := newCache(t, fixture.Entry).View().Stored
	r := Review{Operation: "CREATE", Object: homeless(fixture.BareRule), Namespace: "default"}
	mutated, patch, err := testEvaluator(t).Mutate(snap, r)
	if err != nil || len(patch) != 1 || patch[0].Path != "/spec/trafficPolicy" || !strings.Contains(string(mutated), `"default"`) {
		t.Errorf("%s %v %v", mutated, patch, err)
	}
	q, err := r.decode()
	if err != nil || q.ref != fixture.RuleRef {
		t.Errorf("read as %v, %v", q, err)
	}
}

package webhook

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tlsward/tlsward/mesh"
)

// The route takes traffic out through a gateway to a plaintext port: it is denied until goodRule's like stands for
// the gateway's namespace.
var gateway = []string{`
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: shop, namespace: default}
spec:
  hosts: [shop.example.com]
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]
  resolution: DNS`, `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: egress, namespace: default}
spec:
  selector: {istio: egressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}]`, `
apiVersion: v1
kind: Service
metadata: {name: istio-egressgateway, namespace: istio-system}
spec:
  selector: {istio: egressgateway}
  ports: [{name: http, port: 80}]`}

const (
	route = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: default, uid: route-uid}
spec:
  hosts: [shop.example.com]
  gateways: [egress, mesh]
  http:
  - match: [{gateways: [mesh], port: 80}]
    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 80}}}]
  - match: [{gateways: [egress], port: 80}]
    route: [{destination: {host: shop.example.com, port: {number: 80}}}]`
	routeRule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop, namespace: default, uid: rule-uid}
spec:
  host: shop.example.com
  trafficPolicy:
    portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]`
)

// apiServer answers fetches, and counts them.
type apiServer struct {
	objects map[mesh.Ref]*mesh.Object
	err     error
	asked   atomic.Int32
}

func (a *apiServer) fetch(_ context.Context, ref mesh.Ref) (*mesh.Object, error) {
	a.asked.Add(1)
	return a.objects[ref], a.err
}

func newCourt(t *testing.T, api *apiServer, patience time.Duration, texts ...string) *court {
	return &court{store: newStore(t, texts...), fetch: api.fetch, patience: patience}
}

func creation(t *testing.T, text string) Review {
	return Review{Operation: "CREATE", Object: raw(t, text)}
}

// validates asks the court, and gives whether it allows.
func validates(t *testing.T, c *court, r Review) bool {
	t.Helper()
	got, err := c.validate(t.Context(), testJudge(t), r)
	if err != nil {
		t.Fatal(err)
	}
	return got.Allowed
}

func TestRouteIsDeniedUntilItsRuleStands(t *testing.T) {
	c := newCourt(t, &apiServer{}, 0, gateway...)
	if validates(t, c, creation(t, route)) {
		t.Fatal("the route is allowed without its rule: the tests below prove nothing")
	}
	c.store.Put(object(t, routeRule), Version{"rule-uid", "5"})
	if !validates(t, c, creation(t, route)) {
		t.Fatal("the route is denied with its rule")
	}
}

// kubectl apply of a rule and its route: the route's review comes before the event of the rule.
func TestAdmittedPartnerCountsOnceTheServerHasIt(t *testing.T) {
	api := &apiServer{objects: map[mesh.Ref]*mesh.Object{}}
	c := newCourt(t, api, 0, gateway...)
	rule := creation(t, routeRule)
	got, err := c.validate(t.Context(), testJudge(t), rule)
	if err != nil || !got.Allowed {
		t.Fatalf("the rule: %+v, %v", got, err)
	}
	c.admitted(got)

	if validates(t, c, creation(t, route)) {
		t.Error("allowed because of a rule that the API server does not have")
	}
	api.objects[ruleRef] = object(t, routeRule)
	if !validates(t, c, creation(t, route)) {
		t.Error("denied although the API server has the rule")
	}
	api.err = errors.New("no route to host")
	if _, err := c.validate(t.Context(), testJudge(t), creation(t, route)); err == nil {
		t.Error("decided without knowing")
	}
}

// A deletion that was admitted and may be on its way makes the route's plaintext possible.
func TestPendingDeletionDenies(t *testing.T) {
	api := &apiServer{objects: map[mesh.Ref]*mesh.Object{ruleRef: object(t, routeRule)}}
	c := newCourt(t, api, 0, append(gateway, routeRule)...)
	c.store.Admitted(ruleRef, nil, Version{"rule-uid", "5"})
	if validates(t, c, creation(t, route)) {
		t.Error("allowed while the rule is being deleted")
	}
}

func TestNothingIsAskedWhereAllAgree(t *testing.T) {
	api := &apiServer{}
	c := newCourt(t, api, 0, entry)
	c.store.Admitted(mesh.Ref{Kind: mesh.KindSidecar, Namespace: "lab", Name: "x"}, nil, Version{})
	if !validates(t, c, creation(t, goodRule)) || api.asked.Load() != 0 {
		t.Errorf("the API server was asked %d times", api.asked.Load())
	}
}

func TestDryRunAndDenialsAreNotExpected(t *testing.T) {
	c := newCourt(t, &apiServer{}, 0, entry)
	dry := creation(t, goodRule)
	dry.DryRun = true
	for _, r := range []Review{dry, creation(t, disabledRule), creation(t, "{apiVersion: v1, kind: ConfigMap}")} {
		got, err := c.validate(t.Context(), testJudge(t), r)
		if err != nil {
			t.Fatal(err)
		}
		c.admitted(got)
	}
	if n := len(c.store.View().pending); n != 0 {
		t.Errorf("%d writes are expected that will never come", n)
	}
}

// Another replica admitted the rule, and its event comes while the route is being judged.
func TestRefusalWaitsForEvents(t *testing.T) {
	c := newCourt(t, &apiServer{}, 5*time.Second, gateway...)
	go func() {
		time.Sleep(20 * time.Millisecond)
		c.store.Put(object(t, entry), Version{"e", "4"}) // not yet what is missing
		c.store.Put(object(t, gateway[0]), Version{"e", "5"})
		c.store.Put(object(t, routeRule), Version{"rule-uid", "6"})
	}()
	begin := time.Now()
	if !validates(t, c, creation(t, route)) {
		t.Error("denied although the rule arrived in time")
	}
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("took %s: the event was not heeded", took)
	}
}

func TestRefusalDoesNotWaitForever(t *testing.T) {
	c := newCourt(t, &apiServer{}, 30*time.Millisecond, gateway...)
	begin := time.Now()
	if validates(t, c, creation(t, route)) {
		t.Error("allowed without its rule")
	}
	if took := time.Since(begin); took < 30*time.Millisecond || took > 2*time.Second {
		t.Errorf("took %s", took)
	}
}

// The stored object that an UPDATE or DELETE brings goes before what the events have told.
func TestStoredObjectComesWithTheReview(t *testing.T) {
	judge, snap := testJudge(t), newStore(t, entry).View().Stored
	for name, r := range map[string]Review{
		"UPDATE": {Operation: "UPDATE", Object: raw(t, disabledRule), OldObject: raw(t, goodRule)},
		"DELETE": {Operation: "DELETE", OldObject: raw(t, goodRule)},
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
	old := strings.Replace(goodRule, "namespace: default", `namespace: default, creationTimestamp: "2020-01-01T00:00:00Z"`, 1)
	snap := newStore(t, entry).View().Stored
	created := func(r Review) int {
		t.Helper()
		q, err := r.read()
		if err != nil {
			t.Fatal(err)
		}
		return q.on(snap).after.Get(ruleRef).Created.Year()
	}
	if got := created(Review{Operation: "UPDATE", Object: raw(t, goodRule), OldObject: raw(t, old)}); got != 2020 {
		t.Errorf("created in %d, want the stored object's year", got)
	}
	if got := created(Review{Operation: "CREATE", Object: raw(t, goodRule)}); got != 1 {
		t.Errorf("a new object was created in %d, want never", got)
	}
	snap = newStore(t, entry, old).View().Stored
	if got := created(Review{Operation: "UPDATE", Object: raw(t, goodRule)}); got != 2020 {
		t.Errorf("without oldObject: created in %d", got)
	}
}

// The entry was applied a moment ago, on another replica: its rule must not miss the TLS that it would have got.
func TestMutationWaitsForTheHost(t *testing.T) {
	c := newCourt(t, &apiServer{}, 5*time.Second)
	go func() {
		time.Sleep(20 * time.Millisecond)
		c.store.Put(object(t, entry), Version{"e", "4"})
	}()
	patch, err := c.mutate(t.Context(), testJudge(t), creation(t, bareRule))
	if err != nil || len(patch) == 0 {
		t.Errorf("no patch: %v", err)
	}
	begin := time.Now()
	if _, err := c.mutate(t.Context(), testJudge(t), creation(t, goodRule)); err != nil || time.Since(begin) > time.Second {
		t.Errorf("a complete rule waited %s, %v", time.Since(begin), err)
	}
}

func TestObjectWithoutNamespaceTakesTheRequests(t *testing.T) {
	homeless := func(text string) []byte {
		return raw(t, strings.Replace(text, ", namespace: default", "", 1))
	}
	snap := newStore(t, entry).View().Stored
	r := Review{Operation: "CREATE", Object: homeless(bareRule), Namespace: "default"}
	mutated, patch, err := testJudge(t).Mutate(snap, r)
	if err != nil || len(patch) != 1 || patch[0].Path != "/spec/trafficPolicy" || !strings.Contains(string(mutated), `"default"`) {
		t.Errorf("%s %v %v", mutated, patch, err)
	}
	q, err := r.read()
	if err != nil || q.ref != ruleRef {
		t.Errorf("read as %v, %v", q, err)
	}
}

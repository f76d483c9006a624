package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"

	"github.com/tlsward/tlsward/mesh"
)

// expectOthers has n writes on their way that have nothing to do with what is asked.
func expectOthers(t *testing.T, c *court, from, n int) {
	t.Helper()
	for i := range n {
		o := object(t, fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: other-%d, namespace: default}
spec:
  hosts: [other-%d.example.com]
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]
  resolution: DNS`, from+i, from+i))
		c.store.Admitted(o.Ref, o, Version{UID: fmt.Sprint("other-", from+i)})
	}
}

// ruling asks the court about a review.
func rules(t *testing.T, c *court, r Review) ruling {
	t.Helper()
	got, err := c.validate(t.Context(), testJudge(t), r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Of five hundred writes on their way one matters, and one is read.
func TestOnlyWhatTheAnswerHangsOnIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		stored  []string                  // beside the gateway
		pending *mesh.Object              // the write that matters, nil for a deletion
		server  map[mesh.Ref]*mesh.Object // what the API server has of it
		allowed bool
		hangsOn string
	}{
		"a rule that has landed": {nil, object(t, routeRule), map[mesh.Ref]*mesh.Object{ruleRef: object(t, routeRule)}, true, ""},
		"a rule that has not": {nil, object(t, routeRule), nil, false,
			"hangs on DestinationRule default/shop, which was admitted a moment ago and is not stored yet"},
		"a deletion that is done": {[]string{routeRule}, nil, nil, false, ""},
		"a deletion that is not": {[]string{routeRule}, nil, map[mesh.Ref]*mesh.Object{ruleRef: object(t, routeRule)}, false,
			"hangs on the deletion of DestinationRule default/shop, which was admitted a moment ago and is not done yet"},
		"an update that has not landed": {[]string{routeRule}, object(t, plainRouteRule), map[mesh.Ref]*mesh.Object{ruleRef: object(t, routeRule)},
			false, "hangs on DestinationRule default/shop"},
		"an update that has landed": {[]string{plainRouteRule}, object(t, routeRule), map[mesh.Ref]*mesh.Object{ruleRef: object(t, routeRule)}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			api := &apiServer{objects: c.server}
			court := newCourt(t, api, 0, append(gateway, c.stored...)...)
			expectOthers(t, court, 0, 300)
			court.store.Admitted(ruleRef, c.pending, Version{UID: "rule-uid", ResourceVersion: "5"})
			expectOthers(t, court, 300, 200)
			got := rules(t, court, creation(t, route))
			if got.Allowed != c.allowed || !strings.Contains(got.hangsOn, c.hangsOn) || (got.hangsOn == "") != (c.hangsOn == "") {
				t.Errorf("allowed %v, hangs on %q; want %v, %q", got.Allowed, got.hangsOn, c.allowed, c.hangsOn)
			}
			if n := api.asked.Load(); n != 1 {
				t.Errorf("the API server was asked %d times, want once", n)
			}
		})
	}
}

// plainRouteRule takes the TLS of routeRule away.
var plainRouteRule = strings.Replace(routeRule, "mode: SIMPLE", "mode: DISABLE", 1)

// An answer that hangs on many writes is a refusal after so many reads, and a yes once events have told.
func TestReadsAreBounded(t *testing.T) {
	api := &apiServer{objects: map[mesh.Ref]*mesh.Object{}}
	c := newCourt(t, api, 0, gateway[1:]...)
	many := maxConfirmed + 1
	var hosts, ways []string
	for i := range many {
		host := fmt.Sprintf("shop-%d.example.com", i)
		c.store.Put(object(t, strings.NewReplacer("shop.example.com", host, "name: shop", fmt.Sprint("name: shop-", i)).Replace(gateway[0])), Version{})
		rule := object(t, strings.NewReplacer("shop.example.com", host, "name: shop", fmt.Sprint("name: shop-", i)).Replace(routeRule))
		c.store.Admitted(rule.Ref, rule, Version{UID: fmt.Sprint("rule-", i)})
		api.objects[rule.Ref] = rule
		hosts = append(hosts, host)
		ways = append(ways, fmt.Sprintf("{destination: {host: %s, port: {number: 80}}, weight: 1}", host))
	}
	list := strings.Join(hosts, ", ")
	c.store.Put(object(t, strings.Replace(gateway[1], "hosts: [shop.example.com]", "hosts: ["+list+"]", 1)), Version{})
	all := strings.Replace(route, "hosts: [shop.example.com]", "hosts: ["+list+"]", 1)
	all = strings.Replace(all, "[{destination: {host: shop.example.com, port: {number: 80}}}]", "["+strings.Join(ways, ", ")+"]", 1)
	got := rules(t, c, creation(t, all))
	if got.Allowed || !strings.Contains(got.hangsOn, "more than 8 writes") || api.asked.Load() != maxConfirmed {
		t.Errorf("allowed %v, hangs on %q, %d reads", got.Allowed, got.hangsOn, api.asked.Load())
	}
	rule := c.store.View().pending[0]
	c.store.Put(rule.object, Version{UID: rule.base.UID, ResourceVersion: "9"})
	if got := rules(t, c, creation(t, all)); !got.Allowed {
		t.Errorf("still refused with one write less: %s", got.hangsOn)
	}
}

// Whoever is refused because of a write on its way is told so.
func TestDenialNamesTheWriteThatItHangsOn(t *testing.T) {
	store := newStore(t, gateway...)
	store.Admitted(ruleRef, object(t, routeRule), Version{UID: "rule-uid"})
	var log strings.Builder
	h := NewHandler(HandlerOptions{Store: store, Metrics: NewMetrics(prometheus.NewRegistry()),
		Fetch: func(context.Context, mesh.Ref) (*mesh.Object, error) { return nil, nil },
		Log:   slog.New(slog.NewJSONHandler(&log, nil))})
	h.Use(testJudge(t))
	body := fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE",`+
		`"kind":{"group":"networking.istio.io","version":"v1","kind":"VirtualService"},"name":"shop","namespace":"default","object":%s}}`, raw(t, route))
	request := httptest.NewRequest(http.MethodPost, "/validate", strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	h.Routes().ServeHTTP(answer, request)
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(text, &review); err != nil || review.Response == nil || review.Response.Allowed {
		t.Fatalf("%s, %v", text, err)
	}
	const want = "This hangs on DestinationRule default/shop, which was admitted a moment ago and is not stored yet. Try again in a moment."
	if message := review.Response.Result.Message; !strings.HasSuffix(message, want) || !strings.Contains(message, "is refused") {
		t.Errorf("the message does not end as it should: %s", message)
	}
	if !strings.Contains(log.String(), `"unconfirmed":"This hangs on`) {
		t.Errorf("the log does not tell: %s", log.String())
	}
}

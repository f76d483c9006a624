package admission

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/assume"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

// assumeOthers assumes n writes on their way that have nothing to do with what is asked.
func assumeOthers(t *testing.T, c *Decider, from, n int) {
	t.Helper()
	for i := range n {
		o := fixture.Object(t, fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: other-%d, namespace: default}
spec:
  hosts: [other-%d.example.com]
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]
  resolution: DNS`, from+i, from+i))
		c.Cache.Assume(assume.Write{Ref: o.Ref, Object: o, Base: assume.Version{UID: fmt.Sprint("other-", from+i)}})
	}
}

// decide returns the decision on a review.
func decide(t *testing.T, c *Decider, r Review) Decision {
	t.Helper()
	got, err := c.Validate(t.Context(), testEvaluator(t), r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Of five hundred writes on their way one matters, and one is read.
func TestOnlyWhatTheAnswerHangsOnIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		stored      []string                  // beside the gateway
		write       *mesh.Object              // the write that matters, nil for a deletion
		server      map[mesh.Ref]*mesh.Object // what the API server has of it
		allowed     bool
		unconfirmed string
	}{
		"a rule that has landed": {nil, fixture.Object(t, fixture.RouteRule), map[mesh.Ref]*mesh.Object{fixture.RuleRef: fixture.Object(t, fixture.RouteRule)}, true, ""},
		"a rule that has not": {nil, fixture.Object(t, fixture.RouteRule), nil, false,
			"hangs on DestinationRule default/shop, which was admitted a moment ago and is not stored yet"},
		"a deletion that is done": {[]string{fixture.RouteRule}, nil, nil, false, ""},
		"a deletion that is not": {[]string{fixture.RouteRule}, nil, map[mesh.Ref]*mesh.Object{fixture.RuleRef: fixture.Object(t, fixture.RouteRule)}, false,
			"hangs on the deletion of DestinationRule default/shop, which was admitted a moment ago and is not done yet"},
		"an update that has not landed": {[]string{fixture.RouteRule}, fixture.Object(t, plainRouteRule), map[mesh.Ref]*mesh.Object{fixture.RuleRef: fixture.Object(t, fixture.RouteRule)},
			false, "hangs on DestinationRule default/shop"},
		"an update that has landed": {[]string{plainRouteRule}, fixture.Object(t, fixture.RouteRule), map[mesh.Ref]*mesh.Object{fixture.RuleRef: fixture.Object(t, fixture.RouteRule)}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			api := &apiServer{objects: c.server}
			decider := newDecider(t, api, 0, append(fixture.Egress, c.stored...)...)
			assumeOthers(t, decider, 0, 300)
			decider.Cache.Assume(assume.Write{Ref: fixture.RuleRef, Object: c.write, Base: assume.Version{UID: "rule-uid", ResourceVersion: "5"}})
			assumeOthers(t, decider, 300, 200)
			got := decide(t, decider, creation(t, fixture.Route))
			if got.Allowed != c.allowed || !strings.Contains(got.Unconfirmed, c.unconfirmed) || (got.Unconfirmed == "") != (c.unconfirmed == "") {
				t.Errorf("allowed %v, hangs on %q; want %v, %q", got.Allowed, got.Unconfirmed, c.allowed, c.unconfirmed)
			}
			if n := api.asked.Load(); n != 1 {
				t.Errorf("the API server was asked %d times, want once", n)
			}
		})
	}
}

// plainRouteRule takes the TLS of fixture.RouteRule away.
var plainRouteRule = strings.Replace(fixture.RouteRule, "mode: SIMPLE", "mode: DISABLE", 1)

// An answer that hangs on many writes is a refusal after so many reads, and a yes once events have told.
func TestReadsAreBounded(t *testing.T) {
	api := &apiServer{objects: map[mesh.Ref]*mesh.Object{}}
	c := newDecider(t, api, 0, fixture.Egress[1:]...)
	many := maxConfirmed + 1
	var hosts, ways []string
	for i := range many {
		host := fmt.Sprintf("shop-%d.example.com", i)
		c.Cache.Put(fixture.Object(t, strings.NewReplacer("shop.example.com", host, "name: shop", fmt.Sprint("name: shop-", i)).Replace(fixture.Egress[0])), assume.Version{})
		rule := fixture.Object(t, strings.NewReplacer("shop.example.com", host, "name: shop", fmt.Sprint("name: shop-", i)).Replace(fixture.RouteRule))
		c.Cache.Assume(assume.Write{Ref: rule.Ref, Object: rule, Base: assume.Version{UID: fmt.Sprint("rule-", i)}})
		api.objects[rule.Ref] = rule
		hosts = append(hosts, host)
		ways = append(ways, fmt.Sprintf("{destination: {host: %s, port: {number: 80}}, weight: 1}", host))
	}
	list := strings.Join(hosts, ", ")
	c.Cache.Put(fixture.Object(t, strings.Replace(fixture.Egress[1], "hosts: [shop.example.com]", "hosts: ["+list+"]", 1)), assume.Version{})
	all := strings.Replace(fixture.Route, "hosts: [shop.example.com]", "hosts: ["+list+"]", 1)
	all = strings.Replace(all, "[{destination: {host: shop.example.com, port: {number: 80}}}]", "["+strings.Join(ways, ", ")+"]", 1)
	got := decide(t, c, creation(t, all))
	if got.Allowed || !strings.Contains(got.Unconfirmed, "more than 8 writes") || api.asked.Load() != maxConfirmed {
		t.Errorf("allowed %v, hangs on %q, %d reads", got.Allowed, got.Unconfirmed, api.asked.Load())
	}
	rule := c.Cache.View().Writes[0]
	c.Cache.Put(rule.Object, assume.Version{UID: rule.Base.UID, ResourceVersion: "9"})
	if got := decide(t, c, creation(t, all)); !got.Allowed {
		t.Errorf("still refused with one write less: %s", got.Unconfirmed)
	}
}

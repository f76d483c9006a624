package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// However many servers in plaintext share a port, those of one bind and protocol are few for whatever they are held against.
func TestNamesOfOneClassAreFew(t *testing.T) {
	gateway := func(name string) string {
		return fmt.Sprintf("\nGateway %s: {selector: {a: b}, servers: [%s{port: {number: 80, name: x, protocol: HTTP}, bind: 0.0.0.0, hosts: [x.example]}]}", name,
			strings.Repeat("{port: {number: 80, name: p, protocol: HTTP}, hosts: [h.example]}, ", 64))
	}
	s := snapshot(t, gateway("shop/own")+gateway("team-a/a")+gateway("team-a/b"))
	r, own := s.alikeReview(), s.Get(Ref{Kind: KindGateway, Namespace: "shop", Name: "own"})
	pods := r.podServersOf(own, own.Namespace, func() gatewayPods { return s.podsOf(own) })
	classes := pods.names[nameAt{number: 80, key: "*"}]
	if pods.count != 3*65 || len(pods.names) != 1 || len(classes.list) != 2 {
		t.Errorf("got %d names, %d keys, %d classes", pods.count, len(pods.names), len(classes.list))
	}
	for _, n := range r.serverNamesOf(own) {
		if other := pods.firstAlike(n); other == nil || other.object.Namespace != "team-a" || other.bind == n.bind {
			t.Errorf("%s: got %v", n.field, other)
		}
	}
}

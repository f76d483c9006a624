package mesh

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// routesFor returns a VirtualService of namespace shop with n routes.
func routesFor(host string, n int, route string) string {
	routes := make([]string, n)
	for i := range routes {
		routes[i] = strings.ReplaceAll(route, "N", fmt.Sprint(i))
	}
	return "\nVirtualService shop/many: {hosts: [" + host + "], exportTo: [.], http: [" + strings.Join(routes, ", ") + "]}"
}

// rulesFor returns n DestinationRules of namespace shop, each for pods with a label of its own.
func rulesFor(host string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "\nDestinationRule shop/rule-%d: {host: %s, workloadSelector: {matchLabels: {app: n%d}}, trafficPolicy: {tls: {mode: SIMPLE}}}", i, host, i)
	}
	return b.String()
}

// What one object may ask of a review has limits, which a deletion has not.
func TestReviewLimits(t *testing.T) {
	const (
		host        = "api.bank.example"
		bySource    = "{match: [{sourceLabels: {app: nN}}], route: [{destination: {host: api.bank.example}}]}"
		byPath      = "{match: [{uri: {prefix: /N}}], route: [{destination: {host: api.bank.example}}]}"
		toOthers    = "{match: [{uri: {prefix: /N}}], route: [{destination: {host: nN.bank.example}}]}"
		asOthers    = "{match: [{uri: {prefix: /N}}], rewrite: {authority: nN.bank.example}, route: [{destination: {host: api.bank.example}}]}"
		forEachPort = "{match: [{port: 1N}], route: [{destination: {host: api.bank.example}}]}"
	)
	labels := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("l%d: x", i)
		}
		return "\nDestinationRule shop/labels: {host: api.bank.example, workloadSelector: {matchLabels: {" + strings.Join(list, ", ") + "}}}"
	}
	neighbours := func(n int) string {
		return strings.NewReplacer("shop/many", "bank/many", "exportTo: [.]", "exportTo: [shop]", "app: n", "app: m").Replace(routesFor(host, n, bySource))
	}
	const one = `
		DestinationRule shop/one: {host: api.bank.example, workloadSelector: {matchLabels: {app: one}}, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const rule = `
		DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	for _, c := range []struct{ name, before, change, refused string }{
		{"100 source labels", combinedEntry + rule, routesFor(host, 100, bySource), ""},
		{"6,000 source labels", combinedEntry + rule, routesFor(host, 6000, bySource), "6000 selectors for api.bank.example in namespace shop"},
		{"6,000 source labels before anybody declares the host", "", routesFor(host, 6000, bySource), "6000 selectors"},
		{"their deletion", combinedEntry + rule + routesFor(host, 300, bySource), "delete VirtualService shop/many", ""},
		{"10,000 routes", combinedEntry + rule, routesFor(host, 10_000, byPath), ""},
		{"10,000 destinations", combinedEntry + rule, routesFor(host, 10_000, toOthers), "matches and destinations"},
		{"10,000 Host headers", combinedEntry + rule, routesFor(host, 10_000, asOthers), "matches and destinations"},
		{"routes for 1,000 ports", combinedEntry + rule, routesFor(host, 1000, forEachPort), "matches and destinations"},
		{"50 rules by selector", combinedEntry + rule + rulesFor(host, 50), one, ""},
		{"300 rules by selector", combinedEntry + rule + rulesFor(host, 300), one, "301 selectors"},
		{"300 rules for a host that nobody declares", rulesFor(host, 300), one, "301 selectors"},
		{"300 rules, and one more for others", combinedEntry + rulesFor(host, 300), rule, ""},
		{"100 rules beside a neighbour's 200 routes", combinedEntry + rule + rulesFor(host, 100) + neighbours(200), one, ""},
		{"300 rules beside a neighbour's 200 routes", combinedEntry + rule + rulesFor(host, 300) + neighbours(200), one, "301 selectors"},
		{"a neighbour's 40 routes beside 230 rules", combinedEntry + rule + rulesFor(host, 230), neighbours(40), ""},
		{"a neighbour's 300 routes", combinedEntry + rule + rulesFor(host, 100), neighbours(300), "300 selectors"},
		{"64 labels", combinedEntry + rule, labels(64), ""},
		{"4,000 labels", combinedEntry + rule, labels(4000), "asks for 4000 labels"},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, next, object := changed(t, c.before, c.change)
			_, err := Review(t.Context(), old, next, object, nil)
			var limit *LimitError
			if c.refused == "" && err != nil || c.refused != "" && (!errors.As(err, &limit) || !strings.Contains(err.Error(), c.refused)) {
				t.Errorf("have %v, want %q", err, c.refused)
			}
		})
	}
}

// The names of tls routes at servers of mode PASSTHROUGH are bounded together, those of other namespaces' routes at a Gateway are not.
func TestServerNamesLimit(t *testing.T) {
	gateway := func(i, servers int) string {
		list := make([]string, servers)
		for i := range list {
			list[i] = "{port: {number: 443, name: tls, protocol: TLS}, hosts: ['*.bank.example'], tls: {mode: PASSTHROUGH}}"
		}
		return fmt.Sprintf("\nGateway shop/gate-%d: {selector: {a: b}, servers: [%s]}", i, strings.Join(list, ", "))
	}
	gateways := ""
	for i := range 20 {
		gateways += gateway(i, 1)
	}
	routes := func(namespace string, gateways, names int) string {
		return fmt.Sprintf("\nVirtualService %s/v: {hosts: ['*.bank.example'], gateways: %s, tls: [{match: [{sniHosts: %s}], route: [{destination: {host: a.example}}]}]}",
			namespace, numbered(gateways, "shop/gate-%d"), numbered(names, "n%d.bank.example"))
	}
	const refused = "names, more than the 16384 that a review looks at"
	for _, c := range []struct{ name, before, change, refused string }{
		{"at 16 gateways", gateways, routes("shop", 16, 1024), ""},
		{"at 17 gateways", gateways, routes("shop", 17, 1024), refused},
		{"no more than before", gateways + routes("shop", 17, 1024), routes("shop", 17, 1024), ""},
		{"at gateways that are not there", "", routes("shop", 17, 1024), ""},
		{"their deletion", gateways + routes("shop", 17, 1024), "delete VirtualService shop/v", ""},
		{"the gateway that brings them", routes("shop", 1, 1024), gateway(0, 17), refused},
		{"those of others", routes("team-a", 1, 1024), gateway(0, 17), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, next, object := changed(t, c.before, c.change)
			_, err := Review(t.Context(), old, next, object, nil)
			var limit *LimitError
			if c.refused == "" && err != nil || c.refused != "" && (!errors.As(err, &limit) || !strings.Contains(err.Error(), c.refused)) {
				t.Errorf("have %v, want %q", err, c.refused)
			}
		})
	}
}

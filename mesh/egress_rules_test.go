package mesh

import (
	"fmt"
	"slices"
	"testing"
)

// Which rules a client's proxy has for a host, and where else rules for it count that another one may hide.
func TestRulesFor(t *testing.T) {
	s := snapshot(t, `
		Namespace amb: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
		ServiceEntry shop/e: {hosts: [api.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
		ServiceEntry till/e: {hosts: [api.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS, exportTo: ["."]}
		DestinationRule shop/a: {host: api.example.com, trafficPolicy: {tls: {mode: SIMPLE}}}
		DestinationRule shop/b: {host: api.example.com, subsets: [{name: v}]}
		DestinationRule pay/own: {host: "*.example.com", exportTo: ["."]}
		DestinationRule istio-system/all: {host: "*.example.com"}`)
	const host = "api.example.com"
	for namespace, want := range map[string]string{
		"shop":  "[DestinationRule shop/a DestinationRule shop/b]",
		"pay":   "[DestinationRule pay/own]",
		"other": "[DestinationRule shop/a DestinationRule shop/b]",
		"till":  "[DestinationRule istio-system/all]",
	} {
		equal(t, namespace, fmt.Sprint(s.RulesFor(Client{Kind: ClientSidecar, Namespace: namespace}, host)), want)
	}
	equal(t, "an unknown host", fmt.Sprint(s.RulesFor(Client{Kind: ClientSidecar, Namespace: "shop"}, "no.example.com")), "[]")
	if slices.ContainsFunc(s.ClientsOfRules(host), func(c Client) bool { return c.Kind == ClientZtunnel }) ||
		!slices.ContainsFunc(s.Clients(host), func(c Client) bool { return c.Kind == ClientZtunnel }) {
		t.Errorf("ztunnel obeys rules: %v of %v", s.ClientsOfRules(host), s.Clients(host))
	}
	rule := func(namespace, name string) *Object { return s.Get(Ref{KindDestinationRule, namespace, name}) }
	equal(t, "rivals of a rule", fmt.Sprint(s.RivalNamespaces(rule("shop", "a"), host)), "[shop]")
	equal(t, "rivals of the root namespace's", fmt.Sprint(s.RivalNamespaces(rule("istio-system", "all"), host)), "[shop till]")
	equal(t, "entries of a namespace", fmt.Sprint(len(s.EntriesFor(host, "till")), len(s.EntriesFor(host, "pay"))), "1 0")
}

// What was changed of a mesh is what was put in, replaced and taken out.
func TestChanged(t *testing.T) {
	before := snapshot(t, "Sidecar shop/a: {}\nSidecar shop/b: {}\nSidecar shop/c: {}")
	after := before.Without(Ref{KindSidecar, "shop", "a"}).With(objects(t, `Sidecar shop/b: {egress: [{hosts: ["./*"]}]}`)[0]).With(objects(t, "Sidecar till/d: {}")[0])
	text := func(o *Object) string {
		if o == nil {
			return "-"
		}
		return o.Ref.String()
	}
	var got []string
	for was, is := range Changed(before, after) {
		got = append(got, text(was)+" "+text(is))
	}
	equal(t, "changed", fmt.Sprint(got), "[Sidecar shop/a - Sidecar shop/b Sidecar shop/b - Sidecar till/d]")
}

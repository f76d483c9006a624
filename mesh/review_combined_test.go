package mesh

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

const (
	combinedEntry = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	// viaGateway is a gateway, and a route of namespace shop that sends requests there unless pods are labelled.
	viaGateway = `
		Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
		Service egress/egress: {selector: {istio: egress}, ports: [{port: 80}]}
		VirtualService shop/v: {hosts: [api.bank.example], exportTo: [.], gateways: [mesh, egress/gw], http: [
			{match: [{sourceLabels: {egress: direct}}], route: [{destination: {host: api.bank.example}}]},
			{match: [{gateways: [mesh]}], route: [{destination: {host: egress.egress.svc.cluster.local}}]}]}`
	webRule = `
		DestinationRule shop/web @2: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}}, trafficPolicy: {tls: {mode: SIMPLE}}}`
)

// Pods that have the labels of several selectors lose TLS that pods with those of fewer keep.
func TestReviewCombinedClients(t *testing.T) {
	for _, c := range []struct{ name, before, change, lost string }{
		{"two: a rule that comes before another", combinedEntry + webRule + `
			DestinationRule shop/old @1: {host: api.bank.example, workloadSelector: {matchLabels: {team: none}}}`, `
			DestinationRule shop/old @1: {host: api.bank.example, workloadSelector: {matchLabels: {team: shop}}}`,
			"sidecar shop app=web team=shop"},
		{"three: and a route that takes labelled pods straight out", combinedEntry + webRule + viaGateway + `
			DestinationRule shop/old @1: {host: api.bank.example, workloadSelector: {matchLabels: {team: none}}}`, `
			DestinationRule shop/old @1: {host: api.bank.example, workloadSelector: {matchLabels: {team: shop}}}`,
			"sidecar shop app=web egress=direct team=shop"},
		{"no pod can have both", combinedEntry + webRule + `
			DestinationRule shop/old @1: {host: api.bank.example, workloadSelector: {matchLabels: {app: none}}}`, `
			DestinationRule shop/old @1: {host: api.bank.example, workloadSelector: {matchLabels: {app: shop}}}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, next, object := changed(t, c.before, c.change)
			var lost []string
			for _, f := range mustReview(t, old, next, object, nil) {
				if f.Before == Originated && f.Verdict == Plaintext {
					lost = append(lost, f.Client.String())
				}
			}
			equal(t, "clients that lose their TLS", strings.Join(lost, ", "), c.lost)
		})
	}
}

// manySourceLabels returns a VirtualService of namespace shop whose routes ask for n labels with no key in common.
func manySourceLabels(n int) string {
	var routes []string
	for i := range n {
		routes = append(routes, fmt.Sprintf("{match: [{sourceLabels: {padding-%d: x}}], route: [{destination: {host: api.bank.example}}]}", i))
	}
	return "\nVirtualService shop/padded: {hosts: [api.bank.example], exportTo: [.], http: [" + strings.Join(routes, ", ") + "]}"
}

// More combinations than a review looks at are refused where any pod may send plaintext, and nowhere else.
func TestReviewTooManyCombinations(t *testing.T) {
	const selecting = `
		DestinationRule shop/old @1: {host: api.bank.example, workloadSelector: {matchLabels: {team: shop}}, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const everybody = `
		DestinationRule shop/everybody @3: {host: api.bank.example, exportTo: [shop], trafficPolicy: {tls: {mode: SIMPLE}}}`
	for _, c := range []struct {
		name, before, change string
		refused              bool
	}{
		{"some pods have no rule", combinedEntry + selecting + webRule + manySourceLabels(20), `
			DestinationRule shop/old @1: {host: api.bank.example, workloadSelector: {matchLabels: {team: shop}}}`, true},
		{"all pods have TLS", combinedEntry + everybody + webRule + manySourceLabels(20), selecting, false},
		{"few of them", combinedEntry + selecting + webRule + manySourceLabels(3), `
			DestinationRule shop/old @1: {host: api.bank.example, workloadSelector: {matchLabels: {team: shop}}}`, false},
		{"a new host", combinedEntry, strings.ReplaceAll(manySourceLabels(20), "api.bank.example", "www.bank.example"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, next, object := changed(t, c.before, c.change)
			flows, err := Review(t.Context(), old, next, object, nil)
			var limit *LimitError
			if errors.As(err, &limit) != c.refused || c.refused == (err == nil) || c.refused && flows != nil {
				t.Errorf("%d flows, %v", len(flows), err)
			}
		})
	}
}

// A review whose time is up answers nothing.
func TestReviewStops(t *testing.T) {
	old, next, object := changed(t, combinedEntry, webRule)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if flows, err := Review(ctx, old, next, object, nil); err == nil || flows != nil {
		t.Errorf("%d flows, %v", len(flows), err)
	}
}

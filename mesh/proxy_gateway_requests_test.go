package mesh

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// requestDestinations returns where a gateway's routes lead requests, in the order of the routes, each once.
func requestDestinations(s *Snapshot, client Client, number uint32, authority string) string {
	var gateways []string
	for _, g := range s.gatewaysSelecting(client.Namespace, client.Labels) {
		gateways = append(gateways, g.Namespace+"/"+g.Name)
	}
	var list []string
	for _, route := range s.requestRoutesAt(requestsAt{client: client, gateways: gateways, number: number, authority: authority}) {
		for _, d := range route.destinations {
			if to := fmt.Sprintf("%s:%d", d.Host, d.Port); !slices.Contains(list, to) {
				list = append(list, to)
			}
		}
		if matchesEveryRequest(route.match) {
			break
		}
	}
	return strings.Join(list, " | ")
}

// The order in which a gateway's pods try the routes of all namespaces.
func TestRequestRoutes(t *testing.T) {
	const gateway = `Gateway egress/gw @1: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`
	for _, c := range []struct{ name, mesh, want string }{
		{"those that match all come last, and the first of them counts", `
			VirtualService b/b @2: {hosts: [a.example], gateways: [egress/gw], http: [{match: [{uri: {prefix: /x}}], route: [{destination: {host: x.example}}]}, {route: [{destination: {host: y.example}}]}]}
			VirtualService a/a @1: {hosts: [a.example], gateways: [egress/gw], http: [{route: [{destination: {host: all.example}}]}]}`,
			"b/b prefix:\"/x\" x.example; a/a all.example; b/b y.example"},
		{"one for each match", `
			VirtualService a/a @1: {hosts: [a.example], gateways: [egress/gw], http: [
				{match: [{uri: {prefix: /x}}, {uri: {prefix: /}}, {uri: {prefix: /y}}], route: [{destination: {host: x.example}}]}]}`,
			"a/a prefix:\"/x\" x.example; a/a prefix:\"/\" x.example"},
		{"what is exported to the pods' namespace alone goes before what is older", `
			VirtualService a/a @1: {hosts: [a.example], gateways: [egress/gw], http: [{route: [{destination: {host: x.example}}]}]}
			VirtualService b/b @2: {hosts: [a.example], gateways: [egress/gw], exportTo: [istio-system], http: [{route: [{destination: {host: y.example}}]}]}`,
			"b/b y.example; a/a x.example"},
		{"one that answers has its place, and leads nowhere", `
			VirtualService a/a @1: {hosts: [a.example], gateways: [egress/gw], http: [{match: [{uri: {exact: /x}}], directResponse: {status: 200}}]}`,
			"a/a exact:\"/x\""},
	} {
		s := snapshot(t, gateway, c.mesh)
		var list []string
		for _, route := range s.requestRoutesAt(requestsAt{client: parseClient(egressGatewayPods), gateways: []string{"egress/gw"}, number: 80, authority: "a.example"}) {
			text := []string{route.by.Namespace + "/" + route.by.Name}
			if uri := route.match.GetUri(); uri != nil {
				text = append(text, fmt.Sprint(uri))
			}
			for _, d := range route.destinations {
				text = append(text, d.Host)
			}
			list = append(list, strings.Join(text, " "))
		}
		equal(t, c.name, strings.Join(list, "; "), c.want)
	}
}

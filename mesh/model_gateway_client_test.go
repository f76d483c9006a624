package mesh

import (
	"fmt"
	"testing"
)

// The pods behind a Service as a client: where they are, their labels, the Gateways that configure them.
func TestClientBehindService(t *testing.T) {
	const host = "egress.own.svc.cluster.local"
	for _, c := range []struct{ name, mesh, host, want string }{
		{"of a Service that is known", `
			Service own/egress: {selector: {app: egress, version: v1}}
			Gateway z/g: {selector: {app: egress}}`, host, "gateway own app=egress version=v1 [z/g v/g]"},
		{"of one that is not: as its Gateways select", `
			Gateway z/g: {selector: {istio: egress}}
			Gateway z/h: {selector: {app: egress}}`, host, "gateway own istio=egress [z/g z/h v/g]"},
		{"each Gateway once", `
			Gateway v/g: {selector: {istio: egress}}`, host, "gateway own istio=egress [v/g]"},
		{"nothing known", ``, host, "gateway own [v/g]"},
		{"a host that is no Service's", ``, "a.com", "gateway istio-system [v/g]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.mesh, "\nVirtualService v/v: {hosts: [a.com], gateways: [g, mesh]}")
			client := s.clientBehindService(c.host, s.gatewaysBehind(c.host), virtualServiceNamed(t, s, "v"))
			equal(t, "client", fmt.Sprint(client, " ", client.Gateways), c.want)
		})
	}
	equal(t, "without a route", snapshot(t).clientBehindService(host, nil, nil).Gateways, "[]")
}

// The pods of a Gateway as a client, and whether it is known in which namespace they are.
func TestClientOfGateway(t *testing.T) {
	const gateway = `
			Gateway own/g: {selector: {app: egress}}`
	const toGateway = `
			VirtualService own/v: {hosts: [a.com], gateways: [g, mesh],
			  http: [{route: [{destination: {host: a.com}}]}, {route: [{destination: {host: gateway.infra.svc.cluster.local}}]}]}`
	for _, c := range []struct {
		name, mesh, want string
		known            bool
	}{
		{"a Service selects its pods", gateway + `
			Service apps/web: {selector: {app: web}}
			Service infra/egress: {selector: {app: egress, version: v1}}`, "gateway infra app=egress", true},
		{"of several the root namespace's", gateway + `
			Service infra/egress: {selector: {app: egress}}
			Service istio-system/egress: {selector: {app: egress}}
			Service shop/egress: {selector: {app: egress}}`, "gateway istio-system app=egress", true},
		{"none does", gateway + `
			Service apps/all: {}
			Service infra/egress: {selector: {version: v1}}`, "gateway istio-system app=egress", false},
		{"a route of the mesh leads there", toGateway, "gateway infra", true},
		{"by tcp, too", `
			VirtualService own/v: {hosts: [a.com], gateways: [g, mesh],
			  tcp: [{route: [{destination: {host: gateway.infra.svc.cluster.local}}]}]}`, "gateway infra", true},
		{"by a short name", `
			VirtualService own/v: {hosts: [a.com], gateways: [g, mesh], http: [{route: [{destination: {host: gateway}}]}]}`, "gateway own", true},
		{"a Service that selects its pods goes before the route", gateway + toGateway + `
			Service infra2/egress: {selector: {app: egress}}`, "gateway infra2 app=egress", true},
		{"a route for the gateway alone", `
			VirtualService own/v: {hosts: [a.com], gateways: [g], http: [{route: [{destination: {host: gateway.infra.svc.cluster.local}}]}]}`, "gateway istio-system", false},
		{"a route to no gateway", `
			VirtualService own/v: {hosts: [a.com], gateways: [g, mesh], http: [{route: [{destination: {host: b.com}}]}]}`, "gateway istio-system", false},
		{"a Gateway without a selector", `
			Gateway own/g: {}
			Service infra/egress: {selector: {app: egress}}`, "gateway istio-system", false},
		{"a Gateway that is not there", ``, "gateway istio-system", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.mesh)
			var via *virtualService
			if s.virtualServices.Len() > 0 {
				via = virtualServiceNamed(t, s, "v")
			}
			client := s.clientOfGateway("own/g", via)
			equal(t, "client", fmt.Sprint(client, client.Gateways), c.want+" [own/g]")
			equal(t, "known", s.knowsGatewayPods("own/g", via), c.known)
		})
	}
}

package mesh

import "testing"

const egressGatewayPods = "gateway istio-system istio=egressgateway"

// The port of a destination that names none, and the service that has another name.
func TestCompletedGatewayDestinations(t *testing.T) {
	const gateway = `Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}, {port: {number: 81, name: tcp, protocol: TCP}, hosts: ["*"]}]}`
	for _, c := range []struct{ name, mesh, to, http, tcp string }{
		{"an unknown service", ``, `{host: b.example}`, "b.example:80", "b.example:81"},
		{"a service with one port", `
			ServiceEntry egress/b: {hosts: [b.example], resolution: DNS,
				ports: [{number: 8080, name: http, protocol: HTTP}]}`, `{host: b.example}`, "b.example:8080", "b.example:8080"},
		{"a port that is written down", `
			ServiceEntry egress/b: {hosts: [b.example], resolution: DNS,
				ports: [{number: 8080, name: http, protocol: HTTP}]}`, `{host: b.example, port: {number: 1}}`, "b.example:1", "b.example:1"},
		{"a service with several", `
			ServiceEntry egress/b: {hosts: [b.example], resolution: DNS,
				ports: [{number: 8080, name: http, protocol: HTTP}, {number: 8081, name: more,
				protocol: HTTP}]}`, `{host: b.example}`, "b.example:80", "b.example:81"},
		{"for requests a service of the VirtualService's namespace goes first", `
			ServiceEntry egress/b @2: {hosts: [b.example], resolution: DNS, ports: [{number: 8080, name: http, protocol: HTTP}]}
			ServiceEntry shop/b @1: {hosts: [b.example], resolution: DNS,
				ports: [{number: 9090, name: http, protocol: HTTP}]}`, `{host: b.example}`, "b.example:8080", "b.example:9090"},
		{"not one that the gateway's namespace does not see", `
			ServiceEntry egress/b @2: {hosts: [b.example], exportTo: [.], resolution: DNS, ports: [{number: 8080, name: http, protocol: HTTP}]}
			ServiceEntry shop/b @1: {hosts: [b.example], resolution: DNS,
				ports: [{number: 9090, name: http, protocol: HTTP}]}`, `{host: b.example}`, "b.example:9090", "b.example:9090"},
		{"an ExternalName", `
			Service egress/b: {externalName: b.example, ports: [{port: 8080, name: http}]}`, `{host: b}`, "b.example:8080", "b.example:8080"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, gateway, c.mesh, `
				VirtualService egress/a: {hosts: [a.example], gateways: [gw],
					http: [{route: [{destination: `+c.to+`}]}], tcp: [{route: [{destination: `+c.to+`}]}]}`)
			equal(t, "requests", gatewayDestinationsOf(s, egressGatewayPods, 80, "", "a.example"), c.http)
			equal(t, "bytes", gatewayDestinationsOf(s, egressGatewayPods, 81, "", ""), c.tcp)
		})
	}
}

// The Gateways that a client names configure it, whatever its labels are.
func TestGatewayDestinationsOfNamedGateways(t *testing.T) {
	s := snapshot(t, `
		Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
		Gateway egress/other: {selector: {istio: other}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
		VirtualService egress/a: {hosts: [a.example], gateways: [other], http: [{route: [{destination: {host: b.example}}]}]}`)
	client := parseClient(egressGatewayPods)
	client.Gateways = []string{"egress/gone", "egress/other"}
	list, known := s.GatewayDestinations(client, 80, "", "a.example")
	equal(t, "destinations", destinationsLine(list), "b.example:80")
	equal(t, "known", known, true)
	client.Gateways = []string{"egress/gone"}
	_, known = s.GatewayDestinations(client, 80, "", "a.example")
	equal(t, "known of one that is gone", known, false)
}

package mesh

import "testing"

// The server that a route to a gateway lacks, while another host has one on the port.
func TestMissingServer(t *testing.T) {
	const given = `
		Service istio-system/egress: {selector: {istio: egress}, ports: [{number: 443, name: https, protocol: HTTPS}]}
		ServiceEntry shop/a: {hosts: [a.example], resolution: DNS, exportTo: [.], ports: [{number: 80, name: http, protocol: HTTP}]}
		Gateway other/gw: {selector: {istio: egress}, servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [b.example], tls: {mode: ISTIO_MUTUAL}}]}
		DestinationRule shop/to: {host: egress.istio-system.svc.cluster.local, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: a.example}}}`
	const route = `
		VirtualService shop/v: {hosts: [a.example], exportTo: [.], gateways: [gw, mesh],
			http: [{match: [{gateways: [mesh]}], route: [{destination: {host: egress.istio-system.svc.cluster.local, port: {number: 443}}}]}]}`
	const hop = `
			sidecar shop egress.istio-system.svc.cluster.local:443 (to gateway) originated ISTIO_MUTUAL`
	for _, c := range []reviewCase{
		{"of a Gateway that has not come", given, route, hop + ` carrying http missing server of Gateway shop/gw for a.example selecting map[istio:egress]`},
		{"of one that is there", given + `
			Gateway shop/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example]}]}`,
			route, hop + ` carrying http missing server of Gateway shop/gw for a.example`},
		{"of one for other pods", given + `
			Gateway shop/gw: {selector: {istio: ingress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example]}]}`,
			route, hop + ` carrying http`},
		{"none where it has come", given + `
			Gateway shop/gw: {selector: {istio: egress}, servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.example], tls: {mode: ISTIO_MUTUAL}}]}`,
			route, hop + ` carrying http`},
	} {
		c.run(t)
	}
}

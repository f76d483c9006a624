package mesh

import (
	"strings"
	"testing"
)

// A Gateway's server for callers without an identity, on pods whose others ask for one.
func TestReviewGatewayIdentity(t *testing.T) {
	const service = "egress.istio-system.svc.cluster.local"
	const given = `
		Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 80, name: http}, {port: 443, name: https}]}
		ServiceEntry istio-system/a: {hosts: [a.example], resolution: DNS, exportTo: [istio-system],
			ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: https, protocol: HTTPS}]}
		DestinationRule istio-system/a: {host: a.example, trafficPolicy: {portLevelSettings: [{port: {number: 443}, tls: {mode: SIMPLE}}]}}
		Gateway istio-system/gw: {selector: {istio: egress},
			servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.example], tls: {mode: ISTIO_MUTUAL}}]}
		DestinationRule istio-system/egress: {host: ` + service + `, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: a.example}}}
		VirtualService istio-system/v: {hosts: [a.example], gateways: [mesh, gw], http: [
			{match: [{gateways: [mesh]}], route: [{destination: {host: ` + service + `, port: {number: 443}}}]},
			{match: [{gateways: [gw]}], route: [{destination: {host: a.example, port: {number: 443}}}]}]}`
	const plain = `
		Gateway team/g: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`
	const simple = `
		Gateway team/g: {selector: {istio: egress}, servers: [{port: {number: 8443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {mode: SIMPLE, credentialName: own}}]}`
	const mutual = `
		Gateway team/g: {selector: {istio: egress}, servers: [{port: {number: 8443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {mode: ISTIO_MUTUAL}}]}`
	const route = `
		VirtualService team/v: {hosts: [a.example], gateways: [g], http: [{route: [{destination: {host: a.example, port: {number: 443}}}]}]}`
	const out = `
		gateway istio-system istio=egress a.example:443 originated SIMPLE carrying http was originated`
	const opened = out + ` opened by Gateway team/g server 0 port 80 HTTP by VirtualService team/v beside Gateway istio-system/gw`
	const hop = `
			sidecar istio-system ` + service + `:443 (to gateway) originated ISTIO_MUTUAL carrying http`
	for _, c := range []reviewCase{
		{"no route yet", given, plain, ``},
		{"the route last", given + plain, route, opened},
		{"the Gateway last", given + route, plain, opened + hop},
		{"one that asked before", given + mutual + route, plain, opened + hop},
		{"pods of its own before", given + route + `
			Gateway team/g: {selector: {istio: own}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`, plain, opened + hop},
		{"by another label of the pods", given + `
			Service istio-system/both: {selector: {istio: egress, app: egress}, ports: [{port: 80, name: http}]}
			Gateway team/g: {selector: {app: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`, route, strings.ReplaceAll(opened, "istio=egress", "app=egress")},
		{"by another label of pods of a third namespace's", given + `
			Service third/both: {selector: {istio: egress, app: egress}, ports: [{port: 80, name: http}]}
			Gateway team/g: {selector: {app: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`, route, ``},
		{"TLS that asks for nothing", given + simple, route, out + ` opened by Gateway team/g server 0 port 8443 HTTPS by VirtualService team/v beside Gateway istio-system/gw`},
		{"another server that asks", given + mutual, route, out},
		{"by a delegate", given + plain + `
			VirtualService team/v: {hosts: [a.example], gateways: [g], http: [{delegate: {name: d}}]}`, `
			VirtualService team/d: {http: [{route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, opened},
		{"open before", given + plain + route, `
			VirtualService team/w: {hosts: [www.a.example], gateways: [g], http: [{route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, out},
		{"pods that a policy guards", given + plain + `
			AuthorizationPolicy istio-system/in: {selector: {matchLabels: {istio: egress}}, rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]}`, route, out},
		{"a policy for anybody", given + plain + `
			AuthorizationPolicy istio-system/in: {selector: {matchLabels: {istio: egress}}, rules: [{to: [{operation: {ports: ["80"]}}]}]}`, route, opened},
		{"pods of its own", given + `
			Gateway team/g: {selector: {istio: own}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`, route, `
			gateway istio-system istio=own a.example:443 originated SIMPLE carrying http was originated`},
		{"by the owner of the pods", given + `
			Gateway istio-system/g: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`, `
			VirtualService istio-system/w: {hosts: [a.example], gateways: [g], http: [{route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, out +
			` opened by Gateway istio-system/g server 0 port 80 HTTP by VirtualService istio-system/w beside Gateway istio-system/gw its own`},
		{"to a host of its own", given + plain + `
			ServiceEntry team/b: {hosts: [b.example], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}`, `
			VirtualService team/v: {hosts: [b.example], gateways: [g], http: [{route: [{destination: {host: b.example, port: {number: 443}}}]}]}`, `
			gateway istio-system istio=egress b.example:443 plaintext no-rule carrying http was plaintext`},
	} {
		c.run(t)
	}
}

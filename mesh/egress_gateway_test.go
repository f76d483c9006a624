package mesh

import (
	"strings"
	"testing"
)

// Traffic that goes out by an egress gateway: the hop to it, and the one that leaves.
func TestResolveThroughGateway(t *testing.T) {
	const entry = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS,
			ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: https, protocol: HTTPS}, {number: 5432, name: tcp, protocol: TCP}]}
		DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const service = `
		Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 80, name: http}, {port: 443, name: tls}]}`
	const gateway = `
		Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]},
			{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: PASSTHROUGH}}]}`
	const toGateway, out = "egress.istio-system.svc.cluster.local", "route: [{destination: {host: api.bank.example, port: {number: 443}}}]"
	const http = `
		VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw], http: [
		{match: [{gateways: [mesh]}], route: [{destination: {host: ` + toGateway + `, port: {number: 80}}}]},
		{match: [{gateways: [gw]}], ` + out + `}]}`
	const tls = `
		VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw], tls: [
		{match: [{gateways: [mesh], sniHosts: [api.bank.example]}], route: [{destination: {host: ` + toGateway + `, port: {number: 443}}}]},
		{match: [{gateways: [gw], sniHosts: [api.bank.example]}], ` + out + `}]}`
	for _, c := range []struct {
		name, mesh string
		port       uint32
		want       string
	}{
		{"requests", service + gateway + http, 80,
			"originated: gateway " + toGateway + " 80 | api.bank.example 443 SIMPLE verified"},
		{"TLS that the gateway passes on, where a rule wraps it once more", service + gateway + tls, 443,
			"double-tls: gateway " + toGateway + " 443 | api.bank.example 443 SIMPLE"},
		{"a gateway of which no Service is known, by its name", gateway + http, 80,
			"originated: gateway " + toGateway + " 80 | api.bank.example 443 SIMPLE verified"},
		{"a gateway that is not known at all", http, 80,
			"originated: gateway " + toGateway + " 80 | api.bank.example 443 SIMPLE verified"},
		{"a Gateway that does not serve the port", service + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ["*"]}]}` + http, 80,
			"unknown: gateway " + toGateway + " 80"},
		{"a Gateway that serves the pods' port behind it", strings.ReplaceAll(service, "{port: 80,", "{port: 80, targetPort: 8080,") + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ["*"]}]}` + http, 80,
			"originated: gateway " + toGateway + " 80 | api.bank.example 443 SIMPLE verified"},
		{"an unknown gateway: a match for its port and namespace, and the port of the only service", strings.ReplaceAll(`
			ServiceEntry egress/tls: {hosts: [tls.example], resolution: DNS, ports: [{number: 8443, name: https, protocol: HTTPS}]}
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw], http: [
				{match: [{gateways: [mesh]}], route: [{destination: {host: TO, port: {number: 80}}}]},
				{match: [{gateways: [gw], port: 443}], route: [{destination: {host: api.bank.example}}]},
				{match: [{sourceNamespace: shop}], route: [{destination: {host: api.bank.example}}]},
				{match: [{port: 80, sourceNamespace: istio-system}], route: [{destination: {host: tls.example}}]}]}`, "TO", toGateway), 80,
			"plaintext no-rule: gateway " + toGateway + " 80 | tls.example 8443"},
		{"an unknown gateway: TLS by its SNI", strings.ReplaceAll(`
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw], tls: [
				{match: [{gateways: [mesh], sniHosts: [api.bank.example]}], route: [{destination: {host: TO, port: {number: 443}}}]},
				{match: [{gateways: [gw], sniHosts: [x.example]}], route: [{destination: {host: TO}}]},
				{match: [{gateways: [gw], sniHosts: ["*.bank.example"]}],
					route: [{destination: {host: api.bank.example, port: {number: 443}}}]}]}`, "TO", toGateway), 443,
			"double-tls: gateway " + toGateway + " 443 | api.bank.example 443 SIMPLE"},
		{"an unknown gateway: the first VirtualService that has a route", `
			ServiceEntry egress/plain: {hosts: [plain.example], resolution: DNS, ports: [{number: 443, name: http, protocol: HTTP}]}
			VirtualService egress/a: {hosts: [api.bank.example], gateways: [gw],
				http: [{match: [{port: 8080}], route: [{destination: {host: plain.example}}]}]}
			VirtualService egress/c: {hosts: [api.bank.example], gateways: [gw], http: [{route: [{destination: {host: plain.example}}]}]}` + http, 80,
			"originated: gateway " + toGateway + " 80 | api.bank.example 443 SIMPLE verified"},
		{"an unknown gateway: tcp routes where no others are", strings.ReplaceAll(`
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw], tls: [
				{match: [{gateways: [mesh], sniHosts: [api.bank.example]}], route: [{destination: {host: TO, port: {number: 443}}}]}],
				tcp: [{match: [{gateways: [gw]}], route: [{destination: {host: api.bank.example, port: {number: 443}}}]}]}`, "TO", toGateway), 443,
			"double-tls: gateway " + toGateway + " 443 | api.bank.example 443 SIMPLE"},
		{"a Gateway for other hosts", service + `
			Gateway egress/gw: {selector: {istio: egress},
				servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [x.example]}]}` + http, 80,
			"unknown: gateway " + toGateway + " 80"},
		{"a Gateway that is known, and another that is not", service + `
			Gateway egress/gw: {selector: {istio: egress},
				servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [x.example]}]}` + strings.Replace(http, "gw]", "gw, other]", 1), 80,
			"unknown: gateway " + toGateway + " 80"},
		{"and has a route for all gateways", service + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [x.example]}]}
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw, other], http: [
				{match: [{gateways: [mesh]}], route: [{destination: {host: ` + toGateway + `, port: {number: 80}}}]},
				{match: [{gateways: [other]}], route: [{destination: {host: api.bank.example, port: {number: 443}}}]}]}`, 80,
			"originated: gateway " + toGateway + " 80 | api.bank.example 443 SIMPLE verified"},
		{"the server of the SNI that the hop has", service + `
			ServiceEntry egress/plain: {hosts: [plain.example], resolution: DNS, ports: [{number: 443, name: http, protocol: HTTP}]}
			Gateway egress/gw: {selector: {istio: egress},
				servers: [{port: {number: 80, name: https, protocol: HTTPS}, hosts: [api.bank.example], tls: {mode: ISTIO_MUTUAL}}]}
			Gateway egress/wide: {selector: {istio: egress},
				servers: [{port: {number: 80, name: https, protocol: HTTPS}, hosts: ["*.bank.example"], tls: {mode: ISTIO_MUTUAL}}]}
			VirtualService egress/wide: {hosts: ["*.bank.example"], gateways: [wide], http: [{route: [{destination: {host: plain.example}}]}]}
			DestinationRule egress/egress: {host: ` + toGateway + `, exportTo: ["*"], trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: www.bank.example}}}
			DestinationRule istio-system/egress: {host: ` + toGateway + `, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: www.bank.example}}}` + http, 80,
			"plaintext no-rule: gateway " + toGateway + " 80 ISTIO_MUTUAL sni=www.bank.example verified | plain.example 443"},
		{"or of the SNI that it should have", service + `
			Gateway egress/gw: {selector: {istio: egress},
				servers: [{port: {number: 80, name: https, protocol: HTTPS}, hosts: [api.bank.example], tls: {mode: ISTIO_MUTUAL}}]}
			DestinationRule istio-system/egress: {host: ` + toGateway + `, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}` + http, 80,
			"originated: gateway " + toGateway + " 80 ISTIO_MUTUAL sni=outbound_.80_._." + toGateway + " verified | api.bank.example 443 SIMPLE verified"},
		{"of several ways the gateway that leads to the worst", service + gateway + `
			ServiceEntry egress/plain: {hosts: [plain.example], resolution: DNS, ports: [{number: 443, name: http, protocol: HTTP}]}
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw], http: [
				{match: [{gateways: [mesh]}], route: [{destination: {host: api.bank.example, port: {number: 80}}, weight: 1},
					{destination: {host: ` + toGateway + `, port: {number: 80}}, weight: 1}]},
				{match: [{gateways: [gw]}], route: [{destination: {host: plain.example, port: {number: 443}}}]}]}`, 80,
			"plaintext no-rule: gateway " + toGateway + " 80 | plain.example 443"},
		{"a Gateway without a route out", service + gateway + `
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw],
				http: [{match: [{gateways: [mesh]}], route: [{destination: {host: ` + toGateway + `, port: {number: 80}}}]}]}`, 80,
			"unknown: gateway " + toGateway + " 80"},
		{"a Gateway whose route stays in the mesh", service + gateway + `
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw], http: [
				{match: [{gateways: [mesh]}], route: [{destination: {host: ` + toGateway + `, port: {number: 80}}}]},
				{match: [{gateways: [gw]}], route: [{destination: {host: web}}]}]}`, 80,
			"unknown: gateway " + toGateway + " 80 | web.egress.svc.cluster.local 80"},
		{"a service of the mesh to which a route leads that is bound to no gateway", `
			VirtualService egress/bank: {hosts: [api.bank.example],
				http: [{route: [{destination: {host: ` + toGateway + `, port: {number: 80}}}]}]}`, 80,
			"unknown: " + toGateway + " 80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "path", resolved(snapshot(t, entry, c.mesh), "sidecar shop", "api.bank.example", c.port), c.want)
		})
	}
}

package mesh

import "testing"

// Routes through a gateway leave nothing of the direct way to answer for.
func TestReviewThroughGateway(t *testing.T) {
	const host = "egress.istio-system.svc.cluster.local"
	const mesh = `
		Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 80, name: http}]}
		Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
		ServiceEntry egress/a: {hosts: [a.example], exportTo: [shop, istio-system], resolution: DNS,
			ports: [{number: 80, name: http, protocol: HTTP}, {number: 8080, name: more, protocol: HTTP}]}
		ServiceEntry egress/b: {hosts: [b.example], exportTo: [shop, istio-system], resolution: DNS,
			ports: [{number: 80, name: http, protocol: HTTP}]}`
	const through = mesh + `
		VirtualService shop/v: {hosts: [a.example], exportTo: [., istio-system], gateways: [mesh, egress/gw], http: [
			{match: [{gateways: [mesh], sourceNamespace: shop}], route: [{destination: {host: ` + host + `, port: {number: 80}}}]},
			{match: [{gateways: [egress/gw]}], route: [{destination: {host: a.example, port: {number: 80}}}]}]}`
	const rule = `
		DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}, subsets: [{name: v1}]}`
	for _, c := range []reviewCase{
		{"the gateway's way out alone", through, rule, `
			gateway istio-system istio=egress a.example:80 originated SIMPLE was plaintext decided`},
		{"wherever that leads", mesh + `
			VirtualService shop/v: {hosts: [a.example], exportTo: [., istio-system], gateways: [mesh, egress/gw], http: [
				{match: [{gateways: [mesh]}], route: [{destination: {host: ` + host + `, port: {number: 80}}}]},
				{match: [{gateways: [egress/gw]}], route: [{destination: {host: b.example, port: {number: 80}}}]}]}`, `
			DestinationRule shop/a: {host: a.example}`, `
			gateway istio-system istio=egress b.example:80 plaintext no-rule was plaintext`},
		{"not that of a gateway to which the rule does not come", mesh + `
			VirtualService shop/v: {hosts: [a.example], exportTo: [istio-system], gateways: [egress/gw],
				http: [{route: [{destination: {host: a.example, port: {number: 80}}}]}]}`, `
			DestinationRule shop/a: {host: a.example}`, `
			sidecar shop a.example:80 plaintext unset was plaintext decided
			sidecar shop a.example:8080 plaintext unset was plaintext decided`},
		{"ports that share the gateway's are one hop to it", through, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [., istio-system], gateways: [mesh, egress/gw], http: [
				{match: [{gateways: [mesh], sourceNamespace: shop}], route: [{destination: {host: ` + host + `, port: {number: 80}}}]},
				{match: [{gateways: [egress/gw]}], route: [{destination: {host: a.example, port: {number: 80}}}]}]}`, `
			gateway istio-system istio=egress a.example:80 plaintext no-rule was plaintext
			sidecar istio-system ` + host + `:80 (to gateway) plaintext no-rule
			sidecar shop ` + host + `:80 (to gateway) plaintext no-rule`},
		{"but where some requests go straight out, the clusters of the host", mesh + `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [
				{match: [{uri: {prefix: /x}}], route: [{destination: {host: ` + host + `, port: {number: 80}}}]},
				{route: [{destination: {host: b.example, port: {number: 80}}}]}]}`, `
			DestinationRule shop/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}, subsets: [{name: v1}]}`, `
			sidecar shop a.example:80 originated SIMPLE was plaintext decided
			sidecar shop a.example:80/v1 originated SIMPLE decided
			sidecar shop a.example:8080 originated SIMPLE was plaintext decided
			sidecar shop a.example:8080/v1 originated SIMPLE decided`},
		{"where all requests go to another host, the clusters of this one", mesh + `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [{route: [{destination: {host: b.example}}]}]}`, `
			DestinationRule shop/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar shop a.example:80 originated SIMPLE was plaintext decided
			sidecar shop a.example:8080 originated SIMPLE was plaintext decided`},
		{"where all requests end in the proxy, nothing else", mesh + `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [{match: [{port: 80}], redirect: {uri: /}}]}`, `
			DestinationRule shop/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar shop a.example:80 unknown no-destination was unrouted decided
			sidecar shop a.example:8080 originated SIMPLE was plaintext decided`},
		{"unless routes for other hosts lead to this one", mesh + `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [{match: [{port: 80}], redirect: {uri: /}}]}
			VirtualService shop/w: {hosts: [web], exportTo: [.], http: [{route: [{destination: {host: a.example, port: {number: 80}}}]}]}`, `
			DestinationRule shop/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar shop a.example:80 originated SIMPLE was plaintext decided
			sidecar shop a.example:80 unknown no-destination was unrouted decided
			sidecar shop a.example:8080 originated SIMPLE was plaintext decided`},
		{"a credential in a redirect's way is not told as ignored", mesh + `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [{redirect: {uri: /}}]}`, `
			DestinationRule shop/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE, credentialName: a}}}`, `
			sidecar shop a.example:80 unknown no-destination was unrouted decided
			sidecar shop a.example:8080 unknown no-destination was unrouted decided`},
		{"not what a gateway sends to other hosts", mesh + `
			VirtualService shop/v: {hosts: [a.example], exportTo: [istio-system], gateways: [egress/gw],
				http: [{route: [{destination: {host: b.example}}]}]}`, `
			DestinationRule istio-system/a: {host: a.example}`, `
			sidecar istio-system a.example:80 plaintext unset was plaintext decided
			sidecar shop a.example:80 plaintext unset was plaintext decided
			sidecar istio-system a.example:8080 plaintext unset was plaintext decided
			sidecar shop a.example:8080 plaintext unset was plaintext decided`},
		{"where routes lead to several clusters, each is as it was", mesh + `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.],
				http: [{route: [{destination: {host: a.example}, weight: 1}, {destination: {host: b.example}, weight: 1}]}]}
			DestinationRule shop/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule shop/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE, sni: x.example}}}`, `
			sidecar shop a.example:80 originated SIMPLE unverified was originated decided
			sidecar shop a.example:8080 originated SIMPLE unverified was originated decided`},
	} {
		c.run(t)
	}
}

// Flows to a host under review that routes for others bring there, and those of clients that may exist.
func TestReviewRoutesTo(t *testing.T) {
	const entry = `
		ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS,
			ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: https, protocol: HTTPS}]}`
	const route = `
		VirtualService egress/v: {hosts: [web], exportTo: [.], http: [{route: [{destination: {host: a.example, port: {number: 443}}}]}]}`
	for _, c := range []reviewCase{
		{"requests to a port for TLS", entry + route, `
			DestinationRule egress/a: {host: a.example, trafficPolicy: {portLevelSettings: [{port: {number: 443}, tls: {mode: SIMPLE}}]}}`, `
			sidecar egress a.example:80 plaintext unset was plaintext decided
			sidecar egress a.example:443 originated SIMPLE carrying http was plaintext decided by VirtualService egress/v
			sidecar egress a.example:443 double-tls SIMPLE unverified was application-tls decided`},
		{"requests to a port for requests that lose their TLS", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService egress/v: {hosts: [web], exportTo: [.],
				http: [{route: [{destination: {host: a.example, port: {number: 80}, subset: v1}}]}]}
			DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}, subsets: [{name: v1}]}`, `
			DestinationRule egress/a: {host: a.example, subsets: [{name: v1}]}`, `
			sidecar egress a.example:80 plaintext unset was originated decided
			sidecar egress a.example:80/v1 plaintext unset was originated decided`},
		{"requests to a port for bytes that lose their TLS", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS, ports: [{number: 5432, name: tcp, protocol: TCP}]}
			VirtualService egress/v: {hosts: [web], exportTo: [.], http: [{route: [{destination: {host: a.example, port: {number: 5432}}}]}]}
			DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule egress/a: {host: a.example}`, `
			sidecar egress a.example:5432 plaintext unset carrying http was originated decided
			sidecar egress a.example:5432 plaintext unset was originated decided fallback`},
		{"requests to a port for bytes that have none before and after", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS, ports: [{number: 5432, name: tcp, protocol: TCP}]}
			VirtualService egress/v: {hosts: [web], exportTo: [.], http: [{route: [{destination: {host: a.example, port: {number: 5432}}}]}]}`, `
			DestinationRule egress/a: {host: a.example}`, `
			sidecar egress a.example:5432 plaintext unset was plaintext decided fallback`},
		{"requests of a route for these pods, of the mesh, for this host alone", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}
			ServiceEntry egress/b: {hosts: [b.example], exportTo: [.], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}
			VirtualService egress/v: {hosts: [web], exportTo: [.], http: [
				{match: [{sourceNamespace: shop}], route: [{destination: {host: a.example, port: {number: 443}}}]},
				{match: [{gateways: [mesh]}], route: [{destination: {host: b.example, port: {number: 443}}, weight: 1},
					{destination: {host: a.example, port: {number: 443}}, weight: 1}]}]}`, `
			DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress a.example:443 originated SIMPLE carrying http was plaintext decided by VirtualService egress/v
			sidecar egress a.example:443 double-tls SIMPLE unverified was application-tls decided`},
		{"requests of a route for gateways of the VirtualService's that is for the mesh too", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}
			VirtualService egress/v: {hosts: [web], exportTo: [.], gateways: [mesh, gw],
				http: [{match: [{gateways: [gw]}], route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, `
			DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress a.example:443 double-tls SIMPLE unverified was application-tls decided`},
		{"of a route for other pods", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}
			VirtualService egress/v: {hosts: [web], exportTo: [.],
				http: [{match: [{sourceLabels: {app: web}}], route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, `
			DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress a.example:443 double-tls SIMPLE unverified was application-tls decided
			sidecar egress app=web a.example:443 originated SIMPLE carrying http was plaintext decided by VirtualService egress/v
			sidecar egress app=web a.example:443 double-tls SIMPLE unverified was application-tls decided`},
		{"bytes that a tcp route brings, by what the port is for", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}
			VirtualService egress/v: {hosts: [web], exportTo: [.], tcp: [{route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, `
			DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress a.example:443 double-tls SIMPLE unverified was application-tls decided`},
		{"requests of a route that is for gateways alone", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}
			VirtualService egress/v: {hosts: [web], exportTo: [.], gateways: [gw],
				http: [{route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, `
			DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress a.example:443 double-tls SIMPLE unverified was application-tls decided`},
		{"of a route that the client does not see", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}
			VirtualService shop/v: {hosts: [web], exportTo: [.], http: [{route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, `
			DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress a.example:443 double-tls SIMPLE unverified was application-tls decided`},
		{"without a port: those on which the proxy takes requests for the route's host", `
			Service egress/web: {ports: [{port: 443, name: http}, {port: 8443, name: tcp}]}
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS,
				ports: [{number: 443, name: https, protocol: HTTPS}, {number: 8443, name: more, protocol: HTTPS},
				{number: 80, name: tls, protocol: TLS}]}
			VirtualService egress/v: {hosts: [web], exportTo: [.], http: [{route: [{destination: {host: a.example}}]}]}`, `
			DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress a.example:80 double-tls SIMPLE unverified was application-tls decided
			sidecar egress a.example:443 originated SIMPLE carrying http was plaintext decided by VirtualService egress/v
			sidecar egress a.example:443 double-tls SIMPLE unverified was application-tls decided
			sidecar egress a.example:8443 double-tls SIMPLE unverified was application-tls decided`},
		{"the service's only port", `
			Service egress/web: {ports: [{port: 8080, name: http}]}
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}
			VirtualService egress/v: {hosts: [web], exportTo: [.], http: [{route: [{destination: {host: a.example}}]}]}`, `
			DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress a.example:443 originated SIMPLE carrying http was plaintext decided by VirtualService egress/v
			sidecar egress a.example:443 double-tls SIMPLE unverified was application-tls decided`},
		{"port 80 for a host that is in no registry", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS,
				ports: [{number: 443, name: https, protocol: HTTPS}, {number: 80, name: tls, protocol: TLS}]}
			VirtualService egress/v: {hosts: [web], exportTo: [.], http: [{route: [{destination: {host: a.example}}]}]}`, `
			DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress a.example:80 originated SIMPLE carrying http was plaintext decided by VirtualService egress/v
			sidecar egress a.example:80 double-tls SIMPLE unverified was application-tls decided
			sidecar egress a.example:443 double-tls SIMPLE unverified was application-tls decided`},
		{"port 80, and those of known hosts, for a wildcard", `
			ServiceEntry egress/w: {hosts: [x.test], ports: [{number: 8080, name: http, protocol: HTTP}, {number: 81, name: tcp, protocol: TCP}]}
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS,
				ports: [{number: 80, name: tls, protocol: TLS}, {number: 81, name: a, protocol: TLS}, {number: 8080, name: b, protocol: TLS}]}
			VirtualService egress/v: {hosts: ["*.test"], exportTo: [.], http: [{route: [{destination: {host: a.example}}]}]}`, `
			DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress a.example:80 originated SIMPLE carrying http was plaintext decided
			sidecar egress a.example:80 double-tls SIMPLE unverified was application-tls decided
			sidecar egress a.example:81 double-tls SIMPLE unverified was application-tls decided
			sidecar egress a.example:8080 originated SIMPLE carrying http was plaintext decided
			sidecar egress a.example:8080 double-tls SIMPLE unverified was application-tls decided`},
		{"the port that a match names", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS,
				ports: [{number: 443, name: https, protocol: HTTPS}, {number: 8443, name: more, protocol: HTTPS}]}
			VirtualService egress/v: {hosts: [web], exportTo: [.], http: [{match: [{port: 8443}], route: [{destination: {host: a.example}}]}]}`, `
			DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress a.example:443 double-tls SIMPLE unverified was application-tls decided
			sidecar egress a.example:8443 originated SIMPLE carrying http was plaintext decided by VirtualService egress/v
			sidecar egress a.example:8443 double-tls SIMPLE unverified was application-tls decided`},
		{"a ztunnel reads no routes", `
			Namespace egress: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS,
				ports: [{number: 443, name: https, protocol: HTTPS}]}` + route, `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [.], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}`, `
			ztunnel egress a.example:443 application-tls ztunnel was application-tls`},

		{"gateway pods in namespaces of which no Service tells, where they lose their TLS", `
			ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
			VirtualService egress/v: {hosts: [a.example], gateways: [mesh, gw],
				http: [{route: [{destination: {host: a.example, port: {number: 80}}}]}]}
			DestinationRule egress/a: {host: a.example, exportTo: [.], trafficPolicy: {tls: {mode: SIMPLE}}}`, "delete DestinationRule egress/a", `
			gateway egress istio=egress a.example:80 plaintext no-rule was originated
			gateway istio-system istio=egress a.example:80 plaintext no-rule was plaintext
			sidecar any other namespace a.example:80 plaintext no-rule was plaintext
			sidecar egress a.example:80 plaintext no-rule was originated`},
		{"not where a Service tells where they are", `
			Service istio-system/egress: {selector: {istio: egress, app: x}, ports: [{port: 80, name: http}]}
			ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
			VirtualService egress/v: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: {host: a.example, port: {number: 80}}}]}]}
			DestinationRule egress/a: {host: a.example, exportTo: [.], trafficPolicy: {tls: {mode: SIMPLE}}}`, "delete DestinationRule egress/a", `
			gateway istio-system istio=egress a.example:80 plaintext no-rule was plaintext
			sidecar any other namespace a.example:80 plaintext no-rule was plaintext
			sidecar egress a.example:80 plaintext no-rule was originated`},
		{"pods that a rule selects and a route matches, where they lose their TLS", `
			ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			ServiceEntry egress/b: {hosts: [b.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule shop/a: {host: a.example, workloadSelector: {matchLabels: {rule: x}}, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.],
				http: [{match: [{sourceLabels: {route: x}}], route: [{destination: {host: b.example}}]}]}`, `
			sidecar shop route=x b.example:80 plaintext no-rule was plaintext
			sidecar shop route=x rule=x b.example:80 plaintext no-rule was originated asks for a.example`},
	} {
		c.run(t)
	}
}

// An entry that a stored route names answers for what it now lets out.
func TestReviewNewDestination(t *testing.T) {
	const given = `
		ServiceEntry data/a: {hosts: [a.example], exportTo: [shop, team], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
		DestinationRule data/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const entry = `
		ServiceEntry team/b: {hosts: [b.example], exportTo: [shop], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	for _, c := range []reviewCase{
		{"what a route led nowhere", given + `
			VirtualService team/v: {hosts: [a.example], exportTo: [shop], http: [{route: [{destination: {host: b.example}}]}]}`, entry, `
			sidecar shop b.example:80 plaintext no-rule was originated taken from TLS by VirtualService team/v asks for a.example`},
		{"what went another way beside it", given + `
			VirtualService team/v: {hosts: [a.example], exportTo: [shop], http: [{route: [
				{destination: {host: a.example}, weight: 1}, {destination: {host: b.example}, weight: 1}]}]}`, entry, `
			sidecar shop b.example:80 plaintext no-rule was originated taken from TLS by VirtualService team/v asks for a.example`},
		{"under TLS, but checked for another name", given + `
			DestinationRule team/b: {host: b.example, trafficPolicy: {tls: {mode: SIMPLE, sni: b.example, subjectAltNames: [b.example]}}}
			VirtualService team/v: {hosts: ["*.example"], exportTo: [shop], http: [{route: [{destination: {host: b.example}}]}]}`, entry, `
			sidecar shop b.example:80 originated SIMPLE was originated lost check of a.example of ServiceEntry data/a for b.example`},
		{"in plaintext with and without the route", `
			ServiceEntry data/a: {hosts: [a.example], exportTo: [shop, team], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService team/v: {hosts: [a.example], exportTo: [shop], http: [{route: [{destination: {host: b.example}}]}]}`, entry, `
			sidecar shop b.example:80 plaintext no-rule`},
	} {
		c.run(t)
	}
}

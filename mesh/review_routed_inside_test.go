package mesh

import (
	"strings"
	"testing"
)

// What routes of a third party answer for that lead what was under TLS to servers inside the mesh.
func TestReviewRoutedInside(t *testing.T) {
	const api = `
		ServiceEntry default/api @1: {hosts: [api.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
		DestinationRule default/api: {host: api.example.com, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const evil = `
		Service team-a/evil: {selector: {app: evil}, ports: [{port: 80, name: http}]}`
	const route = `
		VirtualService team-a/x: {hosts: [api.example.com], exportTo: [shop],
			http: [{route: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 80}}}]}]}`
	const taken = `
		sidecar shop evil.team-a.svc.cluster.local:80 plaintext routed-inside was originated by VirtualService team-a/x lost check of api.example.com of ServiceEntry default/api`
	for _, c := range []reviewCase{
		{"a Service", api + evil, route, taken},
		{"a Service without a selector", api + `
			Service team-a/evil: {ports: [{port: 80, name: http}]}`, route, taken},
		{"the Service comes last", api + route, evil, taken},
		{"the port of the Service comes last", api + route + `
			Service team-a/evil: {selector: {app: evil}, ports: [{port: 81, name: http}]}`, evil, taken},
		{"a ServiceEntry inside", api + `
			ServiceEntry team-a/evil: {hosts: [evil.team-a.svc.cluster.local], location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.0.0.1}],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, route, taken},
		{"the ServiceEntry comes last", api + route, `
			ServiceEntry team-a/evil: {hosts: [evil.team-a.svc.cluster.local], location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.0.0.1}],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, taken},
		{"a ServiceEntry of the same host outside for others", api + `
			ServiceEntry other/stub: {hosts: [stub.example.com], exportTo: [.], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			ServiceEntry team-a/stub: {hosts: [stub.example.com], location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.0.0.1}],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			VirtualService team-a/x: {hosts: [api.example.com], exportTo: [shop], http: [{route: [{destination: {host: stub.example.com}}]}]}`, `
			sidecar shop stub.example.com:80 plaintext routed-inside was originated by VirtualService team-a/x lost check of api.example.com of ServiceEntry default/api`},
		{"a mirror", api + evil, `
			VirtualService team-a/x: {hosts: [api.example.com], exportTo: [shop], http: [{route: [{destination: {host: api.example.com}}],
				mirror: {host: evil.team-a.svc.cluster.local, port: {number: 80}}, mirrorPercentage: {value: 1}}]}`, `
			sidecar shop api.example.com:80 originated SIMPLE was originated` + taken},
		{"mirrors", api + evil, `
			VirtualService team-a/x: {hosts: [api.example.com], exportTo: [shop], http: [{route: [{destination: {host: api.example.com}}],
				mirrors: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 80}}, percentage: {value: 1}}]}]}`, `
			sidecar shop api.example.com:80 originated SIMPLE was originated` + taken},
		{"some requests", api + evil, `
			VirtualService team-a/x: {hosts: [api.example.com], exportTo: [shop], http: [
				{match: [{uri: {prefix: /login}}], route: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 80}}}]},
				{route: [{destination: {host: api.example.com}}]}]}`, `
			sidecar shop api.example.com:80 originated SIMPLE was originated` + taken},
		{"after a redirect of all", api + evil + `
			VirtualService team-a/x: {hosts: [api.example.com], exportTo: [shop], http: [{redirect: {uri: /}}]}`, route, taken},
		{"after a redirect of all by another", api + evil + `
			VirtualService team-a/w: {hosts: [api.example.com], exportTo: [shop], http: [{redirect: {uri: /}}]}`, `
			VirtualService team-a/x @1: {hosts: [api.example.com], exportTo: [shop],
				http: [{route: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 80}}}]}]}`, taken},
		{"a subset, for which there is no rule yet", api + evil, `
			VirtualService team-a/x: {hosts: [api.example.com], exportTo: [shop],
				http: [{route: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 80}, subset: v1}}]}]}`, ``},
		{"the rule that adds the subset", api + evil + `
			VirtualService team-a/x: {hosts: [api.example.com], exportTo: [shop],
				http: [{route: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 80}, subset: v1}}]}]}`, `
			DestinationRule team-a/evil: {host: evil.team-a.svc.cluster.local, subsets: [{name: v1}]}`, `
			sidecar shop evil.team-a.svc.cluster.local:80/v1 plaintext routed-inside was originated decided by VirtualService team-a/x lost check of api.example.com of ServiceEntry default/api`},
		{"under TLS of a rule for the Service", api + evil + `
			DestinationRule team-a/evil: {host: evil.team-a.svc.cluster.local, trafficPolicy: {tls: {mode: SIMPLE, sni: api.example.com}}}`, route, `
			sidecar shop evil.team-a.svc.cluster.local:80 originated SIMPLE unverified was originated lost check of api.example.com of ServiceEntry default/api`},
		{"a Service that is bound to a gateway by name alone", api + evil, `
			VirtualService team-a/x: {hosts: [api.example.com], exportTo: [shop], gateways: [mesh, nowhere],
				http: [{route: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 80}}}]}]}`, taken},
		{"a gateway of its own from which nothing goes on", api + evil + `
			Gateway team-a/gw: {selector: {app: evil}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`, route, taken + `
			sidecar shop evil.team-a.svc.cluster.local:80 (to gateway) plaintext no-rule for server 0 of Gateway team-a/gw`},
		{"a wildcard over the host", api + evil, `
			VirtualService team-a/x: {hosts: ["*.example.com"], exportTo: [shop],
				http: [{route: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 80}}}]}]}`, taken},
		{"a name below a wildcard", `
			ServiceEntry default/any: {hosts: ["*.example.com"], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule default/any: {host: "*.example.com", trafficPolicy: {tls: {mode: SIMPLE}}}` + evil, route, `
			sidecar shop evil.team-a.svc.cluster.local:80 plaintext routed-inside was originated by VirtualService team-a/x lost check of api.example.com of ServiceEntry default/any`},
		{"the Service comes last for a name below a wildcard", `
			ServiceEntry default/any: {hosts: ["*.example.com"], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule default/any: {host: "*.example.com", trafficPolicy: {tls: {mode: SIMPLE}}}` + route, evil, `
			sidecar shop evil.team-a.svc.cluster.local:80 plaintext routed-inside was originated by VirtualService team-a/x lost check of api.example.com of ServiceEntry default/any`},
		{"a host that the third party declares, too", api + evil + `
			ServiceEntry team-a/api @9: {hosts: [api.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`, route, taken},
		{"the owner's route goes, and leaves it to a third party's", api + evil + route + `
			VirtualService default/api @-1: {hosts: [api.example.com], exportTo: [shop], http: [{route: [{destination: {host: api.example.com}}]}]}`,
			"delete VirtualService default/api", taken},
		{"the owner's mirror that becomes a route of a third party", api + evil + `
			VirtualService default/m: {hosts: [api.example.com], exportTo: [shop], http: [{route: [{destination: {host: api.example.com}}],
				mirror: {host: evil.team-a.svc.cluster.local, port: {number: 80}}}]}`, `
			VirtualService team-a/x @1: {hosts: [api.example.com], exportTo: [shop],
				http: [{route: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 80}}}]}]}`, taken},
		{"for its own namespace", api + evil, `
			VirtualService team-a/x: {hosts: [api.example.com], exportTo: [.],
				http: [{route: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 80}}}]}]}`, ``},
		{"by the owner of the host", api + evil, `
			VirtualService default/x: {hosts: [api.example.com],
				http: [{route: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 80}}}]}]}`, ``},
		{"what was not under TLS", `
			ServiceEntry default/api: {hosts: [api.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}` + evil, route, ``},
		{"the namespace of the route that came first goes", api + evil + route + `
			Namespace apps: {}
			VirtualService apps/first @1: {hosts: [api.example.com], exportTo: [shop], http: [{route: [{destination: {host: api.example.com}}]}]}`,
			"delete Namespace apps", taken},
		{"as before", api + evil + route, `
			VirtualService team-a/x: {metadata: {labels: {a: b}}, hosts: [api.example.com], exportTo: [shop],
				http: [{route: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 80}}}]}]}`, ``},
		{"a Service that changes behind the same route", api + evil + route, `
			Service team-a/evil: {selector: {app: other}, ports: [{port: 80, name: http}]}`, ``},
		{"a Service that is not there", api, route, ``},
		{"a route that leads back", api + evil + route, "delete VirtualService team-a/x", `
			sidecar shop api.example.com:80 originated SIMPLE`},
	} {
		c.run(t)
	}
}

// Bytes, and what goes through gateways of others.
func TestReviewRoutedInsideElsewhere(t *testing.T) {
	const db = `
		ServiceEntry default/db: {hosts: [db.example.com], addresses: [240.0.0.1], resolution: DNS, ports: [{number: 3306, name: tcp, protocol: TCP}]}
		DestinationRule default/db: {host: db.example.com, trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: [db.example.com]}}}`
	const evil = `
		Service team-a/evil: {selector: {app: evil}, ports: [{port: 3306, name: tcp}]}`
	const route = `
		VirtualService team-a/x: {hosts: [db.example.com], exportTo: [shop],
			tcp: [{route: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 3306}}}]}]}`
	const taken = `
		sidecar shop evil.team-a.svc.cluster.local:3306 plaintext routed-inside was originated by VirtualService team-a/x lost check of db.example.com of ServiceEntry default/db`
	const given = `
		Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 443, name: https}]}
		ServiceEntry data/a: {hosts: [a.example], exportTo: [shop, istio-system], resolution: DNS,
			ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: https, protocol: HTTPS}]}
		DestinationRule istio-system/a: {host: a.example, trafficPolicy: {portLevelSettings: [{port: {number: 443}, tls: {mode: SIMPLE}}]}}
		Gateway istio-system/gw: {selector: {istio: egress},
			servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*.example"], tls: {mode: ISTIO_MUTUAL}}]}
		DestinationRule istio-system/egress: {host: egress.istio-system.svc.cluster.local, subsets: [{name: s, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: a.example}}}]}
		VirtualService istio-system/v: {hosts: ["*.example"], exportTo: [shop, istio-system], gateways: [mesh, gw], http: [
			{match: [{gateways: [mesh]}], route: [{destination: {host: egress.istio-system.svc.cluster.local, port: {number: 443}, subset: s}}]},
			{match: [{gateways: [gw]}], route: [{destination: {host: a.example, port: {number: 443}}}]}]}`
	const ownGateway = `
		Gateway team-a/g: {selector: {istio: egress},
			servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.example], tls: {mode: ISTIO_MUTUAL}}]}`
	const web = `
		Service team-a/evil: {selector: {app: evil}, ports: [{port: 80, name: http}]}`
	const gatewayRoute = `
		VirtualService team-a/x: {hosts: [a.example], gateways: [g],
			http: [{route: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 80}}}]}]}`
	const outside = `
		VirtualService team-a/x: {hosts: [a.example], gateways: [g], http: [{route: [{destination: {host: evil.test, port: {number: 80}}}]}]}`
	const hops = `
		sidecar istio-system egress.istio-system.svc.cluster.local:443/s (to gateway) originated ISTIO_MUTUAL carrying http
		sidecar shop egress.istio-system.svc.cluster.local:443/s (to gateway) originated ISTIO_MUTUAL carrying http`
	const takenAtGateway = `
		gateway istio-system istio=egress evil.team-a.svc.cluster.local:80 plaintext routed-inside was originated by VirtualService team-a/x lost check of a.example of ServiceEntry data/a`
	for _, c := range []reviewCase{
		{"bytes", db + evil, route, taken},
		{"the Service comes last", db + route, evil, taken},
		{"at a gateway", given + web + ownGateway, gatewayRoute, hops + takenAtGateway},
		{"at a gateway, the Gateway last", given + web + gatewayRoute, ownGateway, hops + takenAtGateway},
		{"at a gateway, the Service last", given + ownGateway + gatewayRoute, web, takenAtGateway},
		{"at a gateway, by the owner of the host", given + web + ownGateway, `
			VirtualService data/x: {hosts: [a.example], gateways: [team-a/g],
				http: [{route: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 80}}}]}]}`, hops},
		{"at a gateway, a host outside last", given + ownGateway + outside, `
			ServiceEntry team-a/evil: {hosts: [evil.test], exportTo: [istio-system], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			gateway istio-system istio=egress evil.test:80 plaintext no-rule was originated taken from TLS by VirtualService team-a/x asks for a.example
			sidecar istio-system evil.test:80 plaintext no-rule`},
	} {
		c.run(t)
	}
}

// A delegate is judged as the VirtualService that delegates to it.
func TestReviewRoutedInsideByDelegates(t *testing.T) {
	const api = `
		ServiceEntry default/api @1: {hosts: [api.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
		DestinationRule default/api: {host: api.example.com, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const root = `
		VirtualService default/root: {hosts: [api.example.com], exportTo: [shop], http: [{match: [{uri: {prefix: /}}], delegate: {name: d, namespace: team-a}}]}`
	const mirrored = `
		VirtualService default/root: {hosts: [api.example.com], exportTo: [shop], http: [{match: [{uri: {prefix: /}}], delegate: {name: d, namespace: team-a},
			mirror: {host: stub.default.svc.cluster.local, port: {number: 80}}}]}
		Service default/stub: {selector: {app: stub}, ports: [{port: 80, name: http}]}`
	const evil = `
		Service team-a/evil: {selector: {app: evil}, ports: [{port: 80, name: http}]}`
	const entry = `
		ServiceEntry team-a/q: {hosts: [q.internal], location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.4.4.4}],
			ports: [{number: 80, name: http, protocol: HTTP}]}`
	delegate := func(http string) string {
		return `
			VirtualService team-a/d: {http: [` + http + `]}`
	}
	const toService = "{route: [{destination: {host: evil.team-a.svc.cluster.local, port: {number: 80}}}]}"
	const toEntry = "{route: [{destination: {host: q.internal, port: {number: 80}}}]}"
	const toAPI = "{route: [{destination: {host: api.example.com}}]}"
	const isLed = ` plaintext routed-inside was originated by VirtualService team-a/d lost check of api.example.com of ServiceEntry default/api`
	const served = `
		sidecar shop evil.team-a.svc.cluster.local:80` + isLed
	const entered = `
		sidecar shop q.internal:80` + isLed
	for _, c := range []reviewCase{
		{"to an entry inside", api + root + entry, delegate(toEntry), entered},
		{"the entry comes last", api + root + delegate(toEntry), entry, entered},
		{"to a Service", api + root + evil, delegate(toService), served},
		{"the Service comes last", api + root + delegate(toService), evil, served},
		{"the root comes last", api + evil + delegate(toService), root, served},
		{"an update of the delegate", api + root + evil + delegate(toAPI), delegate(toService), served},
		{"its mirror", api + root + evil, delegate("{route: [{destination: {host: api.example.com}}], mirror: {host: evil.team-a.svc.cluster.local, port: {number: 80}}}"), `
			sidecar shop api.example.com:80 originated SIMPLE was originated` + served},
		{"the mirror of the owner's own root", api + mirrored, delegate(toAPI), `
			sidecar shop api.example.com:80 originated SIMPLE was originated`},
		{"a delegate of the host's namespace", api + evil + `
			VirtualService default/root: {hosts: [api.example.com], exportTo: [shop], http: [{delegate: {name: d}}]}`, `
			VirtualService default/d: {http: [` + toService + `]}`, ``},
		{"a namespace that delegates for its own clients", api + evil + delegate(toService), `
			VirtualService shop/root: {hosts: [api.example.com], exportTo: [.], http: [{delegate: {name: d, namespace: team-a}}]}`, ``},
		{"and whose delegate changes", api + evil + delegate(toAPI) + `
			VirtualService shop/root: {hosts: [api.example.com], exportTo: [.], http: [{delegate: {name: d, namespace: team-a}}]}`, delegate(toService), served},
		{"a redirect", api + root, delegate("{redirect: {authority: evil.example.net}}"), `
			sidecar shop api.example.com:80 unknown no-destination was originated lost check of api.example.com of ServiceEntry default/api`},
	} {
		c.run(t)
	}
}

// What a third party answers in the place of a server that was under TLS.
func TestReviewAnsweredByOthers(t *testing.T) {
	const api = `
		ServiceEntry default/api @1: {hosts: [api.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
		DestinationRule default/api: {host: api.example.com, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const answered = `
		sidecar shop api.example.com:80 unknown no-destination was originated lost check of api.example.com of ServiceEntry default/api`
	const silent = `
		sidecar shop api.example.com:80 unknown no-destination was originated`
	route := func(namespace, http string) string {
		return `
			VirtualService ` + namespace + `/x: {hosts: [api.example.com], exportTo: [shop], http: [` + http + `]}`
	}
	for _, c := range []reviewCase{
		{"a redirect to another host", api, route("team-a", "{redirect: {authority: evil.example.net}}"), answered},
		{"under TLS", api, route("team-a", "{redirect: {authority: evil.example.net, scheme: https}}"), answered},
		{"to another path, in plaintext", api, route("team-a", "{redirect: {uri: /}}"), answered},
		{"to the same host under TLS", api, route("team-a", "{redirect: {scheme: https}}"), silent},
		{"a response", api, route("team-a", "{directResponse: {status: 200}}"), answered},
		{"to some requests", api, route("team-a", "{match: [{uri: {prefix: /login}}], directResponse: {status: 200}}, {route: [{destination: {host: api.example.com}}]}"), `
			sidecar shop api.example.com:80 originated SIMPLE was originated` + answered},
		{"a fault that is no error", api, route("team-a", "{fault: {abort: {httpStatus: 200, percentage: {value: 50}}}, route: [{destination: {host: api.example.com}}]}"), `
			sidecar shop api.example.com:80 originated SIMPLE was originated` + answered},
		{"an error", api, route("team-a", "{fault: {abort: {httpStatus: 503, percentage: {value: 50}}}, route: [{destination: {host: api.example.com}}]}"), `
			sidecar shop api.example.com:80 originated SIMPLE was originated`},
		{"no fault ever", api, route("team-a", "{fault: {abort: {httpStatus: 200, percentage: {value: 0}}}, route: [{destination: {host: api.example.com}}]}"), `
			sidecar shop api.example.com:80 originated SIMPLE was originated`},
		{"below a wildcard", strings.ReplaceAll(api, "api.example.com", "'*.example.com'"), route("team-a", "{directResponse: {status: 200}}"), `
			sidecar shop *.example.com:80 unknown no-destination was originated lost check of api.example.com of ServiceEntry default/api`},
		{"after a route for all", api, route("team-a", "{route: [{destination: {host: api.example.com}}]}, {directResponse: {status: 200}}"), `
			sidecar shop api.example.com:80 originated SIMPLE was originated`},
		{"by the owner of the host", api, route("default", "{redirect: {authority: evil.example.net}}"), silent},
		{"for its own namespace", api, route("shop", "{redirect: {authority: evil.example.net}}"), silent},
		{"what was not under TLS", `
			ServiceEntry default/api @1: {hosts: [api.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`,
			route("team-a", "{redirect: {authority: evil.example.net}}"), `
			sidecar shop api.example.com:80 unknown no-destination was plaintext`},
		{"as before", api + route("team-a", "{directResponse: {status: 200}}"), route("team-a", "{directResponse: {status: 201}}"), `
			sidecar shop api.example.com:80 unknown no-destination was unrouted`},
	} {
		c.run(t)
	}
}

package mesh

import "testing"

// Where HTTP routes send requests for a.example that pods of namespace shop with label app=till make on port 80.
func TestHTTPRoutes(t *testing.T) {
	const entries = `
		ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP},
			{number: 8080, name: more, protocol: HTTP}]}
		ServiceEntry egress/b: {hosts: [b.example], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}`
	const toB, toC = `route: [{destination: {host: b.example, port: {number: 443}}}]`, `route: [{destination: {host: c.example}}]`
	const some, rest = "b.example:443 | c.example:80", "c.example:80"
	for _, c := range []struct{ name, http, want string }{
		{"a route without a match takes all", `[{` + toB + `}, {` + toC + `}]`, "b.example:443"},
		{"requests that no route takes are answered by the proxy", `[{match: [{uri: {prefix: /pay}}], ` + toB + `}]`, "b.example:443"},
		{"no routes", `[]`, "a.example:80"},
		{"an empty match takes all", `[{match: [{}], ` + toB + `}, {` + toC + `}]`, "b.example:443"},
		{"prefix / takes all", `[{match: [{uri: {prefix: /}}], ` + toB + `}, {` + toC + `}]`, "b.example:443"},
		{"regex .* takes all", `[{match: [{uri: {regex: ".*"}}], ` + toB + `}, {` + toC + `}]`, "b.example:443"},
		{"exact / takes some", `[{match: [{uri: {exact: /}}], ` + toB + `}, {` + toC + `}]`, some},
		{"a method takes some", `[{match: [{method: {exact: GET}}], ` + toB + `}, {` + toC + `}]`, some},
		{"an authority takes some", `[{match: [{authority: {exact: a.example}}], ` + toB + `}, {` + toC + `}]`, some},
		{"a scheme takes some", `[{match: [{scheme: {exact: http}}], ` + toB + `}, {` + toC + `}]`, some},
		{"headers take some", `[{match: [{headers: {x: {exact: v}}}], ` + toB + `}, {` + toC + `}]`, some},
		{"query parameters take some", `[{match: [{queryParams: {x: {exact: v}}}], ` + toB + `}, {` + toC + `}]`, some},
		{"the lack of headers takes some", `[{match: [{withoutHeaders: {x: {exact: v}}}], ` + toB + `}, {` + toC + `}]`, some},
		{"one match that takes all suffices", `[{match: [{uri: {exact: /}}, {}], ` + toB + `}, {` + toC + `}]`, "b.example:443"},
		{"a null match is an empty one", `[{match: [null], ` + toB + `}, {` + toC + `}]`, "b.example:443"},

		{"a match for this port", `[{match: [{port: 80}], ` + toB + `}, {` + toC + `}]`, "b.example:443"},
		{"a match for another port", `[{match: [{port: 8080}], ` + toB + `}, {` + toC + `}]`, rest},
		{"a match for the mesh", `[{match: [{gateways: [mesh]}], ` + toB + `}, {` + toC + `}]`, "b.example:443"},
		{"a match for a gateway", `[{match: [{gateways: [egress]}], ` + toB + `}, {` + toC + `}]`, rest},
		{"a match for this namespace", `[{match: [{sourceNamespace: shop}], ` + toB + `}, {` + toC + `}]`, "b.example:443"},
		{"a match for another namespace", `[{match: [{sourceNamespace: till}], ` + toB + `}, {` + toC + `}]`, rest},
		{"a match for these labels", `[{match: [{sourceLabels: {app: till}}], ` + toB + `}, {` + toC + `}]`, "b.example:443"},
		{"a match for other labels", `[{match: [{sourceLabels: {app: web}}], ` + toB + `}, {` + toC + `}]`, rest},
		{"a match that names gateways does not look at the source", `[{match: [{gateways: [mesh], sourceNamespace: till}], ` + toB + `}, {` + toC + `}]`, "b.example:443"},

		{"a redirect leads nowhere", `[{redirect: {uri: /}}, {` + toC + `}]`, "nowhere"},
		{"a direct answer leads nowhere", `[{directResponse: {status: 503}}]`, "nowhere"},
		{"a redirect mirrors nothing", `[{redirect: {uri: /}, mirror: {host: c.example}}]`, "nowhere"},
		{"nor does a direct answer", `[{directResponse: {status: 503}, mirror: {host: c.example}}]`, "nowhere"},
		{"a redirect of some requests between routes", `[{match: [{uri: {exact: /}}], ` + toB + `}, {match: [{uri: {exact: /x}}], redirect: {uri: /}}, {` + toC + `}]`, some},
		{"a redirect of some requests", `[{match: [{uri: {exact: /}}], redirect: {uri: /}}, {` + toC + `}]`, rest},
		{"weights", `[{route: [{destination: {host: b.example}, weight: 90}, {destination: {host: c.example}, weight: 10}]}]`, "b.example:80 | c.example:80"},
		{"of several without a weight none gets anything", `[{route: [{destination: {host: b.example}, weight: 100}, {destination: {host: c.example}}]}]`, "b.example:80"},
		{"a route without destinations", `[{route: [{weight: 1}]}]`, "nowhere"},
		{"a mirror is a destination, too", `[{` + toB + `, mirror: {host: c.example}}]`, some},
		{"so is each of several", `[{` + toB + `, mirrors: [{destination: {host: c.example}}, {destination: {host: d.example}}, {}]}]`, some + " | d.example:80"},
		{"a destination counts once", `[{match: [{uri: {exact: /}}], ` + toB + `}, {match: [{uri: {exact: /x}}], ` + toB + `}, {` + toB + `, mirror: {host: c.example}}]`, some},
		{"a subset", `[{route: [{destination: {host: b.example, subset: v1}}]}]`, "b.example:80/v1"},
		{"a short name is one of the VirtualService's namespace", `[{route: [{destination: {host: web}}]}]`, "web.shop.svc.cluster.local:80"},

		{"rewrite.authority", `[{` + toB + `, rewrite: {authority: x.example}}]`, "b.example:443 as x.example"},
		{"a Host header that is set", `[{` + toB + `, headers: {request: {set: {HOST: x.example}}}}]`, "b.example:443 as x.example"},
		{"an :authority that is added", `[{` + toB + `, headers: {request: {add: {":authority": x.example}}}}]`, "b.example:443 as x.example"},
		{"another header", `[{` + toB + `, headers: {request: {set: {x-host: x.example}}}}]`, "b.example:443"},
		{"what is set goes before what is added", `[{` + toB + `, headers: {request: {set: {host: x.example}, add: {host: y.example}}}}]`, "b.example:443 as x.example"},
		{"a Host header of one destination", `[{route: [{destination: {host: b.example, port: {number: 443}}, headers: {request: {set: {host: x.example}}}}]}]`, "b.example:443 as x.example"},
		{"the route's rewrite goes before all headers", `[{rewrite: {authority: x.example}, headers: {request: {set: {host: y.example}}}, route: [{destination: {host: b.example}, headers: {request: {set: {host: z.example}}}}]}]`, "b.example:80 as x.example"},
		{"the route's headers go before the destination's", `[{headers: {request: {set: {host: y.example}}}, route: [{destination: {host: b.example}, headers: {request: {set: {host: z.example}}}}]}]`, "b.example:80 as y.example"},
		{"a mirror keeps its own Host header", `[{` + toB + `, rewrite: {authority: x.example}, mirror: {host: c.example}}]`, "b.example:443 as x.example | c.example:80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, entries, `VirtualService shop/a: {hosts: [a.example], http: `+c.http+`}`)
			equal(t, "destinations", destinationsOf(s, "sidecar shop app=till", "a.example", 80), c.want)
		})
	}
}

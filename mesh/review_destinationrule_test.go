package mesh

import (
	"fmt"
	"testing"
)

// What a DestinationRule under review answers for: the clients whose lookup comes to its namespace.
func TestReviewDestinationRule(t *testing.T) {
	const entry = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	const simple = `
		DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	for _, c := range []reviewCase{
		{"in the service's namespace: everyone", entry, simple, `
			sidecar any other namespace api.bank.example:80 originated SIMPLE was plaintext decided
			sidecar egress api.bank.example:80 originated SIMPLE was plaintext decided`},
		{"in another namespace: its own clients", entry, `
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar shop api.bank.example:80 originated SIMPLE was plaintext decided`},
		{"in the root namespace: who finds none before", entry + `
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`, `
			DestinationRule istio-system/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar any other namespace api.bank.example:80 originated SIMPLE was plaintext decided
			sidecar egress api.bank.example:80 originated SIMPLE was plaintext decided
			sidecar istio-system api.bank.example:80 originated SIMPLE was plaintext decided`},
		{"not a client for whom another rule decides as before", entry + `
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`, simple, `
			sidecar any other namespace api.bank.example:80 originated SIMPLE was plaintext decided
			sidecar egress api.bank.example:80 originated SIMPLE was plaintext decided`},
		{"a rule that sets no TLS", entry, `
			DestinationRule egress/bank: {host: api.bank.example}`, `
			sidecar any other namespace api.bank.example:80 plaintext unset was plaintext decided
			sidecar egress api.bank.example:80 plaintext unset was plaintext decided`},
		{"a rule that disables TLS", entry + simple, `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`, `
			sidecar any other namespace api.bank.example:80 plaintext disabled was originated decided
			sidecar egress api.bank.example:80 plaintext disabled was originated decided`},
		{"a deleted rule", entry + simple, "delete DestinationRule egress/bank", `
			sidecar any other namespace api.bank.example:80 plaintext no-rule was originated
			sidecar egress api.bank.example:80 plaintext no-rule was originated`},
		{"the host that it had before", entry + `
			ServiceEntry egress/www: {hosts: [www.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}` + simple, `
			DestinationRule egress/bank: {host: www.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar any other namespace api.bank.example:80 plaintext no-rule was originated
			sidecar egress api.bank.example:80 plaintext no-rule was originated
			sidecar any other namespace www.bank.example:80 originated SIMPLE was plaintext decided
			sidecar egress www.bank.example:80 originated SIMPLE was plaintext decided`},
		{"a rule that hides another's TLS from its namespace", entry + simple, `
			DestinationRule shop/bank: {host: "*.bank.example"}`, `
			sidecar shop api.bank.example:80 plaintext unset was originated decided`},
		{"a rule for a host inside the mesh", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.0.0.1}],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, simple, ``},
		{"subsets", entry, `
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}},
				subsets: [{name: v1}, {name: v2, trafficPolicy: {tls: {mode: DISABLE}}}]}`, `
			sidecar shop api.bank.example:80 originated SIMPLE was plaintext decided
			sidecar shop api.bank.example:80/v1 originated SIMPLE decided
			sidecar shop api.bank.example:80/v2 plaintext disabled decided`},
		{"pods that it selects", entry, `
			DestinationRule shop/bank: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}}, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar shop api.bank.example:80 plaintext unselected was plaintext
			sidecar shop app=web api.bank.example:80 originated SIMPLE was plaintext decided`},
		{"pods that it no longer selects", entry + `
			DestinationRule shop/bank: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}}, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule shop/bank: {host: api.bank.example, workloadSelector: {matchLabels: {app: till}},
				trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar shop api.bank.example:80 plaintext unselected was plaintext
			sidecar shop app=till api.bank.example:80 originated SIMPLE was plaintext decided
			sidecar shop app=web api.bank.example:80 plaintext unselected was originated`},
		{"pods that lose another namespace's rule by a selector", entry + simple, `
			DestinationRule shop/bank: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}}, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar shop api.bank.example:80 plaintext unselected was originated
			sidecar shop app=web api.bank.example:80 originated SIMPLE was originated decided`},
		{"pods that two rules select, where they lose their TLS", entry + `
			DestinationRule shop/a: {host: api.bank.example, workloadSelector: {matchLabels: {a: "1"}}, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule shop/B: {host: api.bank.example, workloadSelector: {matchLabels: {b: "1"}}, trafficPolicy: {tls: {mode: DISABLE}}}`, `
			sidecar shop api.bank.example:80 plaintext unselected was plaintext
			sidecar shop a=1 b=1 api.bank.example:80 plaintext disabled was originated decided
			sidecar shop b=1 api.bank.example:80 plaintext disabled was plaintext decided`},
		{"also where both ask for one label alike", entry + `
			DestinationRule shop/a: {host: api.bank.example, workloadSelector: {matchLabels: {a: "1", x: "1"}},
				trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule shop/B: {host: api.bank.example, workloadSelector: {matchLabels: {b: "1", x: "1"}},
				trafficPolicy: {tls: {mode: DISABLE}}}`, `
			sidecar shop api.bank.example:80 plaintext unselected was plaintext
			sidecar shop a=1 b=1 x=1 api.bank.example:80 plaintext disabled was originated decided
			sidecar shop b=1 x=1 api.bank.example:80 plaintext disabled was plaintext decided`},
		{"and that come by a route for another host", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [shop], resolution: DNS,
				ports: [{number: 443, name: https, protocol: HTTPS}]}
			VirtualService shop/v: {hosts: [web], exportTo: [.],
				http: [{match: [{sourceLabels: {a: "1"}}], route: [{destination: {host: api.bank.example, port: {number: 443}}}]}]}
			DestinationRule shop/b: {host: api.bank.example, workloadSelector: {matchLabels: {b: "1"}}, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule shop/b: {host: api.bank.example, workloadSelector: {matchLabels: {b: "1"}}, trafficPolicy: {tls: {mode: DISABLE}}}`, `
			sidecar shop api.bank.example:443 application-tls unselected was application-tls
			sidecar shop a=1 api.bank.example:443 plaintext unselected carrying http was plaintext
			sidecar shop a=1 api.bank.example:443 application-tls unselected was application-tls
			sidecar shop a=1 b=1 api.bank.example:443 plaintext disabled carrying http was originated decided
			sidecar shop b=1 api.bank.example:443 application-tls disabled was double-tls decided`},
		{"a host that lies in the mesh for these clients", entry + `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], location: MESH_INTERNAL, resolution: STATIC,
				endpoints: [{address: 10.0.0.1}], ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/v: {hosts: [web], exportTo: [.], http: [{route: [{destination: {host: api.bank.example}}]}]}`, `
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`, ``},
		{"not pods that no selector can mean at once", entry + `
			DestinationRule shop/a: {host: api.bank.example, workloadSelector: {matchLabels: {a: "1"}}, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule shop/B: {host: api.bank.example, workloadSelector: {matchLabels: {a: "2"}}, trafficPolicy: {tls: {mode: DISABLE}}}`, `
			sidecar shop api.bank.example:80 plaintext unselected was plaintext
			sidecar shop a=2 api.bank.example:80 plaintext disabled was plaintext decided`},
	} {
		c.run(t)
	}
}

// A rule that decides for nobody.
func TestReviewRuleForNobody(t *testing.T) {
	const entry = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [shop], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	for _, c := range []reviewCase{
		{"an unknown host", entry, `
			DestinationRule shop/bank: {host: www.bank.example}`, `
			sidecar shop www.bank.example:0 unknown unknown-host decided`},
		{"a host in other letters", entry, `
			DestinationRule shop/bank: {host: API.bank.example}`, `
			sidecar shop API.bank.example:0 unknown case-mismatch decided by api.bank.example`},
		{"an unknown host below a known wildcard", `
			ServiceEntry egress/bank: {hosts: ["*.bank.example"], ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			DestinationRule shop/bank: {host: api.bank.example}`, `
			sidecar shop api.bank.example:0 unknown unknown-host decided`},
		{"a wildcard that covers nothing known", entry, `
			DestinationRule shop/bank: {host: "*.test"}`, `
			sidecar shop *.test:0 unknown unknown-host decided`},
		{"a Service of the cluster may be there unknown", entry, `
			DestinationRule shop/bank: {host: web}`, ``},
		{"so may those that a wildcard covers", entry, `
			DestinationRule shop/bank: {host: "*.local"}`, ``},
		{"and those of one namespace not", entry, `
			DestinationRule shop/bank: {host: "*.shop.svc.other"}`, `
			sidecar shop *.shop.svc.other:0 unknown unknown-host decided`},
		{"a name that ends as Services do and is none", entry, `
			DestinationRule shop/bank: {host: x.local}`, `
			sidecar shop x.local:0 unknown unknown-host decided`},
		{"an unknown host that it had before is nothing to tell", entry + `
			DestinationRule shop/bank: {host: www.bank.example}`, `
			DestinationRule shop/bank: {host: api.bank.example}`, `
			sidecar shop api.bank.example:80 plaintext unset was plaintext decided`},
		{"nor is a deleted rule for one", entry + `
			DestinationRule shop/bank: {host: www.bank.example}`, "delete DestinationRule shop/bank", ``},
		{"a rule that no client's lookup comes to", entry, `
			DestinationRule till/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar till api.bank.example:0 unknown off-path ignored`},
		{"where it had another host before", entry + `
			DestinationRule till/bank: {host: www.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule till/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar till api.bank.example:0 unknown off-path ignored`},
		{"which asks for no TLS", entry, `
			DestinationRule till/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`, ``},
		{"a rule for a host inside the mesh", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [shop], location: MESH_INTERNAL, resolution: STATIC,
				endpoints: [{address: 10.0.0.1}], ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			DestinationRule till/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, ``},
		{"a deleted rule", entry + `
			DestinationRule till/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, "delete DestinationRule till/bank", ``},
	} {
		c.run(t)
	}
	for _, rule := range []string{`{host: www.bank.example}`, `{host: API.bank.example}`, `{host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`} {
		old, next, object := changed(t, entry, "DestinationRule till/bank: "+rule)
		for _, f := range mustReview(t, old, next, object, nil) {
			equal(t, "facts of "+rule, fmt.Sprint(f.HopKind, " ", f.Rule, " ", f.Hops != nil), "egress DestinationRule till/bank true")
		}
	}
}

// Hops to an egress gateway that the rule under review governs.
func TestReviewGovernedGatewayHops(t *testing.T) {
	const gateway = `
		Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 443, name: https}, {port: 80, name: http}]}
		Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]},
			{port: {number: 443, name: https, protocol: HTTPS}, hosts: [egress/api.bank.example], tls: {mode: ISTIO_MUTUAL}}]}`
	const host = "egress.istio-system.svc.cluster.local"
	for _, c := range []reviewCase{
		{"each port, for a client in its namespace", gateway, `
			DestinationRule shop/gw: {host: ` + host + `, trafficPolicy: {portLevelSettings: [{port: {number: 443}, tls: {mode: ISTIO_MUTUAL}}]}}`, `
			sidecar shop ` + host + `:80 (to gateway) plaintext unset
			sidecar shop ` + host + `:443 (to gateway) originated ISTIO_MUTUAL carrying http`},
		{"each subset", gateway, `
			DestinationRule shop/gw: {host: ` + host + `, subsets: [{name: v1, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}, {name: v2}]}`, `
			sidecar shop ` + host + `:80/v1 (to gateway) originated ISTIO_MUTUAL
			sidecar shop ` + host + `:80/v2 (to gateway) plaintext unset
			sidecar shop ` + host + `:443/v1 (to gateway) originated ISTIO_MUTUAL carrying http
			sidecar shop ` + host + `:443/v2 (to gateway) plaintext unset carrying http`},
		{"pods that it selects", gateway, `
			DestinationRule shop/gw: {host: ` + host + `, workloadSelector: {matchLabels: {app: web}}, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}`, `
			sidecar shop app=web ` + host + `:80 (to gateway) originated ISTIO_MUTUAL
			sidecar shop app=web ` + host + `:443 (to gateway) originated ISTIO_MUTUAL carrying http`},
		{"not where another rule stands in its place", gateway + `
			DestinationRule shop/other @2: {host: ` + host + `, exportTo: ["*"]}`, `
			DestinationRule shop/gw @1: {host: ` + host + `, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}`, ``},
		{"a port that the Service has not", `
			Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 443, name: https}]}
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`, `
			DestinationRule shop/gw: {host: ` + host + `, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}`, `
			sidecar shop ` + host + `:80 (to gateway) originated ISTIO_MUTUAL`},
		{"a rule that its own namespace does not see", gateway, `
			DestinationRule shop/gw: {host: ` + host + `, exportTo: [till], trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}`, ``},
		{"a deleted rule", gateway + `
			DestinationRule shop/gw: {host: ` + host + `, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}`, "delete DestinationRule shop/gw", ``},
	} {
		c.run(t)
	}
}

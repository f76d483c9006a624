package mesh

import "testing"

// The rules for a host that did not decide, and why.
func TestConsideredRules(t *testing.T) {
	const entry = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	for _, c := range []struct{ name, rules, client, want string }{
		{"the one that decides is not among them", `
			DestinationRule egress/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, "sidecar shop", ""},
		{"the younger of two that merge", `
			DestinationRule egress/a @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule egress/b @2: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`, "sidecar shop",
			"DestinationRule egress/b: merged with DestinationRule egress/a, which is older: the trafficPolicy of the oldest stands whole"},
		{"an older one without a policy, and one with subsets alone", `
			DestinationRule egress/a @1: {host: api.bank.example, subsets: [{name: v1}]}
			DestinationRule egress/b @2: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule egress/c @3: {host: api.bank.example, subsets: [{name: v2}]}`, "sidecar shop", ""},
		{"the older of two that do not merge", `
			DestinationRule egress/a @1: {host: api.bank.example, exportTo: ["*"], trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule egress/b @2: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`, "sidecar shop",
			"DestinationRule egress/a: DestinationRule egress/b stands in its place: rules with unequal exportTo do not merge, and the newer one wins"},
		{"a wildcard under a more specific host", `
			DestinationRule egress/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule egress/b: {host: "*.bank.example", trafficPolicy: {tls: {mode: DISABLE}}}`, "sidecar shop",
			"DestinationRule egress/b: shadowed by the more specific host api.bank.example of namespace egress"},
		{"a rule behind the client's own namespace", `
			DestinationRule shop/a: {host: "*.bank.example", trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule egress/b: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`, "sidecar shop",
			"DestinationRule egress/b: the lookup stopped before, in namespace shop"},
		{"a rule of the service's namespace that is not exported", `
			DestinationRule egress/a: {host: api.bank.example, exportTo: [.], trafficPolicy: {tls: {mode: SIMPLE}}}`, "sidecar shop",
			"DestinationRule egress/a: not exported to namespace shop"},
		{"one that is exported to others", `
			DestinationRule egress/a: {host: api.bank.example, exportTo: [till], trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule istio-system/b: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, "sidecar shop",
			"DestinationRule egress/a: not exported to namespace shop"},
		{"a rule of a third namespace", `
			DestinationRule till/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, "sidecar shop",
			"DestinationRule till/a: in a namespace that is neither the client's, nor the service's, nor the mesh's root"},
		{"a selector that leaves the client out", `
			DestinationRule shop/a: {host: api.bank.example, workloadSelector: {matchLabels: {app: till}},
				trafficPolicy: {tls: {mode: SIMPLE}}}`, "sidecar shop app=web",
			"DestinationRule shop/a: its workloadSelector does not select this client"},
		{"a selector of another namespace", `
			DestinationRule egress/a: {host: api.bank.example, workloadSelector: {matchLabels: {app: till}},
				trafficPolicy: {tls: {mode: SIMPLE}}}`, "sidecar shop app=till",
			"DestinationRule egress/a: a rule with a workloadSelector counts in its own namespace alone"},
		{"a selector at a waypoint", `
			DestinationRule egress/a: {host: api.bank.example, workloadSelector: {matchLabels: {app: till}},
				trafficPolicy: {tls: {mode: SIMPLE}}}`, "waypoint egress app=till",
			"DestinationRule egress/a: a waypoint ignores rules with a workloadSelector"},
		{"a rule for all of a third namespace, at a waypoint", `
			DestinationRule till/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, "waypoint egress",
			"DestinationRule till/a: in a namespace that is neither the client's, nor the service's, nor the mesh's root"},
		{"a rule of a third namespace behind one that decides", `
			DestinationRule shop/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule till/b: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`, "sidecar shop",
			"DestinationRule till/b: in a namespace that is neither the client's, nor the service's, nor the mesh's root"},
		{"other labels than a selector of another namespace asks for", `
			DestinationRule egress/a: {host: api.bank.example, workloadSelector: {matchLabels: {app: till}},
				trafficPolicy: {tls: {mode: SIMPLE}}}`, "sidecar shop app=web",
			"DestinationRule egress/a: a rule with a workloadSelector counts in its own namespace alone"},
		{"the younger of two that select the client", `
			DestinationRule shop/a @1: {host: api.bank.example, workloadSelector: {matchLabels: {a: x}}, trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule shop/b @2: {host: api.bank.example, workloadSelector: {matchLabels: {b: x}},
				trafficPolicy: {tls: {mode: DISABLE}}}`, "sidecar shop a=x b=x",
			"DestinationRule shop/b: DestinationRule shop/a stands in its place: rules with unequal exportTo do not merge, and the newer one wins"},
		{"a rule of the client's namespace that is exported to others alone", `
			DestinationRule shop/a: {host: api.bank.example, exportTo: [till], trafficPolicy: {tls: {mode: SIMPLE}}}`, "sidecar shop",
			"DestinationRule shop/a: not exported to namespace shop"},
		{"a rule for all beside one that selects the client", `
			DestinationRule shop/a @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule shop/b @2: {host: api.bank.example, workloadSelector: {matchLabels: {app: till}},
				trafficPolicy: {tls: {mode: DISABLE}}}`, "sidecar shop app=till",
			"DestinationRule shop/a: DestinationRule shop/b stands in its place: rules with unequal exportTo do not merge, and the newer one wins"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, entry, c.rules)
			equal(t, "considered", consideredLines(s.Resolve(parseClient(c.client), "api.bank.example", 80).Considered), c.want)
		})
	}
	s := snapshot(t, entry, `
		DestinationRule egress/a @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}
		DestinationRule egress/b @2: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}},
			subsets: [{name: v1, trafficPolicy: {tls: {mode: DISABLE}}}]}
		VirtualService shop/a: {hosts: [api.bank.example], http: [{route: [{destination: {host: api.bank.example, subset: v1}}]}]}`)
	equal(t, "a rule whose subset decides", consideredLines(s.Resolve(parseClient("sidecar shop"), "api.bank.example", 80).Considered), "")
	s = snapshot(t, entry, `
		DestinationRule egress/a @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}, subsets: [{name: v1}]}
		DestinationRule egress/b @2: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}
		VirtualService shop/a: {hosts: [api.bank.example], http: [{route: [{destination: {host: api.bank.example, subset: v1}}]}]}`)
	equal(t, "a rule beside the one whose subset decides", consideredLines(s.Resolve(parseClient("sidecar shop"), "api.bank.example", 80).Considered),
		"DestinationRule egress/b: merged with DestinationRule egress/a, which is older: the trafficPolicy of the oldest stands whole")
	s = snapshot(t, `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, workloadSelector: {labels: {app: bank}},
			ports: [{number: 80, name: http, protocol: HTTP}]}
		DestinationRule egress/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`)
	equal(t, "rules for a cluster that is not built", len(s.Resolve(parseClient("sidecar shop"), "api.bank.example", 80).Considered), 1)
}

// The services of a host for which a client has no answer, and why.
func TestConsideredServices(t *testing.T) {
	const entry = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS,
			ports: [{number: 80, name: http, protocol: HTTP}, {number: 81, name: more, protocol: HTTP}]}`
	for _, c := range []struct {
		name, mesh string
		port       uint32
		want       string
	}{
		{"no such port", entry, 8080, "passthrough ServiceEntry egress/bank: it has no such port"},
		{"no such port, whatever the Sidecar imports", entry + `
			Sidecar shop/default: {egress: [{hosts: ["*/*"]}]}`, 8080, "passthrough ServiceEntry egress/bank: it has no such port"},
		{"not exported", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}`, 80,
			"passthrough ServiceEntry egress/bank: not exported to namespace shop (spec.exportTo)"},
		{"left out by the Sidecar", entry + `
			Sidecar shop/default: {egress: [{hosts: [./*]}]}`, 80, "passthrough ServiceEntry egress/bank: left out of the egress hosts of Sidecar shop/default"},
		{"no listener on the port", entry + `
			Sidecar shop/default: {egress: [{port: {number: 81, protocol: HTTP},
				hosts: ["*/*"]}]}`, 80, "passthrough ServiceEntry egress/bank: no egress listener of Sidecar shop/default on port 80 is for it"},
		{"each service for itself", entry + `
			ServiceEntry till/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS,
				ports: [{number: 8080, name: http, protocol: HTTP}]}`, 8080,
			"passthrough ServiceEntry egress/bank: it has no such port\nServiceEntry till/bank: not exported to namespace shop (spec.exportTo)"},
		{"no service at all", ``, 80, "unknown-host "},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := snapshot(t, c.mesh).Resolve(parseClient("sidecar shop"), "api.bank.example", c.port)
			equal(t, "considered", string(p.Cause)+" "+consideredLines(p.Considered), c.want)
		})
	}
}

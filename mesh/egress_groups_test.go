package mesh

import (
	"strings"
	"testing"
)

// Which namespaces fare alike with api.bank.example.
func TestClientGroups(t *testing.T) {
	const entry = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	for _, c := range []struct{ name, mesh, want string }{
		{"all that no object singles out are of one group", entry + `
			Namespace a: {}
			Namespace b: {}`, "sidecar egress: egress | sidecar any other namespace: the rest"},
		{"namespaces whose Sidecars see the same are one group, and are told from the rest", entry + `
			Sidecar a/x: {egress: [{hosts: ["./*"]}]}
			Sidecar b/x: {egress: [{hosts: ["./*"]}]}
			Sidecar c/x: {egress: [{hosts: ["egress/*"]}]}
			Namespace d: {}`,
			"sidecar egress: egress | sidecar any other namespace: the rest | sidecar a: a, b | sidecar c: c"},
		{"a Sidecar that lets nothing out makes a group of its own", entry + `
			Sidecar a/x: {egress: [{hosts: ["./*"]}]}
			Sidecar b/x: {egress: [{hosts: ["./*"]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}`,
			"sidecar egress: egress | sidecar any other namespace: the rest | sidecar a: a | sidecar b: b"},
		{"a Sidecar that has a wildcard over the host", entry + `
			ServiceEntry w/any: {hosts: ["*.bank.example"], ports: [{number: 80, name: http, protocol: HTTP}]}
			Sidecar a/x: {egress: [{hosts: ["./*"]}]}
			Sidecar b/x: {egress: [{hosts: ["w/*"]}]}`,
			"sidecar egress: egress | sidecar any other namespace: the rest | sidecar a: a | sidecar b: b"},
		{"ambient namespaces, each by its own", entry + `
			Namespace a: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
			Namespace b: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}`,
			"sidecar egress: egress | sidecar any other namespace: the rest | ztunnel a: a, b"},
		{"ambient namespaces come by the host's waypoint", entry + `
			Namespace a: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
			Namespace egress: {metadata: {labels: {istio.io/use-waypoint: waypoint}}}
			KubernetesGateway egress/waypoint: {gatewayClassName: istio-waypoint,
				listeners: [{protocol: HBONE, port: 15008, name: mesh}]}`,
			"sidecar egress: egress | sidecar any other namespace: the rest | waypoint egress: a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.mesh)
			var lines []string
			for _, g := range s.ClientGroups("api.bank.example", s.Namespaces()) {
				names := strings.Join(g.Namespaces, ", ")
				if names == "" {
					names = "the rest"
				}
				lines = append(lines, g.Client.String()+": "+names)
			}
			equal(t, "groups", strings.Join(lines, " | "), c.want)
		})
	}
}

// What a group's client gets is what each of its namespaces gets.
func TestClientGroupsFareAlike(t *testing.T) {
	s := snapshot(t, `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
		ServiceEntry w/any: {hosts: ["*.bank.example"], exportTo: ["*"], ports: [{number: 80, name: http, protocol: HTTP}]}
		DestinationRule w/any: {host: "*.bank.example", trafficPolicy: {tls: {mode: SIMPLE}}}
		DestinationRule egress/bank: {host: api.bank.example, exportTo: [., c, e], trafficPolicy: {tls: {mode: SIMPLE}}}
		VirtualService v/bank: {hosts: [api.bank.example], exportTo: [d, "."], http: [{route: [{destination: {host: x.example}}]}]}
		Sidecar a/x: {egress: [{hosts: ["./*"]}]}
		Sidecar b/x: {egress: [{hosts: ["w/*"]}]}
		Sidecar c/x: {egress: [{hosts: ["egress/*"]}]}
		Sidecar d/x: {egress: [{hosts: ["egress/*", "v/*"]}]}
		Sidecar f/x: {egress: [{hosts: ["egress/*"]}]}
		Namespace e: {}
		Namespace g: {}
		Namespace h: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
		Namespace i: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}`)
	for _, host := range s.ExternalHosts() {
		in := map[string]string{}
		rest := ""
		for _, g := range s.ClientGroups(host, s.Namespaces()) {
			p := s.Resolve(g.Client, host, 80)
			got := string(p.Verdict) + " " + string(p.Cause)
			if g.Client.Namespace == AnyNamespace {
				rest = got
			}
			for _, n := range g.Namespaces {
				in[n] = got
			}
		}
		for _, n := range s.Namespaces() {
			p := s.Resolve(s.ClientOf(n, nil, host), host, 80)
			got, named := in[n]
			if !named {
				got = rest
			}
			equal(t, host+" from "+n, got, string(p.Verdict)+" "+string(p.Cause))
		}
	}
}

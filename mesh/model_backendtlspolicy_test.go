package mesh

import (
	"slices"
	"testing"
)

// What sidecars of a namespace do with port 80 of a.example.com, by the policies for its entry and the rules beside them.
func TestBackendTLSPolicy(t *testing.T) {
	const entry = `ServiceEntry egress/a: {hosts: [a.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}, {number: 81, name: alt, protocol: HTTP}]}
		`
	const policy = `BackendTLSPolicy egress/p @5: {targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: a}], validation: {hostname: a.example.com}}
		`
	for _, c := range []struct{ name, objects, want string }{
		{"SNI, and no name is checked", policy, "SIMPLE a.example.com unverified by BackendTLSPolicy egress/p spec.validation"},
		{"names to check", `
			BackendTLSPolicy egress/p: {targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: a}], validation: {hostname: a.example.com, subjectAltNames: [{type: Hostname, hostname: b.example.com}]}}`,
			"SIMPLE a.example.com [b.example.com] by BackendTLSPolicy egress/p spec.validation"},
		{"for one port, which is another", `
			BackendTLSPolicy egress/p: {targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: a, sectionName: alt}], validation: {hostname: a.example.com}}`,
			"no-rule"},
		{"for a port that is not there", `
			BackendTLSPolicy egress/p: {targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: a, sectionName: none}], validation: {hostname: a.example.com}}`,
			"no-rule"},
		{"in another namespace", `
			BackendTLSPolicy other/p: {targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: a}], validation: {hostname: a.example.com}}`,
			"no-rule"},
		{"the oldest stands", policy + `
			BackendTLSPolicy egress/o @1: {targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: a}], validation: {hostname: older.example.com}}`,
			"SIMPLE older.example.com unverified by BackendTLSPolicy egress/o spec.validation"},
		{"that of the port before that of the whole", policy + `
			BackendTLSPolicy egress/z @9: {targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: a, sectionName: http}], validation: {hostname: port.example.com}}`,
			"SIMPLE port.example.com unverified by BackendTLSPolicy egress/z spec.validation"},
		{"a rule goes before it", policy + `
			DestinationRule egress/r @1: {host: a.example.com, trafficPolicy: {tls: {mode: SIMPLE}}}`,
			"SIMPLE AUTO by DestinationRule egress/r spec.trafficPolicy.tls"},
		{"and is filled in", policy + `
			DestinationRule egress/r @1: {host: a.example.com, trafficPolicy: {loadBalancer: {simple: RANDOM}}}`,
			"SIMPLE a.example.com unverified by BackendTLSPolicy egress/p spec.validation"},
		{"but for a port that it speaks of", policy + `
			DestinationRule egress/r @1: {host: a.example.com, trafficPolicy: {portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]}}`,
			"unset by DestinationRule egress/r spec.trafficPolicy.portLevelSettings[0].tls"},
		{"a rule with exportTo of its own stands in its place", policy + `
			DestinationRule egress/r @1: {host: a.example.com, exportTo: ["*"], trafficPolicy: {loadBalancer: {simple: RANDOM}}}`,
			"unset by DestinationRule egress/r spec.trafficPolicy.tls"},
		{"the last of two rules goes first", policy + `
			DestinationRule egress/r @1: {host: a.example.com, trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule egress/s @2: {host: a.example.com, trafficPolicy: {tls: {mode: SIMPLE, sni: s.example.com}}}`,
			"SIMPLE s.example.com unverified by DestinationRule egress/s spec.trafficPolicy.tls"},
		{"CA certificates in a ConfigMap", `
			BackendTLSPolicy egress/p: {targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: a}], validation: {hostname: a.example.com, caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}}`,
			"SIMPLE a.example.com unverified by BackendTLSPolicy egress/p spec.validation"},
		{"in a Secret, and sidecars start no TLS", `
			BackendTLSPolicy egress/p: {targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: a}], validation: {hostname: a.example.com, caCertificateRefs: [{group: "", kind: Secret, name: ca}]}}`,
			"credential-ignored by BackendTLSPolicy egress/p spec.validation"},
		{"ignored", `
			BackendTLSPolicy egress/p: {metadata: {annotations: {istio.io/ignore-policy-attachment: "True"}}, targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: a}], validation: {hostname: a.example.com}}`,
			"no-rule"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, client := objects(t, entry+c.objects), Client{Kind: ClientSidecar, Namespace: "own"}
			s := New(DefaultSettings(), list...)
			equal(t, "TLS", describeTLS(s, client), c.want)
			slices.Reverse(list)
			equal(t, "made in another order", describeTLS(New(DefaultSettings(), list...), client), c.want)
			for o := range s.Objects() {
				if o.Kind == KindBackendTLSPolicy {
					s = s.Without(o.Ref)
				}
			}
			equal(t, "rules left of the policies", s.backends.rules.Len()+s.backends.policies.Len(), 0)
		})
	}
}

// A control plane of Istio 1.30 does not fill in: the policy stands whole, and the rule's settings are lost.
func TestBackendTLSPolicyOfOlderIstio(t *testing.T) {
	settings := DefaultSettings()
	settings.Version = Version130
	s := New(settings, objects(t, `{
		ServiceEntry egress/a: {hosts: [a.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]},
		BackendTLSPolicy egress/p: {metadata: {annotations: {istio.io/ignore-policy-attachment: "true"}}, targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: a}], validation: {hostname: a.example.com}},
		DestinationRule egress/r @1: {host: a.example.com, trafficPolicy: {tls: {mode: DISABLE}}}}`)...)
	equal(t, "TLS", describeTLS(s, Client{Kind: ClientSidecar, Namespace: "own"}),
		"SIMPLE a.example.com unverified by BackendTLSPolicy egress/p spec.validation")
}

// describeTLS returns what a client's proxy does with port 80 of a.example.com.
func describeTLS(s *Snapshot, client Client) string {
	c, _ := s.Cluster(client, "a.example.com", 80, "")
	text := string(c.Cause)
	if c.Originated() {
		text = c.Hop.TLS + " " + c.Hop.SNI
		switch {
		case c.Hop.AutoNames:
			text += "AUTO"
		case !c.Hop.Verified:
			text += " unverified"
		default:
			text += " [" + c.Hop.Names[0] + "]"
		}
	}
	if c.Hop.DecidedBy != nil {
		text += " by " + c.Hop.DecidedBy.String()
	}
	return text
}

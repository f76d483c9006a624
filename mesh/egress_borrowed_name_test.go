package mesh

import "testing"

// For whose name a server is checked in place of the host that is asked for.
func TestBorrowedName(t *testing.T) {
	const entry = `
		ServiceEntry egress/bank: {hosts: [a1.bank.example, a2.bank.example], resolution: DNS, ports: [{number: 5432, name: tcp, protocol: TCP}]}
		`
	for _, c := range []struct{ name, mesh, host, want string }{
		{"a rule for both has the name of one", entry + `
			DestinationRule egress/bank: {host: "*.bank.example", trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: [a1.bank.example]}}}`, "a2.bank.example", "a1.bank.example"},
		{"for the host itself", entry + `
			DestinationRule egress/bank: {host: "*.bank.example", trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: [a1.bank.example]}}}`, "a1.bank.example", ""},
		{"the names of both", entry + `
			DestinationRule egress/bank: {host: "*.bank.example", trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: [a1.bank.example, A2.bank.example]}}}`, "a2.bank.example", ""},
		{"a rule for the host alone", entry + `
			DestinationRule egress/bank: {host: a2.bank.example, trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: [a1.bank.example]}}}`, "a2.bank.example", ""},
		{"the name of a parent", entry + `
			DestinationRule egress/bank: {host: "*.bank.example", trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: [bank.example]}}}`, "a2.bank.example", ""},
		{"a wildcard", entry + `
			DestinationRule egress/bank: {host: "*.bank.example", trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: ["*.bank.example"]}}}`, "a2.bank.example", ""},
		{"a name that nobody declares", entry + `
			DestinationRule egress/bank: {host: "*.bank.example", trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: [a1.bank.example, shared.bank.example]}}}`, "a2.bank.example", ""},
		{"one that the entry gives to its servers", `
			ServiceEntry egress/bank: {hosts: [a1.bank.example, a2.bank.example], resolution: DNS, subjectAltNames: [a1.bank.example], ports: [{number: 5432, name: tcp, protocol: TCP}]}
			DestinationRule egress/bank: {host: "*.bank.example", trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: [a1.bank.example]}}}`, "a2.bank.example", ""},
		{"nothing is checked", entry + `
			DestinationRule egress/bank: {host: "*.bank.example", trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: [a1.bank.example], insecureSkipVerify: true}}}`, "a2.bank.example", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			hops := snapshot(t, c.mesh).Resolve(Client{Kind: ClientSidecar, Namespace: "shop"}, c.host, 5432).Hops
			if got := hops[len(hops)-1].BorrowedName; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

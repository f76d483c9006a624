package mesh

import (
	"fmt"
	"testing"
)

// What the proxy makes of the tls that a rule sets for a port (pilot/pkg/networking/core/cluster_tls.go).
func TestClusterTLS(t *testing.T) {
	const entry = `ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	const tcp = `ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}`
	const sniffed = `ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: any}]}`
	const names = `ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, subjectAltNames: [b.example, a.example], ports: [{number: 80, name: http, protocol: HTTP}]}`
	for _, c := range []struct{ name, entry, client, tls, want string }{
		{"SIMPLE takes the SNI and the name from the Host header", entry, "", `{mode: SIMPLE}`, "SIMPLE auto-sni auto-san verified"},
		{"so does MUTUAL", entry, "", `{mode: MUTUAL, clientCertificate: /c, privateKey: /k}`, "MUTUAL auto-sni auto-san verified"},
		{"an explicit sni turns the check of the name off", entry, "", `{mode: SIMPLE, sni: x.example}`, "SIMPLE sni=x.example"},
		{"an explicit sni with SANs is checked", entry, "", `{mode: SIMPLE, sni: x.example, subjectAltNames: [y.example]}`, "SIMPLE sni=x.example names=y.example verified"},
		{"SANs alone keep the automatic SNI, not the automatic name", entry, "", `{mode: SIMPLE, subjectAltNames: [y.example]}`, "SIMPLE auto-sni names=y.example verified"},
		{"an explicit sni is checked by the entry's SANs", names, "", `{mode: SIMPLE, sni: x.example}`, "SIMPLE sni=x.example names=a.example,b.example verified"},
		{"the rule's SANs go before the entry's", names, "", `{mode: SIMPLE, subjectAltNames: [y.example]}`, "SIMPLE auto-sni names=y.example verified"},
		{"the Host header says nothing on a TCP port", tcp, "", `{mode: SIMPLE}`, "SIMPLE auto-sni auto-san"},
		{"SANs are checked on a TCP port", tcp, "", `{mode: SIMPLE, subjectAltNames: [y.example]}`, "SIMPLE auto-sni names=y.example verified"},
		{"a sniffed port may carry requests", sniffed, "", `{mode: SIMPLE}`, "SIMPLE auto-sni auto-san verified"},
		{"insecureSkipVerify checks nothing", entry, "", `{mode: SIMPLE, insecureSkipVerify: true, subjectAltNames: [y.example]}`, "SIMPLE auto-sni insecure"},

		{"DISABLE", entry, "", `{mode: DISABLE}`, "plaintext disabled"},
		{"an empty tls is DISABLE", entry, "", `{}`, "plaintext disabled"},
		{"no mode with an sni", entry, "", `{sni: x.example}`, "plaintext no-mode"},
		{"no mode with SANs", entry, "", `{subjectAltNames: [x.example]}`, "plaintext no-mode"},
		{"no mode with a credential", entry, "", `{credentialName: bank}`, "plaintext no-mode"},
		{"no mode with a certificate", entry, "", `{clientCertificate: /c}`, "plaintext no-mode"},
		{"no mode with a key", entry, "", `{privateKey: /k}`, "plaintext no-mode"},
		{"no mode with a CA", entry, "", `{caCertificates: /ca}`, "plaintext no-mode"},
		{"no mode with insecureSkipVerify", entry, "", `{insecureSkipVerify: false}`, "plaintext no-mode"},

		{"a credential on a sidecar is no TLS", entry, "", `{mode: SIMPLE, credentialName: bank}`, "plaintext credential-ignored"},
		{"a ConfigMap on a sidecar is", entry, "", `{mode: SIMPLE, credentialName: "configmap://bank"}`, "SIMPLE auto-sni auto-san verified"},
		{"a gateway reads its credential", entry, "gateway istio-system", `{mode: SIMPLE, credentialName: bank}`, "SIMPLE auto-sni auto-san verified"},
		{"MUTUAL without certificate and key", entry, "", `{mode: MUTUAL}`, "plaintext incomplete-mutual"},
		{"MUTUAL without a key", entry, "", `{mode: MUTUAL, clientCertificate: /c}`, "plaintext incomplete-mutual"},
		{"MUTUAL without a certificate", entry, "", `{mode: MUTUAL, privateKey: /k}`, "plaintext incomplete-mutual"},
		{"MUTUAL of a gateway by its credential", entry, "gateway istio-system", `{mode: MUTUAL, credentialName: bank}`, "MUTUAL auto-sni auto-san verified"},

		{"ISTIO_MUTUAL sends the cluster's name and checks none", entry, "", `{mode: ISTIO_MUTUAL}`, "ISTIO_MUTUAL sni=outbound_.80_._.api.bank.example"},
		{"ISTIO_MUTUAL with an sni", entry, "", `{mode: ISTIO_MUTUAL, sni: x.example}`, "ISTIO_MUTUAL sni=x.example"},
		{"ISTIO_MUTUAL with SANs", entry, "", `{mode: ISTIO_MUTUAL, subjectAltNames: [y.example]}`, "ISTIO_MUTUAL sni=outbound_.80_._.api.bank.example names=y.example verified"},
		{"ISTIO_MUTUAL with the entry's SANs", names, "", `{mode: ISTIO_MUTUAL}`, "ISTIO_MUTUAL sni=outbound_.80_._.api.bank.example names=a.example,b.example verified"},
		{"ISTIO_MUTUAL is never insecure", entry, "", `{mode: ISTIO_MUTUAL, insecureSkipVerify: true}`, "ISTIO_MUTUAL sni=outbound_.80_._.api.bank.example"},
		{"ISTIO_MUTUAL needs no credential", entry, "", `{mode: ISTIO_MUTUAL, credentialName: bank}`, "ISTIO_MUTUAL sni=outbound_.80_._.api.bank.example"},
		{"a ztunnel reads no rules", entry, "ztunnel shop", `{mode: SIMPLE}`, "plaintext ztunnel"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.entry, fmt.Sprintf("DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: %s}}", c.tls))
			equal(t, "TLS", clusterOf(s, clientOr(c.client), "api.bank.example", 80, ""), c.want)
		})
	}
}

// clientOr returns the client that a case names, or pods of namespace shop.
func clientOr(client string) string {
	if client == "" {
		return "sidecar shop"
	}
	return client
}

// Whose rule there is, and where the TLS in it stands.
func TestClusterRule(t *testing.T) {
	const entry = `ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}, {number: 53, name: dns, protocol: UDP}]}`
	const simple = `DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}, subsets: [{name: v1}, {name: v2, trafficPolicy: {tls: {mode: DISABLE}}}]}`
	const selected = `DestinationRule shop/bank: {host: api.bank.example, workloadSelector: {matchLabels: {app: till}}, trafficPolicy: {tls: {mode: SIMPLE, credentialName: bank}}}`
	for _, c := range []struct {
		name, rule, client, host string
		port                     uint32
		subset, want             string
	}{
		{"no rule", ``, "sidecar shop", "api.bank.example", 80, "", "plaintext no-rule"},
		{"a rule without TLS", `DestinationRule egress/bank: {host: api.bank.example}`, "sidecar shop", "api.bank.example", 80, "", "plaintext unset"},
		{"unknown host", simple, "sidecar shop", "www.bank.example", 80, "", "no cluster"},
		{"unknown port", simple, "sidecar shop", "api.bank.example", 443, "", "no cluster"},
		{"UDP has no clusters", simple, "sidecar shop", "api.bank.example", 53, "", "no cluster"},
		{"a subset inherits", simple, "sidecar shop", "api.bank.example", 80, "v1", "SIMPLE auto-sni auto-san verified"},
		{"a subset's own TLS goes first", simple, "sidecar shop", "api.bank.example", 80, "v2", "plaintext disabled"},
		{"a subset that no rule has", simple, "sidecar shop", "api.bank.example", 80, "v3", "no cluster"},
		{"a subset without a rule", ``, "sidecar shop", "api.bank.example", 80, "v1", "no cluster"},
		{"a ztunnel has no subsets", simple, "ztunnel shop", "api.bank.example", 80, "v1", "no cluster"},
		{"selected pods read the credential", selected, "sidecar shop app=till", "api.bank.example", 80, "", "SIMPLE auto-sni auto-san verified"},
		{"pods that the selector leaves out", selected, "sidecar shop app=web", "api.bank.example", 80, "", "plaintext unselected"},
		{"a waypoint ignores rules with a selector", selected, "waypoint shop", "api.bank.example", 80, "", "plaintext selector-at-waypoint"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "TLS", clusterOf(snapshot(t, entry, c.rule), c.client, c.host, c.port, c.subset), c.want)
		})
	}
	s := snapshot(t, `
		Service egress/bank: {ports: [{port: 80, name: http}]}
		ServiceEntry egress/bank: {hosts: [bank.egress.svc.cluster.local], subjectAltNames: [a.example], ports: [{number: 80, name: http}]}
		DestinationRule egress/bank: {host: bank.egress.svc.cluster.local, trafficPolicy: {tls: {mode: SIMPLE, sni: x.example}}}`)
	equal(t, "a Service's rule does not check the SANs of an entry", clusterOf(s, "sidecar shop", "bank.egress.svc.cluster.local", 80, ""), "SIMPLE sni=x.example")
	c, _ := snapshot(t, entry, simple).Cluster(parseClient("sidecar shop"), "api.bank.example", 80, "v2")
	equal(t, "decided by", c.Hop.DecidedBy, "DestinationRule egress/bank spec.subsets[1].trafficPolicy.tls")
	equal(t, "hop", []any{c.Hop.From, c.Hop.To, c.Hop.Port, c.Hop.Protocol, c.Protocol, c.Family, c.Originated(), c.Hop.Names == nil}, "[sidecar shop api.bank.example 80 HTTP HTTP http false false]")
}

// A waypoint that stands for the host, and a forward proxy.
func TestClusterTLSAtWaypointAndForwardProxy(t *testing.T) {
	const waypoint = `
		KubernetesGateway egress/waypoint: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, name: mesh}]}
		Namespace egress: {metadata: {labels: {istio.io/use-waypoint: waypoint}}}`
	const exact = waypoint + `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, subjectAltNames: [a.example],
			ports: [{number: 80, name: http, protocol: HTTP}]}
		DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: %s}}`
	const dynamic = waypoint + `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DYNAMIC_DNS, subjectAltNames: [a.example],
			ports: [{number: 80, name: http, protocol: HTTP}]}
		DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: %s}}`
	const wildcard = `
		ServiceEntry egress/bank: {hosts: ["*.bank.example"], resolution: DYNAMIC_DNS, subjectAltNames: [a.example],
			ports: [{number: 80, name: http, protocol: HTTP}]}
		DestinationRule egress/bank: {host: "*.bank.example", trafficPolicy: {tls: %s}}`
	for _, c := range []struct{ name, mesh, client, host, tls, want string }{
		{"a waypoint takes ISTIO_MUTUAL for none", exact, "waypoint egress", "api.bank.example", `{mode: ISTIO_MUTUAL}`, "plaintext mutual-at-waypoint"},
		{"a waypoint does not check the entry's SANs", exact, "waypoint egress", "api.bank.example", `{mode: SIMPLE, sni: x.example}`, "SIMPLE sni=x.example"},
		{"a waypoint reads a credential", exact, "waypoint egress", "api.bank.example", `{mode: SIMPLE, credentialName: bank}`, "SIMPLE auto-sni auto-san verified"},
		{"a forward proxy checks the name of the request beside an explicit sni", dynamic, "waypoint egress", "api.bank.example", `{mode: SIMPLE, sni: x.example}`, "SIMPLE sni=x.example auto-san verified"},
		{"a forward proxy for a wildcard", wildcard, "sidecar shop", "*.bank.example", `{mode: SIMPLE, sni: x.example}`, "SIMPLE sni=x.example auto-san verified"},
		{"a forward proxy does not check the entry's SANs", wildcard, "sidecar shop", "*.bank.example", `{mode: SIMPLE}`, "SIMPLE auto-sni auto-san verified"},
		{"insecureSkipVerify at a forward proxy", wildcard, "sidecar shop", "*.bank.example", `{mode: SIMPLE, insecureSkipVerify: true}`, "SIMPLE auto-sni insecure"},
		{"ISTIO_MUTUAL takes both from the request", wildcard, "sidecar shop", "*.bank.example", `{mode: ISTIO_MUTUAL}`, "ISTIO_MUTUAL auto-sni auto-san"},
		{"ISTIO_MUTUAL at a forward proxy, with an sni", wildcard, "sidecar shop", "*.bank.example", `{mode: ISTIO_MUTUAL, sni: x.example}`, "ISTIO_MUTUAL sni=x.example auto-san"},
		{"ISTIO_MUTUAL at a forward proxy, insecure", wildcard, "sidecar shop", "*.bank.example", `{mode: ISTIO_MUTUAL, insecureSkipVerify: true}`, "ISTIO_MUTUAL auto-sni"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "TLS", clusterOf(snapshot(t, fmt.Sprintf(c.mesh, c.tls)), c.client, c.host, 80, ""), c.want)
		})
	}
}

package mesh

import (
	"fmt"
	"strings"
	"testing"
)

func TestReviewReleased(t *testing.T) {
	const api = `
		ServiceEntry egress/api @1: {hosts: [api.example.com], resolution: STATIC, endpoints: [{address: 192.0.2.1}],
			ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
		DestinationRule egress/api @1: {host: api.example.com, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const empty = `
		ServiceEntry shop/own @2: {hosts: [api.example.com], exportTo: [.], location: MESH_INTERNAL, resolution: STATIC,
			ports: [{number: 80, name: tcp, protocol: TCP}]}`
	const registryOnly = `
		Sidecar shop/default @2: {egress: [{hosts: [./*]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}`
	const own = `
		ServiceEntry shop/own: {hosts: [api.example.com], exportTo: [.], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	for _, c := range []reviewCase{
		{"requests pass on by a port for requests beside an entry for bytes without endpoints", api + empty, `
			Service shop/web: {ports: [{name: http, port: 80}]}`, `
			sidecar shop api.example.com:80 plaintext declared-otherwise carrying http by ServiceEntry shop/own taken from TLS by ServiceEntry shop/own asks for api.example.com`},
		{"on another port nothing changes", api + empty, `
			Service shop/web: {ports: [{name: http, port: 8080}]}`, ``},
		{"nor where nobody else has the host", empty, `
			Service shop/web: {ports: [{name: http, port: 80}]}`, ``},
		{"an entry without a rule behind a Sidecar that lets nothing out", api + registryOnly, own, `
			sidecar shop api.example.com:80 plaintext no-rule taken from TLS by Sidecar shop/default`},
		{"where unknown hosts are passed on nothing was held back", api + `
			Sidecar shop/default @2: {egress: [{hosts: [./*]}]}`, own, `
			sidecar shop api.example.com:80 plaintext no-rule`},
		{"the root namespace's Sidecar is nobody's own", api + strings.ReplaceAll(registryOnly, "shop/", "istio-system/"), own, `
			sidecar shop api.example.com:80 plaintext no-rule`},
		{"a rule without TLS, as the Sidecar shows the host", api + registryOnly + `
			DestinationRule shop/own @3: {host: api.example.com, exportTo: [.], trafficPolicy: {loadBalancer: {simple: RANDOM}}}`, `
			Sidecar shop/default @2: {egress: [{hosts: [./*, egress/*]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}`, `
			sidecar shop api.example.com:80 plaintext unset taken from TLS by Sidecar shop/default asks for api.example.com`},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, after, object := changed(t, c.before, c.change)
			var lines []string
			for _, f := range mustReview(t, before, after, object, nil) {
				if f.Host == "api.example.com" && f.HopKind == HopEgress && f.Client.Namespace == "shop" {
					lines = append(lines, flowLine(f))
				}
			}
			if have, want := strings.Join(lines, "\n"), strings.TrimSpace(strings.ReplaceAll(c.want, "\t", "")); have != want {
				t.Errorf("have\n%s\nwant\n%s", have, want)
			}
		})
	}
}

// Careless: who names more hosts of others than a review looks at has none of them looked at.
func TestReviewReleasedFromTooManyHosts(t *testing.T) {
	var b strings.Builder
	for i := range maxHeldHosts + 1 {
		fmt.Fprintf(&b, "ServiceEntry egress/e%d: {hosts: [e%d.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}\n", i, i)
		fmt.Fprintf(&b, "ServiceEntry shop/e%d: {hosts: [e%d.example.com], exportTo: [.], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}\n", i, i)
	}
	before, after, object := changed(t, b.String(), "Service shop/web: {ports: [{name: http, port: 80}]}")
	if _, err := Review(t.Context(), before, after, object, nil); err == nil || !strings.Contains(err.Error(), "more than 256 hosts") {
		t.Errorf("have %v", err)
	}
}

// Careless: hosts, ports and selectors multiply. One connection that is let out is enough, and of many a few are listed.
func TestReviewReleasedLooksAtSoMuch(t *testing.T) {
	const web = "Service shop/web: {ports: [{name: http, port: 80}]}"
	before, after, object := changed(t, heldBack(40, 1, `ServiceEntry shop/e%d: {hosts: [e%d.example.com], exportTo: [.], location: MESH_INTERNAL, resolution: STATIC,
		ports: [{number: 80, name: tcp, protocol: TCP}]}`), web)
	if found := len(mustReview(t, before, after, object, nil)); found != maxTakenHosts {
		t.Errorf("%d flows are listed", found)
	}
	const routed = "VirtualService shop/e%d: {hosts: [e%d.example.com], http: [{route: [{destination: {host: nowhere.example}}]}]}"
	before, after, object = changed(t, heldBack(100, 30, routed), web)
	if _, err := Review(t.Context(), before, after, object, nil); err == nil || !strings.Contains(err.Error(), "too many hosts, ports") {
		t.Errorf("have %v", err)
	}
	// Nobody is kept from deleting.
	if _, err := Review(t.Context(), after, before, object, nil); err != nil {
		t.Error(err)
	}
}

// What leaves under TLS, whatever the namespace writes, is nothing that was held back.
func TestReviewReleasedOfWhatLeavesUnderTLS(t *testing.T) {
	before, after, object := changed(t, heldBack(250, 40, "DestinationRule shop/e%d: {host: e%d.example.com, exportTo: [.], trafficPolicy: {tls: {mode: SIMPLE}}}"),
		"Service shop/web: {ports: [{name: http, port: 80}]}")
	if _, err := Review(t.Context(), before, after, object, nil); err != nil {
		t.Error(err)
	}
}

// heldBack returns hosts of namespace egress under TLS, an object of namespace shop for each, and Sidecars there for pods of so many classes.
func heldBack(hosts, selectors int, own string) string {
	var b strings.Builder
	for i := range hosts {
		fmt.Fprintf(&b, "ServiceEntry egress/e%d: {hosts: [e%d.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}\n", i, i)
		fmt.Fprintf(&b, "DestinationRule egress/e%d: {host: e%d.example.com, trafficPolicy: {tls: {mode: SIMPLE}}}\n", i, i)
		fmt.Fprintf(&b, own+"\n", i, i)
	}
	for i := range selectors {
		fmt.Fprintf(&b, "Sidecar shop/s%d: {workloadSelector: {labels: {app: x%d}}, egress: [{hosts: [\"*/*\"]}]}\n", i, i)
	}
	return b.String()
}

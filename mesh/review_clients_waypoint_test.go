package mesh

import (
	"strings"
	"testing"
)

// Which pods come to another waypoint by a review, and from which.
func TestReviewWaypointBefore(t *testing.T) {
	const mesh = `
		Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: w}}}
		KubernetesGateway shop/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
		KubernetesGateway bank/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
		ServiceEntry shop/a @3: {hosts: [api.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
		DestinationRule shop/api @3: {host: api.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const bank = `
		ServiceEntry bank/a @2: {metadata: {labels: {istio.io/use-waypoint: w}}, hosts: [api.example], resolution: DNS,
			ports: [{number: 80, name: http, protocol: HTTP}]}`
	for _, c := range []struct{ name, mesh, change, want string }{
		{"nobody leaves the waypoint that has TLS", mesh + bank + `
			ServiceEntry bank/e @1: {hosts: [api.example], resolution: DNS, ports: [{number: 81, name: http, protocol: HTTP}]}`,
			`delete ServiceEntry bank/e`, `waypoint bank api.example:80 plaintext no-rule`},
		{"those of other namespaces leave it", mesh, bank, `waypoint bank api.example:80 plaintext no-rule was originated`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := reviewed(t, c.mesh, c.change)
			for line := range strings.SplitSeq(got, "\n") {
				if strings.HasPrefix(line, "waypoint bank ") {
					equal(t, "flow", line, c.want)
					return
				}
			}
			t.Errorf("nothing of the waypoint: %s", got)
		})
	}
}

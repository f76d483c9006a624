package mesh

import "testing"

// Where nothing sets TLS, Istio starts mutual TLS by itself towards what lies inside the mesh and takes it.
func TestAutoMTLS(t *testing.T) {
	const automatic, plain = "automatic mTLS", "plaintext"
	const cluster = "ISTIO_MUTUAL sni=outbound_.80_._.a.example verified"
	const account = "ISTIO_MUTUAL sni=outbound_.80_._.a.example names=spiffe://cluster.local/ns/shop/sa/a verified"
	for _, c := range []struct{ name, mesh, subset, want string }{
		{"an entry inside the mesh", `
			ServiceEntry shop/a: {hosts: [a.example], location: MESH_INTERNAL, resolution: STATIC,
				ports: [{number: 80, name: http}]}`, "", automatic + " no-rule"},
		{"an entry outside", `
			ServiceEntry shop/a: {hosts: [a.example], resolution: STATIC, ports: [{number: 80, name: http}]}`, "", plain + " no-rule"},
		{"a rule that sets no TLS", `
			ServiceEntry shop/a: {hosts: [a.example], location: MESH_INTERNAL, resolution: STATIC, ports: [{number: 80, name: http}]}
			DestinationRule shop/a: {host: a.example}`, "", automatic + " unset"},
		{"a rule for other pods", `
			ServiceEntry shop/a: {hosts: [a.example], location: MESH_INTERNAL, resolution: STATIC, ports: [{number: 80, name: http}]}
			DestinationRule shop/a: {host: a.example, workloadSelector: {matchLabels: {app: b}}}`, "", automatic + " unselected"},
		{"a rule that disables TLS", `
			ServiceEntry shop/a: {hosts: [a.example], location: MESH_INTERNAL, resolution: STATIC, ports: [{number: 80, name: http}]}
			DestinationRule shop/a: {host: a.example, trafficPolicy: {tls: {mode: DISABLE}}}`, "", plain + " disabled"},

		{"resolution NONE without endpoints", `
			ServiceEntry shop/a: {hosts: [a.example], location: MESH_INTERNAL, ports: [{number: 80, name: http}]}`, "", plain + " no-rule"},
		{"resolution NONE, all endpoints take it", `
			ServiceEntry shop/a: {hosts: [a.example], location: MESH_INTERNAL, endpoints: [{address: 1.2.3.4, serviceAccount: a}],
				ports: [{number: 80, name: http}]}`, "", account},
		{"resolution NONE, one endpoint does not", `
			ServiceEntry shop/a: {hosts: [a.example], location: MESH_INTERNAL,
				endpoints: [{address: 1.2.3.4, serviceAccount: a}, {address: 1.2.3.5}], ports: [{number: 80, name: http}]}`, "", plain + " no-rule"},
		{"resolution NONE, an endpoint of another port with this one's name", `
			ServiceEntry shop/a @1: {hosts: [a.example], location: MESH_INTERNAL,
				endpoints: [{address: 1.2.3.4, labels: {security.istio.io/tlsMode: istio}}], ports: [{number: 80, name: http}]}
			ServiceEntry shop/b @2: {hosts: [a.example], location: MESH_INTERNAL, endpoints: [{address: 1.2.3.5}],
				ports: [{number: 81, name: http}]}`, "", cluster},
		{"load balancer PASSTHROUGH without endpoints", `
			ServiceEntry shop/a: {hosts: [a.example], location: MESH_INTERNAL, resolution: STATIC, ports: [{number: 80, name: http}]}
			DestinationRule shop/a: {host: a.example, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}}`, "", plain + " unset"},
		{"load balancer PASSTHROUGH, all endpoints take it", `
			ServiceEntry shop/a: {hosts: [a.example], location: MESH_INTERNAL, resolution: STATIC,
				endpoints: [{address: 1.2.3.4, labels: {security.istio.io/tlsMode: istio}}], ports: [{number: 80, name: http}]}
			DestinationRule shop/a: {host: a.example, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}}`, "", cluster},
		{"PASSTHROUGH of a subset", `
			ServiceEntry shop/a: {hosts: [a.example], location: MESH_INTERNAL, resolution: STATIC,
				endpoints: [{address: 1.2.3.4, labels: {security.istio.io/tlsMode: istio}}], ports: [{number: 80, name: http}]}
			DestinationRule shop/a: {host: a.example,
				subsets: [{name: v1, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}}]}`, "v1", "ISTIO_MUTUAL sni=outbound_.80_.v1_.a.example verified"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "TLS", clusterOf(snapshot(t, c.mesh), "sidecar shop", "a.example", 80, c.subset), c.want)
		})
	}
}

// A waypoint leaves mutual TLS to the ztunnels.
func TestAutoMTLSAtWaypoint(t *testing.T) {
	s := snapshot(t, `
		KubernetesGateway shop/waypoint: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, name: mesh}]}
		Namespace shop: {metadata: {labels: {istio.io/use-waypoint: waypoint}}}
		ServiceEntry shop/a: {hosts: [a.example], location: MESH_INTERNAL, resolution: STATIC, ports: [{number: 80, name: http}]}`)
	equal(t, "TLS", clusterOf(s, "waypoint shop", "a.example", 80, ""), "plaintext no-rule")
}

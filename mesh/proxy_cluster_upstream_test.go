package mesh

import (
	"fmt"
	"testing"
)

// How a proxy finds the endpoints of a port, and which ports those have.
func TestUpstream(t *testing.T) {
	for _, c := range []struct {
		name, mesh, client, host string
		port                     uint32
		subset, want             string
	}{
		{"resolution DNS without endpoints resolves the host", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, targetPort: 443}]}`,
			"sidecar shop", "api.bank.example", 80, "", "DNS [443]"},
		{"resolution DNS_ROUND_ROBIN", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS_ROUND_ROBIN, ports: [{number: 80, name: http}]}`,
			"sidecar shop", "api.bank.example", 80, "", "DNS [80]"},
		{"resolution STATIC has the endpoints that are written down", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, endpoints: [{address: 1.2.3.4}],
				ports: [{number: 80, name: http, targetPort: 443}]}`,
			"sidecar shop", "api.bank.example", 80, "", "EDS [443]"},
		{"resolution STATIC without endpoints", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, ports: [{number: 80, name: http, targetPort: 443}]}`,
			"sidecar shop", "api.bank.example", 80, "", "EDS []"},
		{"resolution STATIC knows no names", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, endpoints: [{address: a.bank.example}],
				ports: [{number: 80, name: http}]}`,
			"sidecar shop", "api.bank.example", 80, "", "EDS []"},
		{"resolution DNS does", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, endpoints: [{address: a.bank.example}],
				ports: [{number: 80, name: http, targetPort: 443}]}`,
			"sidecar shop", "api.bank.example", 80, "", "DNS [443]"},
		{"resolution DNS without an endpoint for the port has no cluster", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, workloadSelector: {labels: {app: bank}},
				ports: [{number: 80, name: http}]}`,
			"sidecar shop", "api.bank.example", 80, "", "no cluster"},

		{"nor has a subset of it, though it follows the client", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, workloadSelector: {labels: {app: bank}},
				ports: [{number: 80, name: http}]}
			DestinationRule egress/bank: {host: api.bank.example, subsets: [{name: v1, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}}]}`,
			"sidecar shop", "api.bank.example", 80, "v1", "no cluster"},
		{"a subset of WorkloadEntries", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, workloadSelector: {labels: {app: bank}},
				ports: [{number: 80, name: http}]}
			WorkloadEntry egress/a: {address: 1.2.3.4, labels: {app: bank, v: "1"}, ports: {http: 81}}
			WorkloadEntry egress/b: {address: 1.2.3.5, labels: {app: bank}}
			DestinationRule egress/bank: {host: api.bank.example, subsets: [{name: v1, labels: {v: "1"}}]}`,
			"sidecar shop", "api.bank.example", 80, "v1", "EDS [81]"},

		{"resolution NONE follows the client's own connection", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], ports: [{number: 80, name: http}]}`,
			"sidecar shop", "api.bank.example", 80, "", "ORIGINAL_DST [80]"},
		{"resolution NONE with a targetPort", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], ports: [{number: 443, name: https, targetPort: 8443},
				{number: 80, name: http, targetPort: 443}]}`,
			"sidecar shop", "api.bank.example", 80, "", "ORIGINAL_DST [443]"},
		{"the targetPort of an entry that only adds a port does not count", `
			ServiceEntry egress/bank @1: {hosts: [api.bank.example], ports: [{number: 443, name: https}]}
			ServiceEntry egress/more @2: {hosts: [api.bank.example], ports: [{number: 80, name: http, targetPort: 443}]}`,
			"sidecar shop", "api.bank.example", 80, "", "ORIGINAL_DST [80]"},
		{"a gateway has no connection of a client's to follow", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], endpoints: [{address: 1.2.3.4}],
				ports: [{number: 80, name: http, targetPort: 443}]}`,
			"gateway istio-system", "api.bank.example", 80, "", "EDS [443]"},
		{"a gateway resolves names as sidecars do", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, targetPort: 443}]}`,
			"gateway istio-system", "api.bank.example", 80, "", "DNS [443]"},
		{"a headless Service is followed, too", `
			Service shop/db: {clusterIP: None, ports: [{port: 80, name: http}]}`,
			"sidecar shop", "db.shop.svc.cluster.local", 80, "", "ORIGINAL_DST [80]"},
		{"any other Service is not", `
			Service shop/web: {ports: [{port: 80, name: http}]}`,
			"sidecar shop", "web.shop.svc.cluster.local", 80, "", "EDS []"},
		{"an ExternalName is another name and has no cluster", `
			Service shop/bank: {externalName: api.bank.example, ports: [{port: 80, name: http}]}`,
			"sidecar shop", "bank.shop.svc.cluster.local", 80, "", "no cluster"},

		{"load balancer PASSTHROUGH follows the client, past the targetPort", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, targetPort: 443}]}
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}}`,
			"sidecar shop", "api.bank.example", 80, "", "ORIGINAL_DST [80]"},
		{"PASSTHROUGH of the port", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, targetPort: 443}]}
			DestinationRule egress/bank: {host: api.bank.example,
				trafficPolicy: {portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: PASSTHROUGH}}]}, subsets: [{name: v1,
				labels: {no: body}}]}`,
			"sidecar shop", "api.bank.example", 80, "v1", "ORIGINAL_DST [80]"},
		{"PASSTHROUGH of a subset", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, targetPort: 443}]}
			DestinationRule egress/bank: {host: api.bank.example,
				subsets: [{name: v1, labels: {no: body}, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}}]}`,
			"sidecar shop", "api.bank.example", 80, "v1", "ORIGINAL_DST [80]"},
		{"PASSTHROUGH of a subset where NONE has a targetPort", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], ports: [{number: 80, name: http, targetPort: 443}]}
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}, subsets: [{name: v1}]}`,
			"sidecar shop", "api.bank.example", 80, "v1", "ORIGINAL_DST [443]"},
		{"PASSTHROUGH of a subset's port alone is asked last", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, endpoints: [{address: 1.2.3.4}],
				ports: [{number: 80, name: http, targetPort: 443}]}
			DestinationRule egress/bank: {host: api.bank.example,
				subsets: [{name: v1, trafficPolicy: {portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: PASSTHROUGH}}]}}]}`,
			"sidecar shop", "api.bank.example", 80, "v1", "ORIGINAL_DST [80]"},
		{"a subset chooses endpoints by their labels", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC,
				endpoints: [{address: 1.2.3.4, labels: {v: "1"}, ports: {http: 81}}, {address: 1.2.3.5}], ports: [{number: 80, name: http}]}
			DestinationRule egress/bank: {host: api.bank.example, subsets: [{name: v1, labels: {v: "1"}}]}`,
			"sidecar shop", "api.bank.example", 80, "v1", "EDS [81]"},
		{"a subset without endpoints of resolution STATIC has a cluster", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, endpoints: [{address: 1.2.3.5}],
				ports: [{number: 80, name: http}]}
			DestinationRule egress/bank: {host: api.bank.example, subsets: [{name: v1, labels: {v: "1"}}]}`,
			"sidecar shop", "api.bank.example", 80, "v1", "EDS []"},
		{"a subset without endpoints of resolution DNS has none", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http}]}
			DestinationRule egress/bank: {host: api.bank.example, subsets: [{name: v1, labels: {v: "1"}}]}`,
			"sidecar shop", "api.bank.example", 80, "v1", "no cluster"},

		{"resolution DYNAMIC_DNS of a wildcard is a forward proxy, its targetPort unused", `
			ServiceEntry egress/bank: {hosts: ["*.bank.example"], resolution: DYNAMIC_DNS,
				ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`,
			"sidecar shop", "*.bank.example", 80, "", "dynamic forward proxy []"},
		{"whatever the load balancer", `
			ServiceEntry egress/bank: {hosts: ["*.bank.example"], resolution: DYNAMIC_DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule egress/bank: {host: "*.bank.example", trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}}`,
			"sidecar shop", "*.bank.example", 80, "", "dynamic forward proxy []"},
		{"for TLS, too", `
			ServiceEntry egress/bank: {hosts: ["*.bank.example"], resolution: DYNAMIC_DNS, ports: [{number: 443, name: tls, protocol: TLS}]}`,
			"sidecar shop", "*.bank.example", 443, "", "dynamic forward proxy []"},
		{"for HTTP2", `
			ServiceEntry egress/bank: {hosts: ["*.bank.example"], resolution: DYNAMIC_DNS, ports: [{number: 80, name: h2, protocol: HTTP2}]}`,
			"sidecar shop", "*.bank.example", 80, "", "dynamic forward proxy []"},
		{"for GRPC", `
			ServiceEntry egress/bank: {hosts: ["*.bank.example"], resolution: DYNAMIC_DNS, ports: [{number: 80, name: grpc, protocol: GRPC}]}`,
			"sidecar shop", "*.bank.example", 80, "", "dynamic forward proxy []"},
		{"not for HTTPS", `
			ServiceEntry egress/bank: {hosts: ["*.bank.example"], resolution: DYNAMIC_DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}`,
			"sidecar shop", "*.bank.example", 443, "", "no cluster"},
		{"not for a subset", `
			ServiceEntry egress/bank: {hosts: ["*.bank.example"], resolution: DYNAMIC_DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule egress/bank: {host: "*.bank.example", subsets: [{name: v1}]}`,
			"sidecar shop", "*.bank.example", 80, "v1", "no cluster"},
		{"not for an exact host", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DYNAMIC_DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`,
			"sidecar shop", "api.bank.example", 80, "", "EDS []"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "upstream", upstreamLine(snapshot(t, c.mesh), c.client, c.host, c.port, c.subset), c.want)
		})
	}
}

// The waypoint that stands for a host has its clusters by other rules (pilot/pkg/networking/core/waypoint.go
// buildWaypointInboundVIP).
func TestUpstreamAtWaypoint(t *testing.T) {
	const waypoint = `
		KubernetesGateway egress/waypoint: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, name: mesh}]}
		Namespace egress: {metadata: {labels: {istio.io/use-waypoint: waypoint}}}`
	for _, c := range []struct {
		name, mesh   string
		port         uint32
		subset, want string
	}{
		{"DNS", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS,
				ports: [{number: 80, name: http, targetPort: 443}]}`, 80, "", "DNS [443]"},
		{"DNS without an endpoint for the port", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, workloadSelector: {labels: {app: bank}},
				ports: [{number: 80, name: http}]}`, 80, "", "no cluster"},
		{"STATIC without endpoints", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, ports: [{number: 80, name: http}]}`, 80, "", "EDS []"},
		{"NONE", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], ports: [{number: 80, name: http, targetPort: 443}]}`, 80, "", "ORIGINAL_DST [443]"},
		{"a subset chooses no endpoints", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http}]}
			DestinationRule egress/bank: {host: api.bank.example, subsets: [{name: v1, labels: {v: "1"}}]}`, 80, "v1", "DNS [80]"},
		{"DYNAMIC_DNS of an exact host", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DYNAMIC_DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}`, 80, "", "dynamic forward proxy []"},
		{"DYNAMIC_DNS for TLS", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DYNAMIC_DNS,
				ports: [{number: 443, name: tls, protocol: TLS}]}`, 443, "", "no cluster"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "upstream", upstreamLine(snapshot(t, waypoint, c.mesh), "waypoint egress", "api.bank.example", c.port, c.subset), c.want)
		})
	}
}

// The first endpoint's port is where the hop leads.
func TestClusterTargetPorts(t *testing.T) {
	s := snapshot(t, `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC,
			endpoints: [{address: 1.2.3.4, ports: {http: 8443}}, {address: 1.2.3.5, ports: {http: 443}},
			{address: 1.2.3.6, ports: {http: 443}}], ports: [{number: 80, name: http}]}`)
	c, _ := s.Cluster(parseClient("sidecar shop"), "api.bank.example", 80, "")
	equal(t, "ports", c.TargetPorts, "[443 8443]")
	equal(t, "port", c.Hop.Port, 443)
	c, _ = snapshot(t, `ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, ports: [{number: 80, name: http, targetPort: 443}]}`).
		Cluster(parseClient("sidecar shop"), "api.bank.example", 80, "")
	equal(t, "port without endpoints", c.Hop.Port, 80)
}

// An endpoint of one port is none of another: addresses go by the port's name, names by its number.
func TestEndpointPorts(t *testing.T) {
	all := []endpoint{
		{number: 80, name: "http", address: "1.2.3.4", port: 8080},
		{number: 80, name: "web", address: "1.2.3.5", port: 8081},
		{number: 81, name: "http", address: "1.2.3.6", port: 8082},
		{number: 80, name: "http", address: "a.example", port: 8083},
		{number: 80, name: "http", address: "unix:///x", port: 0},
		{number: 80, name: "http", address: "", port: 8084},
		{number: 80, name: "http", address: "1.2.3.4", port: 8080, labels: map[string]string{"v": "1"}},
	}
	p := port{number: 80, name: "http"}
	for _, c := range []struct {
		how    discoveryType
		labels map[string]string
		want   string
	}{
		{discoveryEDS, nil, "[0 8080 8082 8084]"},
		{discoveryDNS, nil, "[0 8080 8081 8083 8084]"},
		{discoveryEDS, map[string]string{"v": "1"}, "[8080]"},
	} {
		equal(t, fmt.Sprint(c.how, c.labels), endpointPorts(all, p, c.how, c.labels), c.want)
	}
}

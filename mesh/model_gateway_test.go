package mesh

import (
	"fmt"
	"strings"
	"testing"
)

func TestGatewayNames(t *testing.T) {
	equal(t, "a Gateway's name", parseGatewayName("istio-system/egress"), "Gateway istio-system/egress")
	for host, want := range map[string]string{"a.com": "a.com", "own/a.com": "a.com", "*/*.com": "*.com", "./": ""} {
		equal(t, host, stripNamespace(host), want)
	}
}

// gatewayNames returns the names of Gateways.
func gatewayNames(list []*Object) string {
	var out []string
	for _, g := range list {
		out = append(out, g.Namespace+"/"+g.Name)
	}
	return strings.Join(out, " ")
}

// Which Gateways configure the pods behind a host: those that select what its Service selects, or, where that is not known,
// the labels that Istio's charts set for a Service of its name.
func TestGatewaysBehind(t *testing.T) {
	const gateways = `
			Gateway own/app: {selector: {app: istio-egressgateway}}
			Gateway own/istio: {selector: {istio: egressgateway}}
			Gateway own/custom: {selector: {egress: "yes"}}
			Gateway own/all: {}`
	for _, c := range []struct{ name, services, host, want string }{
		{"a Service that is not known", ``, "istio-egressgateway.istio-system.svc.cluster.local", "own/all own/app own/istio"},
		{"a Service's own selector", `
			Service istio-system/istio-egressgateway: {selector: {egress: "yes"}}`, "istio-egressgateway.istio-system.svc.cluster.local", "own/all own/custom"},
		{"a Service of another namespace", `
			Service other/istio-egressgateway: {selector: {egress: "yes"}}`, "istio-egressgateway.istio-system.svc.cluster.local", "own/all own/app own/istio"},
		{"a Gateway for all pods makes no gateway of them", `
			Service own/web: {selector: {app: web}}`, "web.own.svc.cluster.local", ""},
		{"a host that is none of the cluster's", ``, "istio-egressgateway.com", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "Gateways", gatewayNames(snapshot(t, gateways, c.services).gatewaysBehind(c.host)), c.want)
		})
	}
}

// Whether a VirtualService for a.com that leads to a host leads to an egress gateway.
func TestIsEgressGateway(t *testing.T) {
	const host = "egress.own.svc.cluster.local"
	for _, c := range []struct {
		name, mesh, host string
		want             bool
	}{
		{"a Gateway selects its pods", `
			Gateway own/g: {selector: {app: egress}}`, host, true},
		{"the route is bound to a gateway", `
			VirtualService own/v: {hosts: [a.com], gateways: [g, mesh]}`, host, true},
		{"the route is for the mesh alone", `
			VirtualService own/v: {hosts: [a.com]}`, host, false},
		{"the route is for the host itself", `
			VirtualService own/v: {hosts: [a.com, egress.own.svc.cluster.local], gateways: [g]}`, host, false},
		{"a ServiceEntry declares the host", `
			ServiceEntry own/a: {hosts: [egress.own.svc.cluster.local]}
			VirtualService own/v: {hosts: [a.com], gateways: [g]}`, host, false},
		{"a Service declares it", `
			Service own/egress: {}
			VirtualService own/v: {hosts: [a.com], gateways: [g]}`, host, true},
		{"a host that is none of the cluster's", `
			VirtualService own/v: {hosts: [a.com], gateways: [g]}`, "egress.com", false},
		{"no route", ``, host, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.mesh)
			var via *virtualService
			if strings.Contains(c.mesh, "VirtualService") {
				via = virtualServiceNamed(t, s, "v")
			}
			equal(t, "is an egress gateway", s.isEgressGateway(c.host, via), c.want)
		})
	}
}

// serverLine returns the servers of a port: "gateway name TLS mode hosts".
func serverLine(servers portServers) string {
	var out []string
	for _, srv := range servers {
		line := srv.gateway + " " + srv.protocol
		if srv.tls != nil {
			line += " " + srv.tls.Mode.String()
		}
		out = append(out, line+" "+strings.Join(srv.hosts, ","))
	}
	return strings.Join(out, "; ")
}

// Which servers pods have on port 443 that several Gateways configure.
func TestMergedServers(t *testing.T) {
	const tls = "tls: {mode: SIMPLE}"
	server := func(name, protocol, hosts, rest string) string {
		return fmt.Sprintf("{port: {number: 443, name: %s, protocol: %s}, hosts: [%s], %s}", name, protocol, hosts, rest)
	}
	for _, c := range []struct{ name, gateways, want string }{
		{"those of the port", `
			Gateway own/a: {servers: [{port: {number: 80, name: x, protocol: HTTP}, hosts: [a.com]}, {hosts: [b.com]}, ` + server("x", "HTTP", "c.com", "") + `]}`, "own/a HTTP c.com"},
		{"plaintext servers for HTTP add up", `
			Gateway own/a: {servers: [` + server("x", "HTTP", "a.com", "") + `, ` + server("z", "http2", "a.com", "") + `]}`, "own/a HTTP a.com; own/a http2 a.com"},
		{"the oldest Gateway first, then by name and namespace", `
			Gateway own/a @2: {servers: [` + server("x", "HTTP", "a.com", "") + `]}
			Gateway own/b @2: {servers: [` + server("x", "HTTP", "b.com", "") + `]}
			Gateway z/a @2: {servers: [` + server("x", "HTTP", "z.com", "") + `]}
			Gateway own/c @1: {servers: [` + server("x", "HTTP", "c.com", "") + `]}
			Gateway own/d: {servers: [` + server("x", "HTTP", "d.com", "") + `]}`,
			"own/c HTTP c.com; own/a HTTP a.com; z/a HTTP z.com; own/b HTTP b.com; own/d HTTP d.com"},
		{"servers for TLS add up", `
			Gateway own/a @1: {servers: [` + server("x", "HTTPS", "a.com", tls) + `]}
			Gateway own/b @2: {servers: [` + server("x", "HTTPS", "b.com", tls) + `]}`, "own/a HTTPS SIMPLE a.com; own/b HTTPS SIMPLE b.com"},
		{"a TLS host that an earlier server has", `
			Gateway own/a @1: {servers: [` + server("x", "HTTPS", "a.com", tls) + `]}
			Gateway own/b @2: {servers: [` + server("x", "TLS", `"c.com", "a.com"`, tls) + `]}
			Gateway own/c @3: {servers: [` + server("x", "HTTPS", "c.com", tls) + `]}`, "own/a HTTPS SIMPLE a.com; own/c HTTPS SIMPLE c.com"},
		{"HTTPS of one Gateway with one name for two ports", `
			Gateway own/a: {servers: [` + server("x", "HTTPS", "a.com", tls) + `, ` + server("x", "HTTPS", "b.com", tls) + `, ` + server("z", "HTTPS", "c.com", tls) + `]}`,
			"own/a HTTPS SIMPLE a.com; own/a HTTPS SIMPLE c.com"},
		{"the host of such a server is taken all the same", `
			Gateway own/a: {servers: [` + server("x", "HTTPS", "a.com", tls) + `, ` + server("x", "HTTPS", "b.com", tls) + `, ` + server("z", "HTTPS", "b.com", tls) + `]}`,
			"own/a HTTPS SIMPLE a.com"},
		{"TLS that is passed on has no routes to name", `
			Gateway own/a: {servers: [` + server("x", "TLS", "a.com", "tls: {mode: PASSTHROUGH}") + `, ` + server("x", "TLS", "b.com", "tls: {mode: PASSTHROUGH}") + `, ` +
			server("x", "HTTPS", "c.com", tls) + `, ` + server("x", "HTTPS", "d.com", "tls: {mode: PASSTHROUGH}") + `]}`,
			"own/a TLS PASSTHROUGH a.com; own/a TLS PASSTHROUGH b.com; own/a HTTPS SIMPLE c.com; own/a HTTPS PASSTHROUGH d.com"},
		{"TLS after plaintext", `
			Gateway own/a: {servers: [` + server("x", "HTTP", "a.com", "") + `, ` + server("z", "HTTPS", "b.com", tls) + `]}`, "own/a HTTP a.com"},
		{"TCP after plaintext HTTP", `
			Gateway own/a: {servers: [` + server("x", "HTTP", "a.com", "") + `, ` + server("z", "TCP", "b.com", "") + `]}`, "own/a HTTP a.com"},
		{"HTTP after TCP", `
			Gateway own/a: {servers: [` + server("x", "TCP", "a.com", "") + `, ` + server("z", "HTTP", "b.com", "") + `]}`, "own/a TCP a.com"},
		{"of any namespace, as without one", `
			Gateway own/a: {servers: [` + server("x", "TLS", `"*/a.com"`, tls) + `, ` + server("z", "TLS", "a.com", tls) + `]}`, "own/a TLS SIMPLE a.com"},
		{"plaintext after TLS of another protocol, whatever its name", `
			Gateway own/a: {servers: [` + server("x", "HTTPS", "a.com", tls) + `, ` + server("x", "HTTP", "b.com", "") + `, ` + server("w", "HTTP", "c.com", "") + `]}`,
			"own/a HTTPS SIMPLE a.com; own/a HTTP b.com; own/a HTTP c.com"},
		{"plaintext takes the place of TLS of its protocol", `
			Gateway own/a: {servers: [` + server("x", "TLS", "a.com", tls) + `, ` + server("w", "HTTPS", "c.com", tls) + `, ` + server("z", "TLS", "b.com", "") + `]}`,
			"own/a HTTPS SIMPLE c.com; own/a TLS b.com"},
		{"HTTP is plaintext, though it has tls, which may redirect", `
			Gateway own/a: {servers: [` + server("x", "HTTP", "a.com", "tls: {httpsRedirect: true}") + `, ` + server("z", "HTTP", "b.com", "") + `]}`,
			"own/a HTTP PASSTHROUGH a.com; own/a HTTP b.com"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "servers", serverLine(mergedServersOn(objects(t, c.gateways), 443)), c.want)
		})
	}
	gateways := objects(t, `
		Gateway own/a: {servers: [{port: {number: 443}}, {port: {number: 80}}]}
		Gateway own/b: {servers: [{port: {number: 443}}, {port: {number: 22}}]}`)
	equal(t, "ports", serverPorts(gateways), "[22 80 443]")
}

// What a client's bytes meet at the servers of a port.
func TestPortServers(t *testing.T) {
	for _, c := range []struct {
		name, servers, mode string
		payload             Family
		speakTLS            bool
	}{
		{"no servers", ``, "", "", false},
		{"HTTP", `{port: {number: 1, protocol: HTTP}}`, "", FamilyHTTP, false},
		{"HTTP that redirects", `{port: {number: 1, protocol: HTTP}, tls: {mode: SIMPLE, httpsRedirect: true}}`, "", FamilyHTTP, false},
		{"HTTP with tls that says nothing else", `{port: {number: 1, protocol: HTTP}, tls: {httpsRedirect: true}}`, "", FamilyHTTP, false},
		{"TCP", `{port: {number: 1, protocol: TCP}}`, "", FamilyOpaque, false},
		{"TCP under TLS", `{port: {number: 1, protocol: TCP}, tls: {mode: ISTIO_MUTUAL}}`, "ISTIO_MUTUAL", FamilyOpaque, false},
		{"HTTPS", `{port: {number: 1, protocol: HTTPS}, tls: {mode: SIMPLE}}`, "SIMPLE", FamilyHTTP, true},
		{"TLS that is passed on", `{port: {number: 1, protocol: TLS}, tls: {mode: PASSTHROUGH}}`, "PASSTHROUGH", FamilyTLS, true},
		{"TLS that is passed on by its SNI", `{port: {number: 1, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}}`, "AUTO_PASSTHROUGH", FamilyTLS, true},
		{"the first of them", `{port: {number: 1, protocol: HTTPS}, hosts: [a.com], tls: {mode: SIMPLE}}, {port: {number: 1, protocol: HTTP}, hosts: [b.com]}`, "SIMPLE", FamilyHTTP, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			servers := mergedServersOn(objects(t, "{Gateway own/g: {servers: ["+c.servers+"]}}"), 1)
			equal(t, "mode", servers.tlsMode(), c.mode)
			equal(t, "payload", servers.payload(), c.payload)
			equal(t, "speak TLS", servers.speakTLS(), c.speakTLS)
		})
	}
	servers := mergedServersOn(objects(t, "{Gateway own/g: {servers: [{port: {number: 1, protocol: HTTP}, hosts: [own/a.com, b.com]}, {port: {number: 1, protocol: HTTP}, hosts: [c.com]}]}}"), 1)
	equal(t, "names", servers.sniHosts(), "[a.com b.com c.com]")
}

// What a server does with what comes to it.
func TestGatewayServer(t *testing.T) {
	for _, c := range []struct{ name, server, want string }{
		{"HTTP", `{port: {number: 1, protocol: HTTP}}`, "HTTP routes"},
		{"HTTP that redirects", `{port: {number: 1, protocol: http}, tls: {httpsRedirect: true}}`, "HTTP routes redirects passthrough"},
		{"HTTPS", `{port: {number: 1, protocol: HTTPS}, tls: {mode: SIMPLE}}`, "TLS routes"},
		{"HTTPS in any case, that would redirect", `{port: {number: 1, protocol: https}, tls: {mode: SIMPLE, httpsRedirect: true}}`, "TLS routes"},
		{"HTTPS that is passed on", `{port: {number: 1, protocol: HTTPS}, tls: {mode: PASSTHROUGH}}`, "TLS passthrough"},
		{"HTTPS without tls", `{port: {number: 1, protocol: HTTPS}}`, ""},
		{"TLS", `{port: {number: 1, protocol: TLS}, tls: {mode: MUTUAL}}`, "TLS"},
		{"TLS that is passed on by its SNI", `{port: {number: 1, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}}`, "TLS passthrough auto"},
		{"TCP", `{port: {number: 1, protocol: TCP}}`, ""},
	} {
		g := objects(t, "{Gateway own/g: {servers: ["+c.server+"]}}")[0]
		srv := newGatewayServer(g, gatewaySpec(g).Servers[0])
		have := ""
		for _, is := range []struct {
			word string
			is   bool
		}{{"HTTP", srv.isHTTP()}, {"TLS", srv.isTLS()}, {"routes", srv.routesHTTP()}, {"redirects", srv.redirectsToHTTPS()},
			{"passthrough", srv.isTLSPassthrough()}, {"auto", srv.isAutoPassthrough()}} {
			if is.is {
				have += " " + is.word
			}
		}
		equal(t, c.name, strings.TrimSpace(have), c.want)
	}
	g := objects(t, "{Gateway own/g: {servers: [{port: {number: 443, name: https, protocol: HTTPS}}]}}")[0]
	srv := newGatewayServer(g, gatewaySpec(g).Servers[0])
	equal(t, "port and names", fmt.Sprint(srv.gateway, " ", srv.number, " ", srv.name, " ", srv.protocol, " ", srv.family), "own/g 443 https HTTPS tls")
}

// For which hosts a server is, to VirtualServices of a namespace.
func TestServerHosts(t *testing.T) {
	for _, c := range []struct{ name, hosts, virtualService, hostsForV, intersection string }{
		{"a host", `[a.com]`, `[a.com]`, "[a.com]", "[a.com]"},
		{"another host", `[a.com]`, `[b.com]`, "[a.com]", "[]"},
		{"the narrower of two", `["*.com"]`, `[a.com]`, "[*.com]", "[a.com]"},
		{"the narrower of two, the other way round", `[a.com]`, `["*"]`, "[a.com]", "[a.com]"},
		{"of the VirtualService's namespace", `[v/a.com]`, `[a.com]`, "[a.com]", "[a.com]"},
		{"of another namespace", `[other/a.com]`, `[a.com]`, "[]", "[]"},
		{"of the Gateway's namespace", `[./a.com]`, `[a.com]`, "[]", "[]"},
		{"of any namespace", `["*/a.com"]`, `[a.com]`, "[a.com]", "[a.com]"},
		{"all of any namespace, beside which no others count", `[a.com, "*/*", b.com]`, `[a.com]`, "[*]", "[a.com]"},
		{"each host once", `[a.com, "*.com", b.com]`, `[a.com, "*.com"]`, "[a.com *.com b.com]", "[a.com *.com b.com]"},
		{"in lower case", `["*.com"]`, `[A.com]`, "[*.com]", "[a.com]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := objects(t, "{Gateway own/g: {servers: [{port: {number: 1}, hosts: "+c.hosts+"}]}}")[0]
			srv := newGatewayServer(g, gatewaySpec(g).Servers[0])
			v := virtualServiceNamed(t, snapshot(t, "VirtualService v/v: {hosts: "+c.virtualService+"}"), "v")
			equal(t, "hosts", srv.hostsForNamespace("v"), c.hostsForV)
			equal(t, "intersection", srv.intersection(v), c.intersection)
			equal(t, "match", srv.matchesHostsOf(v), c.intersection != "[]")
		})
	}
	g := objects(t, "{Gateway own/g: {servers: [{port: {number: 1}, hosts: [./a.com, b.com]}]}}")[0]
	srv := newGatewayServer(g, gatewaySpec(g).Servers[0])
	equal(t, "of the Gateway's own namespace", srv.hostsForNamespace("own"), "[a.com b.com]")
	equal(t, "names of TLS", srv.sniHosts(), "[a.com b.com]")
	srv.hosts = []string{"*/a.com"}
	equal(t, "any namespace", srv.hostsForNamespace("v"), "[a.com]")
}

package mesh

import (
	"fmt"
	"strings"
	"testing"
)

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

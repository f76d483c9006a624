package mesh

import (
	"fmt"
	"strings"
	"testing"
)

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
			Gateway own/a: {servers: [{port: {number: 80, name: x, protocol: HTTP}, hosts: [a.com]}, {hosts: [b.com]},
			  ` + server("x", "HTTP", "c.com", "") + `]}`, "own/a HTTP c.com"},
		{"plaintext servers for HTTP add up", `
			Gateway own/a: {servers: [` + server("x", "HTTP", "a.com", "") + `,
			  ` + server("z", "http2", "a.com", "") + `]}`, "own/a HTTP a.com; own/a http2 a.com"},
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
			Gateway own/a: {servers: [` + server("x", "HTTPS", "a.com", tls) + `, ` + server("x", "HTTPS", "b.com", tls) + `,
			  ` + server("z", "HTTPS", "c.com", tls) + `]}`,
			"own/a HTTPS SIMPLE a.com; own/a HTTPS SIMPLE c.com"},
		{"the host of such a server is taken all the same", `
			Gateway own/a: {servers: [` + server("x", "HTTPS", "a.com", tls) + `, ` + server("x", "HTTPS", "b.com", tls) + `,
			  ` + server("z", "HTTPS", "b.com", tls) + `]}`,
			"own/a HTTPS SIMPLE a.com"},
		{"TLS that is passed on has no routes to name", `
			Gateway own/a: {servers: [` + server("x", "TLS", "a.com", "tls: {mode: PASSTHROUGH}") + `,
			  ` + server("x", "TLS", "b.com", "tls: {mode: PASSTHROUGH}") + `, ` +
			server("x", "HTTPS", "c.com", tls) + `, ` + server("x", "HTTPS", "d.com", "tls: {mode: PASSTHROUGH}") + `]}`,
			"own/a TLS PASSTHROUGH a.com; own/a TLS PASSTHROUGH b.com; own/a HTTPS SIMPLE c.com; own/a HTTPS PASSTHROUGH d.com"},
		{"TLS after plaintext", `
			Gateway own/a: {servers: [` + server("x", "HTTP", "a.com", "") + `, ` + server("z", "HTTPS", "b.com", tls) + `]}`, "own/a HTTP a.com"},
		{"TCP after plaintext HTTP", `
			Gateway own/a: {servers: [` + server("x", "HTTP", "a.com", "") + `, ` + server("z", "TCP", "b.com", "") + `]}`, "own/a HTTP a.com"},
		{"HTTP after TCP", `
			Gateway own/a: {servers: [` + server("x", "TCP", "a.com", "") + `, ` + server("z", "HTTP", "b.com", "") + `]}`, "own/a TCP a.com"},
		{"of any namespace, as without one", `
			Gateway own/a: {servers: [` + server("x", "TLS", `"*/a.com"`, tls) + `,
			  ` + server("z", "TLS", "a.com", tls) + `]}`, "own/a TLS SIMPLE a.com"},
		{"plaintext after TLS of another protocol, whatever its name", `
			Gateway own/a: {servers: [` + server("x", "HTTPS", "a.com", tls) + `, ` + server("x", "HTTP", "b.com", "") + `,
			  ` + server("w", "HTTP", "c.com", "") + `]}`,
			"own/a HTTPS SIMPLE a.com; own/a HTTP b.com; own/a HTTP c.com"},
		{"plaintext takes the place of TLS of its protocol", `
			Gateway own/a: {servers: [` + server("x", "TLS", "a.com", tls) + `, ` + server("w", "HTTPS", "c.com", tls) + `,
			  ` + server("z", "TLS", "b.com", "") + `]}`,
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

package mesh

import "testing"

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
		{"the first of them", `{port: {number: 1, protocol: HTTPS}, hosts: [a.com], tls: {mode: SIMPLE}},
		  {port: {number: 1, protocol: HTTP}, hosts: [b.com]}`, "SIMPLE", FamilyHTTP, true},
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

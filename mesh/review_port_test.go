package mesh

import "testing"

// What a second entry of a host takes from the requests to the first one's: there is one virtual host, for the last of them.
func TestReviewLostVirtualHost(t *testing.T) {
	entry := func(name, host, port, more string) string {
		return `
			ServiceEntry ` + name + `: {hosts: [` + host + `], exportTo: [shop]` + more + `, resolution: DNS, ports: [{number: 80, name: p, targetPort: 443` + port + `}]}`
	}
	const rule = `
			DestinationRule istio-system/api @1: {host: api.example.com, trafficPolicy: {tls: {mode: SIMPLE, sni: api.example.com, subjectAltNames: [api.example.com]}}}`
	http := entry("default/api @1", "api.example.com", ", protocol: HTTP", "") + rule
	second := func(protocol string) string { return entry("default/b", "api.example.com", protocol, "") }
	const lost = `
			sidecar shop api.example.com:80 plaintext declared-otherwise was originated by ServiceEntry default/b`
	for _, c := range []reviewCase{
		{"TCP", http, second(", protocol: TCP"), lost},
		{"MONGO", http, second(", protocol: MONGO"), lost},
		{"TLS", http, second(", protocol: TLS"), lost},
		{"HTTPS", http, second(", protocol: HTTPS"), lost},
		{"HTTP", http, second(", protocol: HTTP"), ``},
		{"no protocol", http, second(""), ``},
		{"UDP", http, second(", protocol: UDP"), ``},
		{"TCP beside no protocol", entry("default/api @1", "api.example.com", "", "") + rule, second(", protocol: TCP"), lost},
		{"the older one is TCP", entry("default/api @1", "api.example.com", ", protocol: TCP", "") + rule, second(", protocol: HTTP"), ``},
		{"the last one goes", http + entry("default/b @2", "api.example.com", ", protocol: TCP", "") + entry("default/c @3", "api.example.com", ", protocol: HTTP", ""),
			`delete ServiceEntry default/c`, lost},
		{"lost before", http + entry("default/b @2", "api.example.com", ", protocol: TCP", ""), entry("default/c", "api.example.com", ", protocol: MONGO", ""), ``},
		{"another case, of any namespace", http, entry("team/b", "Api.example.com", ", protocol: TCP", ""), `
			sidecar shop Api.example.com:80 plaintext no-rule fallback
			sidecar shop api.example.com:80 plaintext declared-otherwise was originated by ServiceEntry team/b`},
		{"another case, for requests", http, entry("team/b", "Api.example.com", ", protocol: HTTP", ""), `
			sidecar shop Api.example.com:80 plaintext no-rule`},
		{"REGISTRY_ONLY", http + `
			Sidecar shop/default: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}`, second(", protocol: TCP"), ``},
	} {
		c.run(t)
	}
}

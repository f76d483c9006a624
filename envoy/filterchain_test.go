package envoy

import (
	"net/netip"
	"strings"
	"testing"
)

// chainsOf makes a listener with these filter chains, each "name: {match}"; what takes them is direct_response.
func chainsOf(t *testing.T, chains string) *listener {
	t.Helper()
	var b strings.Builder
	b.WriteString("listeners:\n- name: l\n  address: {socket_address: {address: 0.0.0.0, port_value: 80}}\n  filter_chains:\n")
	for _, line := range strings.Split(strings.TrimSpace(chains), "\n") {
		name, match, _ := strings.Cut(strings.TrimSpace(line), ": ")
		b.WriteString("  - {name: " + name + ", filter_chain_match: " + match + "}\n")
	}
	return parse(t, b.String()).byAddress[netip.MustParseAddrPort("0.0.0.0:80")]
}

func TestFilterChainMatch(t *testing.T) {
	at := func(destination string) branch {
		return branch{destination: netip.MustParseAddrPort(destination), transport: "raw_buffer"}
	}
	hello := func(b branch, name string, protocols ...string) branch {
		b.transport, b.serverName, b.protocols = "tls", name, protocols
		return b
	}
	from := func(b branch, source string) branch {
		b.source = netip.MustParseAddrPort(source)
		return b
	}
	tests := []struct {
		name, chains string
		branch
		want string
	}{
		{"a port before none", "any: {}\nport: {destination_port: 80}", at("192.0.2.1:80"), "port"},
		{"another port", "any: {}\nport: {destination_port: 81}", at("192.0.2.1:80"), "any"},
		{
			"no way back from a port whose chain does not match",
			"any: {}\nport: {destination_port: 80, server_names: [a.example.com]}", at("192.0.2.1:80"), "",
		},
		{
			"the longest prefix", "eight: {prefix_ranges: [{address_prefix: 192.0.0.0, prefix_len: 8}]}\n" +
				"host: {prefix_ranges: [{address_prefix: 192.0.2.1, prefix_len: 32}]}\nany: {}", at("192.0.2.1:80"), "host",
		},
		{
			"no way back from an address to none",
			"any: {}\nhost: {prefix_ranges: [{address_prefix: 192.0.2.1, prefix_len: 32}], transport_protocol: tls}", at("192.0.2.1:80"), "",
		},
		{"a prefix without a length is for all", "all: {prefix_ranges: [{address_prefix: 192.0.2.1}]}", at("198.51.100.1:80"), "all"},
		{
			"an address goes before a name", "name: {server_names: [a.example.com]}\n" +
				"host: {prefix_ranges: [{address_prefix: 192.0.2.1, prefix_len: 32}]}", hello(at("192.0.2.1:80"), "a.example.com"), "host",
		},
		{
			"an exact name before wildcards", "wild: {server_names: ['*.example.com']}\nexact: {server_names: [a.example.com]}\nany: {}",
			hello(at("192.0.2.1:80"), "a.example.com"), "exact",
		},
		{
			"the longest wildcard", "short: {server_names: ['*.com']}\nlong: {server_names: ['*.b.example.com']}\nmiddle: {server_names: ['*.example.com']}",
			hello(at("192.0.2.1:80"), "a.b.example.com"), "long",
		},
		{"a wildcard is not for the name itself", "wild: {server_names: ['*.example.com']}", hello(at("192.0.2.1:80"), "example.com"), ""},
		{"a wildcard is for several labels", "wild: {server_names: ['*.example.com']}", hello(at("192.0.2.1:80"), "a.b.example.com"), "wild"},
		{"names in capitals", "exact: {server_names: [A.Example.com]}", hello(at("192.0.2.1:80"), "a.example.com"), "exact"},
		{
			"no way back from a name to a wildcard", "wild: {server_names: ['*.example.com']}\nexact: {server_names: [a.example.com], application_protocols: [h2]}",
			hello(at("192.0.2.1:80"), "a.example.com", "http/1.1"), "",
		},
		{"a transport protocol before none", "any: {}\ntls: {transport_protocol: tls}", hello(at("192.0.2.1:80"), ""), "tls"},
		{"raw_buffer", "raw: {transport_protocol: raw_buffer}\ntls: {transport_protocol: tls}", at("192.0.2.1:80"), "raw"},
		{
			"the client's first protocol that a chain has", "one: {application_protocols: [http/1.1]}\ntwo: {application_protocols: [h2]}",
			hello(at("192.0.2.1:80"), "", "h3", "h2", "http/1.1"), "two",
		},
		{
			"a transport protocol goes before an application protocol", "http: {application_protocols: [http/1.1]}\nraw: {transport_protocol: raw_buffer}",
			branch{destination: netip.MustParseAddrPort("192.0.2.1:80"), transport: "raw_buffer", protocols: []string{"http/1.1"}}, "raw",
		},
		{"a source", "any: {}\nsource: {source_prefix_ranges: [{address_prefix: 192.0.2.9, prefix_len: 32}]}", from(at("192.0.2.1:80"), "192.0.2.9:1"), "source"},
		{"another source", "any: {}\nsource: {source_prefix_ranges: [{address_prefix: 192.0.2.9, prefix_len: 32}]}", from(at("192.0.2.1:80"), "192.0.2.8:1"), "any"},
		{"an unspecified source", "any: {}\nsource: {source_prefix_ranges: [{address_prefix: 192.0.2.9, prefix_len: 32}]}", at("192.0.2.1:80"), "any source"},
		{"the same address", "same: {source_type: SAME_IP_OR_LOOPBACK}\nother: {source_type: EXTERNAL}", from(at("192.0.2.1:80"), "192.0.2.1:1"), "same"},
		{"another address", "same: {source_type: SAME_IP_OR_LOOPBACK}\nother: {source_type: EXTERNAL}", from(at("192.0.2.1:80"), "192.0.2.2:1"), "other"},
		{"a source port", "any: {}\nport: {source_ports: [4000]}", from(at("192.0.2.1:80"), "192.0.2.2:4000"), "port"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			found, overlap := match(&tc.branch, chainsOf(t, tc.chains).chains)
			if overlap {
				t.Fatal("the chains match alike")
			}
			var names []string
			for _, c := range found {
				names = append(names, c.GetName())
			}
			if got := strings.Join(names, " "); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestFilterChainsThatEnvoyRefuses(t *testing.T) {
	tls := "filters: [{name: tcp, typed_config: {'@type': x/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, cluster: c}}]"
	for _, tc := range []struct{ name, chains, want string }{
		{"alike", "- {name: a, " + tls + "}\n  - {name: b, " + tls + "}", "unknown listener l (has filter chains that match alike: a, b)"},
		{
			"a partial wildcard", "- {name: a, filter_chain_match: {server_names: ['a*.example.com']}, " + tls + "}\n  - {name: b, " + tls + "}",
			"unknown filter chain a (has a partial wildcard in server_names: a*.example.com)",
		},
		{
			"a suffix of the address", "- {name: a, filter_chain_match: {address_suffix: x}, " + tls + "}",
			"unknown filter chain a (matches an address suffix, which Envoy does not implement)",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := parse(t, "listeners:\n- name: l\n  address: {socket_address: {address: 0.0.0.0, port_value: 80}}\n  filter_chains:\n  "+tc.chains)
			got := ""
			for _, u := range c.Walk(dialled("192.0.2.1:80", Payload{}))[0].Unknown {
				got += u.String()
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

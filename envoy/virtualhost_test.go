package envoy

import (
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

func TestVirtualHost(t *testing.T) {
	domains := []string{
		"www.example.com", "*.example.com", "*-api.example.com", "*.com", "api.*", "api.example.*", "Upper.example.org", "port.example.org:8080", "*",
	}
	table := func(ignorePort bool, domains ...string) *routeTable {
		r := &routev3.RouteConfiguration{IgnorePortInHostMatching: ignorePort}
		for _, d := range domains {
			r.VirtualHosts = append(r.VirtualHosts, &routev3.VirtualHost{Name: d, Domains: []string{d}})
		}
		return newRouteTable(r)
	}
	for _, tc := range []struct {
		host       string
		ignorePort bool
		want       string
	}{
		{"www.example.com", false, "www.example.com"},
		{"WWW.EXAMPLE.COM", false, "www.example.com"},
		{"upper.example.org", false, "Upper.example.org"},
		{"other.example.com", false, "*.example.com"},
		{"a.b.example.com", false, "*.example.com"},
		{"x-api.example.com", false, "*-api.example.com"},
		{"-api.example.com", false, "*.example.com"},
		{".example.com", false, "*.com"},
		{"example.com", false, "*.com"},
		{"api.example.net", false, "api.example.*"},
		{"api.other.net", false, "api.*"},
		{"api.example.com", false, "*.example.com"},
		{"api.", false, "*"},
		{"example.net", false, "*"},
		{"www.example.com:80", false, "*"},
		{"www.example.com:80", true, "www.example.com"},
		{"www.example.com:x", true, "*"},
		{"port.example.org:8080", false, "port.example.org:8080"},
		{"[2001:db8::1]:80", true, "*"},
	} {
		t.Run(tc.host, func(t *testing.T) {
			if got := table(tc.ignorePort, domains...).virtualHost(tc.host).GetName(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	if v := table(false, "www.example.com").virtualHost("other.example.com"); v != nil {
		t.Errorf("a host of no domain: got %q", v.GetName())
	}
}

func TestSplitPort(t *testing.T) {
	for _, tc := range []struct{ host, name, port string }{
		{"a.example.com", "a.example.com", ""},
		{"a.example.com:80", "a.example.com", "80"},
		{"a.example.com:", "a.example.com:", ""},
		{"a.example.com:x", "a.example.com:x", ""},
		{"[2001:db8::1]", "[2001:db8::1]", ""},
		{"[2001:db8::1]:80", "[2001:db8::1]", "80"},
		{"2001:db8::1", "2001:db8::1", ""},
		{"", "", ""},
	} {
		if name, port := splitPort(tc.host); name != tc.name || port != tc.port {
			t.Errorf("splitPort(%q) = %q, %q", tc.host, name, port)
		}
	}
}

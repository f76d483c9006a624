package envoy

import (
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// routeTable is a RouteConfiguration with its domains in indexes.
type routeTable struct {
	*routev3.RouteConfiguration
	// exact, suffixes and prefixes have the virtual hosts by domain in lower case, without its asterisk.
	exact, suffixes, prefixes map[string]*routev3.VirtualHost
	// other is the virtual host of the domain "*".
	other *routev3.VirtualHost
	// duplicate is a domain that two virtual hosts have, for which Envoy refuses the whole; empty if there is none.
	duplicate string
}

func newRouteTable(r *routev3.RouteConfiguration) *routeTable {
	t := &routeTable{
		RouteConfiguration: r, exact: map[string]*routev3.VirtualHost{},
		suffixes: map[string]*routev3.VirtualHost{}, prefixes: map[string]*routev3.VirtualHost{},
	}
	for _, v := range r.GetVirtualHosts() {
		for _, d := range v.GetDomains() {
			t.add(strings.ToLower(d), v)
		}
	}
	return t
}

func (t *routeTable) add(domain string, v *routev3.VirtualHost) {
	index, key := t.exact, domain
	switch {
	case domain == "*":
		if t.other != nil {
			t.duplicate = domain
			return
		}
		t.other = v
		return
	case strings.HasPrefix(domain, "*"):
		index, key = t.suffixes, domain[1:]
	case strings.HasSuffix(domain, "*"):
		index, key = t.prefixes, domain[:len(domain)-1]
	}
	if _, ok := index[key]; ok {
		t.duplicate = domain
		return
	}
	index[key] = v
}

// virtualHost returns the virtual host for a Host header, nil if there is none: an exact domain goes before the longest
// suffix wildcard, that before the longest prefix wildcard, and that before "*". A wildcard stands for one character or
// more, and letter case does not matter (source/common/router/config_impl.cc, findVirtualHost).
func (t *routeTable) virtualHost(host string) *routev3.VirtualHost {
	if t.GetIgnorePortInHostMatching() {
		host, _ = splitPort(host)
	}
	host = strings.ToLower(host)
	if v := t.exact[host]; v != nil {
		return v
	}
	for i := 1; i < len(host); i++ {
		if v := t.suffixes[host[i:]]; v != nil {
			return v
		}
	}
	for i := len(host) - 1; i > 0; i-- {
		if v := t.prefixes[host[:i]]; v != nil {
			return v
		}
	}
	return t.other
}

// splitPort splits a Host header into name and port. The port is empty where there is none: what follows the last colon
// outside brackets counts if it is all digits (source/common/http/header_utility.cc, getPortStart).
func splitPort(host string) (name, port string) {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.LastIndexByte(host, ']') > i {
		return host, ""
	}
	// Several colons without brackets are an IPv6 address.
	if strings.Contains(host[:i], ":") && !strings.HasSuffix(host[:i], "]") {
		return host, ""
	}
	for _, c := range host[i+1:] {
		if c < '0' || c > '9' {
			return host, ""
		}
	}
	if host[i+1:] == "" {
		return host, ""
	}
	return host[:i], host[i+1:]
}

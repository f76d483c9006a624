package mesh

import (
	"fmt"
	"strings"
	"testing"
)

const routes = `
	VirtualService own/v: {hosts: [a.com], http: [
	  {match: [{sourceNamespace: own}], route: [{destination: {host: own.com}}]},
	  {match: [{sourceNamespace: other}], route: [{destination: {host: other.com}}]},
	  {match: [{sourceNamespace: other}, {sourceNamespace: own}], route: [{destination: {host: both.com}}]},
	  {match: [{}, {sourceNamespace: own}], route: [{destination: {host: any.com}}]},
	  {match: [{sourceNamespace: other}, {}], route: [{destination: {host: quirk.com}}]},
	  {delegate: {name: leaf}}, {route: [{destination: {host: all.com, port: {number: 443}}}], mirror: {host: mirror.com},
	  mirrors: [{destination: {host: mirrors}}, {}, {destination: {host: second.com}}]}],
	  tls: [{match: [{sniHosts: [a.com]}], route: [{destination: {host: tls.com}}, {}]}],
	  tcp: [{route: [{destination: {host: tcp.com}}, {}]}, {route: [{destination: {host: l4.com}}]}]}
	VirtualService own/leaf: {http: [{route: [{destination: {host: leaf.com}}]}]}
	VirtualService own/gateway: {hosts: [a.com], gateways: [g], http: [{route: [{destination: {host: gateway.com}}]}]}`

// Where routes send clients of a namespace. As Istio has it, one match for another namespace outweighs one for all
// (pilot/pkg/model/push_context.go virtualServiceDestinationsFilteredBySourceNamespace).
func TestDestinationsForNamespace(t *testing.T) {
	s := snapshot(t, routes)
	for namespace, want := range map[string]string{
		"own":   "own.com both.com any.com leaf.com all.com mirror.com mirrors second.com tls.com tcp.com l4.com",
		"other": "other.com both.com quirk.com leaf.com all.com mirror.com mirrors second.com tls.com tcp.com l4.com",
		"third": "leaf.com all.com mirror.com mirrors second.com tls.com tcp.com l4.com",
	} {
		var have []string
		for d := range s.destinationsForNamespace(virtualServiceNamed(t, s, "v"), namespace) {
			have = append(have, strings.TrimSuffix(d.Host, ".own.svc.cluster.local"))
		}
		equal(t, namespace, strings.Join(have, " "), want)
	}
}

// A walk over destinations can be left at any of them.
func TestDestinationsEndEarly(t *testing.T) {
	s := snapshot(t, routes)
	for want := 1; want < 12; want++ {
		have := 0
		for range s.destinationsForNamespace(virtualServiceNamed(t, s, "v"), "own") {
			if have++; have == want {
				break
			}
		}
		equal(t, "destinations", have, want)
	}
}

// Whether a route leads to a port of a host: to all ports where it names none.
func TestRoutesToPort(t *testing.T) {
	s := snapshot(t, routes, `
	Service own/alias: {externalName: behind.com}
	VirtualService own/alias: {hosts: [b.com], http: [{route: [{destination: {host: alias}}]}]}`)
	for _, c := range []struct {
		host string
		port uint32
		want bool
	}{
		{"own.com", 80, true}, {"all.com", 443, true}, {"all.com", 80, false}, {"mirror.com", 80, true}, {"leaf.com", 80, true},
		{"mirrors.own.svc.cluster.local", 80, true}, {"tls.com", 80, true}, {"tcp.com", 80, true},
		{"none.com", 80, false}, {"gateway.com", 80, false}, {"behind.com", 80, true}, {"alias.own.svc.cluster.local", 80, true},
	} {
		equal(t, fmt.Sprintf("%s:%d", c.host, c.port), s.isRouteDestination(c.host, c.port), c.want)
	}
}

// The hosts outside the mesh to which routes lead, each once, whoever they are for.
func TestExternalDestinations(t *testing.T) {
	s := snapshot(t, routes, `
	ServiceEntry egress/a: {hosts: [own.com, other.com, leaf.com, mirror.com, tls.com, none.com, gateway.com]}
	ServiceEntry egress/b: {hosts: [tcp.com], location: MESH_INTERNAL, addresses: [10.0.0.1]}
	VirtualService own/twice: {hosts: [a.com], http: [{route: [{destination: {host: own.com}}, {destination: {host: own.com}}]}],
	  tcp: [{route: [{destination: {host: tls.com}}]}]}`)
	equal(t, "of all kinds", s.externalDestinations(virtualServiceNamed(t, s, "v")), "[own.com other.com leaf.com mirror.com tls.com]")
	equal(t, "each once", s.externalDestinations(virtualServiceNamed(t, s, "twice")), "[own.com tls.com]")
}

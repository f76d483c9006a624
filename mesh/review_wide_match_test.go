package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// What routes for own.example take of others by the addresses that they match, "field plaintext" where these leave in plaintext by that.
func TestWideMatches(t *testing.T) {
	const (
		api   = `ServiceEntry shop/api: {hosts: [api.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}, {number: 81, name: tcp, protocol: TCP}]}`
		own   = `ServiceEntry team/own: {hosts: [own.example], %s, ports: [{number: 80, name: tls, protocol: TLS}, {number: 81, name: tcp, protocol: TCP}]}`
		other = `ServiceEntry team/other: {hosts: [own.example], addresses: [128.0.0.0/1], resolution: NONE, ports: [%s]}`
		tls   = `tls: [{match: [{port: 80, sniHosts: [own.example], destinationSubnets: [%s]}], route: [{destination: {host: own.example}}]}]`
		tcp   = `tcp: [{match: [{port: 81, destinationSubnets: [%s]}], route: [{destination: {host: own.example}}]}]`
		wide  = "spec.tls[0].match[0].destinationSubnets plaintext"
		bytes = "spec.tcp[0].match[0].destinationSubnets plaintext"
		noVIP = "resolution: DNS"
	)
	at := func(addresses string) string { return "resolution: NONE, addresses: [" + addresses + "]" }
	for _, c := range []struct{ name, own, beside, route, ranges, want string }{
		{"half of all", noVIP, "", tls, "128.0.0.0/1", wide},
		{"the entry's own", at("198.51.100.0/24"), "", tls, "198.51.100.0/25", ""},
		{"written otherwise", at("198.51.100.7/24"), "", tls, "198.51.100.9/24", ""},
		{"wider than the entry's own", at("198.51.100.0/24"), "", tls, "198.51.0.0/16", wide},
		{"an entry for addresses that are no condition", at("0.0.0.0/0"), "", tls, "0.0.0.1/1, 128.0.0.0/1", wide},
		{"likewise by a tcp route", at("0.0.0.0/0"), "", tcp, "93.184.0.0/16", bytes},
		{"and by half of that", at("0.0.0.0/1"), "", tls, "93.184.0.0/16", wide},
		{"an entry for them that are one", at("0.0.0.1/1"), "", tls, "93.184.0.0/16", ""},
		{"what Istio leaves out", noVIP, "", tls, "0.0.0.0/0", ""},
		{"half of that", noVIP, "", tls, "0.0.0.0/1", ""},
		{"and what it does not", noVIP, "", tls, "0.0.0.1/1", wide},
		{"all, written otherwise", noVIP, "", tls, "1.2.3.4/0", wide},
		{"all of IPv6", noVIP, "", tls, `"::/0"`, wide},
		{"bytes of all where the entry has them anyway", noVIP, "", tcp, "0.0.0.0/0", ""},
		{"and where it has a range", at("198.51.100.0/24"), "", tcp, "0.0.0.0/0", bytes},
		{"but not at an address of its own", at("198.51.100.1"), "", tcp, "0.0.0.0/0", ""},
		{"addresses of its host on that port", noVIP, "{number: 80, name: tls, protocol: TLS}", tls, "198.51.100.0/24", ""},
		{"on another port", noVIP, "{number: 9999, name: tcp, protocol: TCP}", tls, "198.51.100.0/24", wide},
		{"for requests, which have no filter chain for them", noVIP, "{number: 80, name: http, protocol: HTTP}", tls, "198.51.100.0/24", wide},
	} {
		list := []string{api, fmt.Sprintf(own, c.own)}
		if c.beside != "" {
			list = append(list, fmt.Sprintf(other, c.beside))
		}
		s := snapshot(t, append(list, "VirtualService team/own: {hosts: [own.example], "+fmt.Sprintf(c.route, c.ranges)+"}")...)
		var got []string
		for _, m := range s.wideMatches(s.Get(Ref{Kind: KindVirtualService, Namespace: "team", Name: "own"}), nil) {
			got = append(got, m.Field)
			if m.StartsPlaintext {
				got[len(got)-1] += " plaintext"
			}
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: found %q, not %q", c.name, got, c.want)
		}
	}
}

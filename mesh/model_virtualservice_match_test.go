package mesh

import "testing"

const matches = `
	VirtualService own/v: {hosts: [a.com], http: [{match: [{sourceNamespace: a, port: 81}, {sourceLabels: {app: web}}]}, {delegate: {name: leaf}}],
	  tls: [{match: [{sniHosts: [a.com], sourceNamespace: b, port: 443}, {sniHosts: [b.com], port: 80}]}],
	  tcp: [{match: [{sourceLabels: {app: curl}, port: 22}, {sourceNamespace: c}]}]}
	VirtualService own/leaf: {http: [{match: [{sourceNamespace: leaf, port: 8080}]}]}`

// What routes ask of clients, delegates included.
func TestMatchSources(t *testing.T) {
	s := snapshot(t, matches)
	var have []matchSource
	for source := range s.matchSources(virtualServiceNamed(t, s, "v")) {
		have = append(have, source)
	}
	equal(t, "sources", have, "[{a map[]} { map[app:web]} {leaf map[]} {b map[]} { map[]} { map[app:curl]} {c map[]}]")
	for want := 1; want < len(have); want++ {
		n := 0
		for range s.matchSources(virtualServiceNamed(t, s, "v")) {
			if n++; n == want {
				break
			}
		}
		equal(t, "a walk that ends early", n, want)
	}
}

// The ports that routes match; 0 stands for any other.
func TestMatchedPorts(t *testing.T) {
	s := snapshot(t, matches)
	equal(t, "ports", matchedPorts(virtualServiceNamed(t, s, "v")), "[0 22 80 81 443]")
	equal(t, "no routes", matchedPorts(virtualServiceNamed(t, snapshot(t, "VirtualService own/v: {hosts: [a.com]}"), "v")), "[0]")
}

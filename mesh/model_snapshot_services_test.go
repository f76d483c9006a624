package mesh

import (
	"slices"
	"strings"
	"testing"
)

// What is known of hosts: all below a domain, whatever their case, and whether they lie outside.
func TestHostsAndPorts(t *testing.T) {
	s := snapshot(t, `
		ServiceEntry egress/a: {hosts: [a.example.com, "*.b.example.com", example.com], ports: [{number: 443}, {number: 80}]}
		ServiceEntry egress/b: {hosts: [A.other.com, a.example.com], location: MESH_INTERNAL, addresses: [10.0.0.1], ports: [{number: 80}, {number: 81}]}
		Service egress/web: {ports: [{port: 80}]}`)
	for pattern, want := range map[string]string{
		"a.example.com":                    "[a.example.com]",
		"c.example.com":                    "[]",
		"*.example.com":                    "[a.example.com *.b.example.com]",
		"*.b.example.com":                  "[*.b.example.com]",
		"*.other.com":                      "[A.other.com]",
		"*.svc.cluster.local":              "[web.egress.svc.cluster.local]",
		"web.egress.svc.cluster.local.org": "[]",
	} {
		have := s.Hosts(pattern)
		slices.Sort(have)
		want := strings.Fields(strings.Trim(want, "[]"))
		slices.Sort(want)
		equal(t, "hosts of "+pattern, have, want)
	}
	equal(t, "ports of all services of a host", s.Ports("a.example.com"), "[80 81 443]")
	equal(t, "external, by one of its services", s.isExternal("a.example.com"), true)
	equal(t, "external", s.isExternal("A.other.com"), false)
	equal(t, "in any case", s.hostsInAnyCase("a.OTHER.com"), "[A.other.com]")

	s = s.Without(Ref{KindServiceEntry, "egress", "a"})
	equal(t, "a host that is still declared", s.Hosts("*.example.com"), "[a.example.com]")
	equal(t, "ports of what is left", s.Ports("a.example.com"), "[80 81]")
	s = s.Without(Ref{KindServiceEntry, "egress", "b"})
	equal(t, "nothing is left", append(s.Hosts("*.com"), s.Hosts("a.example.com")...), "[]")
	equal(t, "nor in any case", s.hostsInAnyCase("a.other.com"), "[]")
}

// A Service of type ExternalName is an alias of the host that it names, as long as it is there.
func TestAliases(t *testing.T) {
	s := snapshot(t, `{Service egress/web: {externalName: a.com}, Service egress/other: {externalName: b.com}}`)
	aliases := func() (list []string) {
		for _, alias := range s.aliases.Prefix("a.com\x00") {
			list = append(list, alias)
		}
		return list
	}
	equal(t, "aliases", aliases(), "[web.egress.svc.cluster.local]")
	s = s.Without(Ref{KindService, "egress", "web"})
	equal(t, "aliases", aliases(), "[]")
}

// The hosts that an object is about: what a ServiceEntry declares, what a DestinationRule governs.
func TestHostsOf(t *testing.T) {
	s := snapshot(t, `
		Service own/web: {}
		ServiceEntry own/a: {hosts: [a.com, b.com]}
		DestinationRule own/wide: {host: "*.com"}
		DestinationRule own/short: {host: web}
		Gateway own/g: {}`)
	for object, want := range map[Ref]string{
		{KindServiceEntry, "own", "a"}: "[a.com b.com]", {KindDestinationRule, "own", "wide"}: "[a.com b.com]",
		{KindDestinationRule, "own", "short"}: "[web.own.svc.cluster.local]", {KindGateway, "own", "g"}: "[]",
	} {
		equal(t, object.String(), s.HostsOf(s.Get(object)), want)
	}
}

// Whether hosts are looked up one by one or all are gone over, those that differ from one in case alone are found.
func TestOtherCases(t *testing.T) {
	s := snapshot(t, `
		ServiceEntry shop/a: {hosts: [a.example, A.example, b.example, B.EXAMPLE], ports: [{number: 80, name: http, protocol: HTTP}]}
		ServiceEntry shop/b: {hosts: [b.Example, c.example], ports: [{number: 80, name: http, protocol: HTTP}]}`)
	for _, n := range []int{0, 1000} {
		of := s.otherCasesOf(n)
		equal(t, "a", strings.Join(of("a.example"), " "), "A.example a.example")
		equal(t, "b", strings.Join(of("B.Example"), " "), "B.EXAMPLE b.Example b.example")
		if list := of("c.example"); len(list) > 1 {
			t.Errorf("%d: c.example has others: %v", n, list)
		}
	}
}

package mesh

import (
	"slices"
	"strings"
	"testing"
)

// Which VirtualServices a sidecar of namespace "own" has for a host, and in which order.
func TestSelectVirtualServices(t *testing.T) {
	for _, c := range []struct{ name, mesh, host, want string }{
		{"none", ``, "a.com", ""},
		{"by its host", `
			VirtualService own/v: {hosts: [b.com, a.com]}
			VirtualService own/w: {hosts: [c.com]}`, "a.com", "v"},
		{"in any case", `
			VirtualService own/v: {hosts: [A.com]}`, "a.COM", "v"},
		{"by a wildcard over it", `
			VirtualService own/v: {hosts: ["*.com"]}
			VirtualService own/w: {hosts: ["*.org"]}`, "a.com", "v"},
		{"by both, once", `
			VirtualService own/v: {hosts: ["*.com", a.com, "*"]}`, "a.com", "v"},
		{"a wildcard host: by what is below it, too", `
			VirtualService own/a: {hosts: [x.a.com]}
			VirtualService own/b: {hosts: ["*.A.com"]}
			VirtualService own/c: {hosts: ["*.com"]}
			VirtualService own/d: {hosts: [a.com]}`, "*.a.com", "a b c"},
		{"for a gateway only", `
			VirtualService own/v: {hosts: [a.com], gateways: [g]}`, "a.com", ""},
		{"for a gateway and the mesh", `
			VirtualService own/v: {hosts: [a.com], gateways: [g, mesh]}`, "a.com", "v"},
		{"the oldest first, then by name, whatever their hosts", `
			VirtualService own/a @2: {hosts: [a.com]}
			VirtualService own/b @2: {hosts: ["*.com"]}
			VirtualService own/c @1: {hosts: ["*"]}
			VirtualService own/d: {hosts: [a.com]}`, "a.com", "c a b d"},
		{"private ones first, then those exported by name, then public ones", `
			VirtualService own/public @1: {hosts: [a.com]}
			VirtualService egress/named @2: {hosts: [a.com], exportTo: [own]}
			VirtualService own/private @3: {hosts: [a.com], exportTo: [.]}
			VirtualService egress/everyone @4: {hosts: [a.com], exportTo: ["*"]}`, "a.com", "private named public everyone"},
		{"what is not exported is not seen", `
			VirtualService egress/v: {hosts: [a.com], exportTo: [.]}
			VirtualService egress/w: {hosts: [a.com], exportTo: [other]}`, "a.com", ""},
		{"what the Sidecar leaves out, neither", `
			Sidecar own/default: {egress: [{hosts: ["./*"]}]}
			VirtualService egress/v: {hosts: [a.com]}
			VirtualService own/w: {hosts: [a.com]}`, "a.com", "w"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, client := snapshot(t, c.mesh), parseClient("sidecar own")
			equal(t, "VirtualServices", names(s.selectVirtualServices(client, c.host, s.egressListeners(client)[0])), c.want)
		})
	}
	order := snapshot(t, `{VirtualService a/v @1: {hosts: ["*.com"]}, VirtualService b/v @1: {hosts: [a.com]}}`)
	list := order.selectVirtualServices(parseClient("sidecar own"), "a.com", egressListener{})
	equal(t, "of one name and age by namespace", []string{list[0].Namespace, list[1].Namespace}, "[a b]")
}

// Who is without a Sidecar knows all VirtualServices, whatever the listener.
func TestVirtualServicesWithoutSidecar(t *testing.T) {
	s := snapshot(t, `{VirtualService egress/v: {hosts: [a.com]}}`)
	equal(t, "VirtualServices", names(s.selectVirtualServices(parseClient("gateway own"), "a.com", egressListener{hosts: []string{"./*"}})), "v")
}

// A delegate has no hosts: what it leads to is reached by the VirtualServices that name it.
func TestVirtualServicesWithDestination(t *testing.T) {
	s := snapshot(t, `
		VirtualService own/plain: {hosts: [a.com], http: [{route: [{destination: {host: d.com}}]}]}
		VirtualService own/root: {hosts: [b.com], http: [{delegate: {name: leaf, namespace: leaves}}]}
		VirtualService leaves/neighbour: {hosts: [c.com], http: [{delegate: {name: leaf}}]}
		VirtualService own/wrong: {hosts: [b.com], http: [{delegate: {name: leaf}}]}
		VirtualService own/hosts: {hosts: [b.com], http: [{delegate: {name: plain}}]}
		VirtualService leaves/leaf: {http: [{route: [{destination: {host: d.com}}]}]}
		VirtualService leaves/orphan: {http: [{route: [{destination: {host: d.com}}]}]}`)
	list := strings.Fields(names(s.virtualServicesWithDestination("d.com")))
	slices.Sort(list)
	equal(t, "VirtualServices", list, "[neighbour plain root]")
}

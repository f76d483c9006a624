package mesh

import (
	"slices"
	"strings"
	"testing"
)

// names returns the names of VirtualServices, in their order.
func names(list []*virtualService) string {
	out := make([]string, 0, len(list))
	for _, v := range list {
		out = append(out, v.Name)
	}
	return strings.Join(out, " ")
}

// virtualServiceNamed returns a VirtualService of a snapshot as the model has it.
func virtualServiceNamed(t *testing.T, s *Snapshot, name string) *virtualService {
	t.Helper()
	for _, v := range s.virtualServices.Prefix("") {
		if v.Name == name {
			return v
		}
	}
	t.Fatalf("no VirtualService %s", name)
	return nil
}

func TestQualifyGateway(t *testing.T) {
	for name, want := range map[string]string{
		"mesh":                        "mesh",
		"g":                           "own/g",
		"other/g":                     "other/g",
		"./g":                         "own/g",
		"g.other":                     "other/g",
		"g.other.svc.cluster.local":   "other/g",
		"other/g.svc":                 "other/g.svc",
		"mesh.own":                    "own/mesh",
		"own/mesh":                    "own/mesh",
		"g.":                          "/g",
		"istio-system/egressgateway.": "istio-system/egressgateway.",
	} {
		equal(t, name, qualifyGateway(name, "own"), want)
	}
}

// The names in a VirtualService are completed with its own namespace.
func TestVirtualServiceNames(t *testing.T) {
	for _, c := range []struct{ name, spec, hosts, gateways, destinations string }{
		{"hosts and gateways", `{hosts: [web, a.com, "*"], gateways: [g, other/h, mesh]}`,
			"[web.own.svc.cluster.local a.com *]", "[own/g other/h mesh]", "[]"},
		{"no gateway is the mesh", `{hosts: [a.com]}`, "[a.com]", "[mesh]", "[]"},
		{"destinations of all kinds, each once", `{hosts: [a.com], http: [{route: [{destination: {host: web}}, {destination: {host: b.com}}, {}], mirror: {host: mirror},
			mirrors: [{destination: {host: mirrors}}, {}]}], tls: [{route: [{destination: {host: b.com}}, {destination: {host: tls}}, {}]}],
			tcp: [{route: [{destination: {host: tcp}}, {}]}]}`,
			"[a.com]", "[mesh]", "[web.own.svc.cluster.local b.com mirror.own.svc.cluster.local mirrors.own.svc.cluster.local " +
				"tls.own.svc.cluster.local tcp.own.svc.cluster.local]"},
	} {
		v := virtualServiceNamed(t, snapshot(t, "VirtualService own/v: "+c.spec), "v")
		equal(t, c.name+": hosts", v.hosts, c.hosts)
		equal(t, c.name+": gateways", v.gateways, c.gateways)
		equal(t, c.name+": destinations", v.destinations, c.destinations)
	}
}

func TestBindsGateway(t *testing.T) {
	for gateways, want := range map[string]bool{"[]": false, "[mesh]": false, "[g]": true, "[mesh, g]": true} {
		v := virtualServiceNamed(t, snapshot(t, "VirtualService own/v: {hosts: [a.com], gateways: "+gateways+"}"), "v")
		equal(t, gateways, v.bindsGateway(), want)
	}
}

// The host of a request has no case: a VirtualService for it by another case is for it by name.
func TestNamesHost(t *testing.T) {
	v := virtualServiceNamed(t, snapshot(t, `VirtualService own/v: {hosts: [b.com, A.com, "*.c.com"]}`), "v")
	for host, want := range map[string]bool{"a.com": true, "b.com": true, "x.c.com": false, "c.com": false} {
		equal(t, host, v.namesHost(host), want)
	}
}

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

// A VirtualService is found until it is gone, by all that it is about.
func TestVirtualServicesComeAndGo(t *testing.T) {
	s := snapshot(t, `
		VirtualService own/root: {hosts: ["*.a.com"], gateways: [g], http: [{delegate: {name: leaf}}, {route: [{destination: {host: web}}]}],
		  tls: [{match: [{sniHosts: [x.a.com]}, {}], route: [{destination: {host: b.com}}]}], tcp: [{route: [{destination: {host: c.com}}]}]}
		VirtualService own/leaf: {http: [{route: [{destination: {host: d.com}}]}]}`)
	found := func() []string {
		passthrough := []gatewayServer{newGatewayServer(objects(t, "{Gateway own/g: {}}")[0], tlsServer(t, "PASSTHROUGH"))}
		list := []string{names(s.virtualServicesForHost("x.a.com")), names(s.virtualServicesForGateway("own/g", "own", "x.a.com")),
			names(s.gatewayVirtualServicesWithTCP("own/g", "own")), names(s.gatewayVirtualServicesBySNI(passthrough, "own", "x.a.com"))}
		for _, host := range []string{"web.own.svc.cluster.local", "b.com", "c.com", "d.com"} {
			list = append(list, names(s.virtualServicesWithDestination(host)))
		}
		return slices.Compact(list)
	}
	equal(t, "found", found(), "[root]")
	for _, name := range []string{"root", "leaf"} {
		s = s.Without(Ref{KindVirtualService, "own", name})
	}
	equal(t, "gone", found(), "[]")
	equal(t, "in the index", s.virtualServices.Len(), 0)
	equal(t, "wildcards", s.virtualServiceHostsCovering("x.a.com"), "[x.a.com]")
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

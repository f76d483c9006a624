package mesh

import (
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
		{"destinations of all kinds, each once", `{hosts: [a.com],
		  http: [{route: [{destination: {host: web}}, {destination: {host: b.com}}, {}], mirror: {host: mirror},
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

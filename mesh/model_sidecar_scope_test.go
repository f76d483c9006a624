package mesh

import (
	"strings"
	"testing"
)

// What a sidecar knows of a.com with egress listeners of its own.
func TestSidecarScope(t *testing.T) {
	const entry = `
			ServiceEntry egress/a @1: {hosts: [a.com], ports: [{number: 80, name: a, protocol: HTTP}, {number: 443, name: a, protocol: TLS}]}`
	const more = `
			ServiceEntry egress/b @2: {hosts: [a.com], ports: [{number: 80, name: b, protocol: TCP}, {number: 81, name: b}]}`
	for _, c := range []struct{ name, services, egress, want string }{
		{"no listener", entry, `[]`, "egress/a 80=a 443=a"},
		{"all", entry, `[{hosts: ["*/*"]}]`, "egress/a 80=a 443=a"},
		{"not the host", entry, `[{hosts: ["./*"]}]`, "unknown"},
		{"by one of the listeners", entry, `[{hosts: ["./*"]}, {hosts: ["egress/*"]}]`, "egress/a 80=a 443=a"},
		{"a listener without hosts", entry, `[{hosts: []}]`, "unknown"},

		{"a listener with a port has that port alone", entry, `[{port: {number: 443, protocol: TLS, name: x}, hosts: ["*/*"]}]`, "egress/a 443=a"},
		{"a port that the service has not", entry, `[{port: {number: 8080, protocol: HTTP, name: x}, hosts: ["*/*"]}]`, "unknown"},
		{"listeners add up", entry, `[{port: {number: 443, protocol: TLS, name: x}, hosts: ["*/*"]},
		  {port: {number: 80, protocol: HTTP, name: z}, hosts: ["*/*"]}]`,
			"egress/a 443=a 80=a"},
		{"a forward proxy is asked about all ports", entry, `[{port: {number: 8080, protocol: HTTP_PROXY, name: x},
		  hosts: ["*/*"]}]`, "egress/a 80=a 443=a"},
		{"in any case", entry, `[{port: {number: 8080, protocol: http_proxy, name: x}, hosts: ["*/*"]}]`, "egress/a 80=a 443=a"},

		{"ports of several entries add up", entry + more, `[{hosts: ["egress/*"]}]`, "egress/a 80=a 443=a 81=b"},
		{"not where only exact hosts are named", entry + more, `[{hosts: ["egress/a.com"]}]`, "egress/a 80=a 443=a"},
		{"of any namespace is not exact", entry + more, `[{hosts: ["*/a.com"]}]`, "egress/a 80=a 443=a 81=b"},
		{"what is excluded need not be exact", entry + more, `[{hosts: ["egress/a.com", "~*/*.org"]}]`, "egress/a 80=a 443=a"},
		{"nor what cannot be read", entry + more, `[{hosts: ["egress/a.com", "*", "egress/*/x"]}]`, "egress/a 80=a 443=a"},
		{"one wildcard is enough", entry + more, `[{hosts: ["egress/a.com", "./*"]}]`, "egress/a 80=a 443=a 81=b"},
		{"by exact hosts only what is exported", `
			ServiceEntry egress/a: {hosts: [a.com], exportTo: [.], ports: [{number: 80}]}`, `[{hosts: ["egress/a.com"]}]`, "unknown"},

		{"the first listener's service stands", entry + `
			ServiceEntry other/b @2: {hosts: [a.com], ports: [{number: 81, name: b}]}`, `[{hosts: ["other/*"]}, {hosts: ["egress/*"]}]`, "other/b 81=b"},
		{"a Kubernetes Service of a later one takes its place", `
			ServiceEntry other/b @1: {hosts: [web.egress.svc.cluster.local], ports: [{number: 81, name: b}]}
			Service egress/web @2: {ports: [{port: 80, name: web}]}`, `[{hosts: ["other/*"]}, {hosts: ["egress/*"]}]`, "egress/web 80=web"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.services, "\nSidecar own/default: {egress: "+c.egress+"}")
			host := "a.com"
			if strings.Contains(c.services, "svc.cluster.local") {
				host = "web.egress.svc.cluster.local"
			}
			equal(t, "service", serviceLine(s.serviceFor(parseClient("sidecar own"), host)), c.want)
			equal(t, "a gateway knows it all the same", s.isImported(parseClient("gateway own"), scopedService{service: s.services.At(host)[0]}),
				len(s.services.At(host)[0].exportTo) == 0)
		})
	}
}

// A waypoint knows the service that it stands for, and of all else what is exported to its namespace, as gateways do.
func TestServiceForWaypointsAndGateways(t *testing.T) {
	const waypoint = `
			KubernetesGateway infra/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, allowedRoutes: {namespaces: {from: All}}}]}
			ServiceEntry infra/b @1: {hosts: [a.com], ports: [{number: 81, name: b}]}`
	const served = `
			ServiceEntry apps/a @2: {metadata: {labels: {istio.io/use-waypoint: w, istio.io/use-waypoint-namespace: infra}},
			  hosts: [a.com], exportTo: [.], ports: [{number: 80, name: a}]}`
	const others = `
			ServiceEntry apps/a @2: {hosts: [a.com], exportTo: [.], ports: [{number: 80, name: a}]}`
	for _, c := range []struct{ name, mesh, client, want string }{
		{"the waypoint of the service", waypoint + served, "waypoint infra", "apps/a 80=a"},
		{"a waypoint of another", waypoint + others, "waypoint infra", "infra/b 81=b"},
		{"a gateway", waypoint + served, "gateway infra", "infra/b 81=b"},
		{"a gateway of the namespace to which it is exported", others, "gateway apps", "apps/a 80=a"},
		{"a gateway of any other", others, "gateway infra", "unknown"},
		{"a gateway whose namespace has a Sidecar", others + `
			Sidecar apps/default: {egress: [{hosts: ["other/*"]}]}`, "gateway apps", "apps/a 80=a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "service", serviceLine(snapshot(t, c.mesh).serviceFor(parseClient(c.client), "a.com")), c.want)
		})
	}
}

// Families that services of one listener disagree about stay in conflict, whatever other listeners import.
func TestConflictsOfListeners(t *testing.T) {
	const services = `
		ServiceEntry egress/a @1: {hosts: [a.com], ports: [{number: 80, protocol: HTTP}]}
		ServiceEntry egress/b @2: {hosts: [a.com], ports: [{number: 80, protocol: TCP}]}
		ServiceEntry other/c @3: {hosts: [a.com], ports: [{number: 81}]}
		ServiceEntry other/d @4: {hosts: [a.com], ports: [{number: 81}]}`
	for egress, want := range map[string]Family{
		`[{hosts: ["*/*"]}]`:                              FamilyUnspecified,
		`[{hosts: ["*/*"]}, {hosts: ["egress/a.com"]}]`:   FamilyUnspecified,
		`[{hosts: ["egress/a.com"]}, {hosts: ["*/*"]}]`:   FamilyUnspecified,
		`[{hosts: ["*/*"]}, {hosts: ["other/*"]}]`:        FamilyUnspecified,
		`[{hosts: ["egress/a.com"]}, {hosts: ["./b.c"]}]`: FamilyHTTP,
	} {
		svc, _ := snapshot(t, services, "\nSidecar own/default: {egress: "+egress+"}").serviceFor(parseClient("sidecar own"), "a.com")
		p, _ := svc.port(80)
		equal(t, egress, p.family(), want)
	}
}

// A route that a client sees makes its destination known, though the Sidecar leaves that out.
func TestServiceOfVirtualService(t *testing.T) {
	const entry = `
			ServiceEntry egress/a @1: {hosts: [a.com], ports: [{number: 80, name: a}, {number: 443, name: a}]}`
	const sidecar = `
			Sidecar own/default: {egress: [{hosts: ["./*"]}]}`
	const all = "egress/a 80=a 443=a"
	for _, c := range []struct{ name, mesh, want string }{
		{"no route", entry + sidecar, "unknown"},
		{"no route, and a listener with a port", entry + `
			Sidecar own/default: {egress: [{port: {number: 443, protocol: TLS, name: x}, hosts: ["./*"]}]}`, "unknown"},
		{"all ports, where the route names none", entry + sidecar + `
			VirtualService own/v: {hosts: [b.com], http: [{route: [{destination: {host: a.com}}]}]}`, all},
		{"the port that the route names", entry + sidecar + `
			VirtualService own/v: {hosts: [b.com], tcp: [{route: [{destination: {host: a.com, port: {number: 443}}}]}]}`, "egress/a 443=a"},
		{"the ports of all routes", entry + sidecar + `
			VirtualService own/v: {hosts: [b.com], http: [{route: [{destination: {host: a.com, port: {number: 443}}}]}]}
			VirtualService own/w: {hosts: [c.com], http: [{route: [{destination: {host: a.com}}]}]}`, all},
		{"a port that the service has not", entry + sidecar + `
			VirtualService own/v: {hosts: [b.com], http: [{route: [{destination: {host: a.com, port: {number: 8080}}}]}]}`, "unknown"},
		{"other destinations do not count", entry + sidecar + `
			VirtualService own/v: {hosts: [b.com], http: [{route: [{destination: {host: a.com, port: {number: 80}}},
			  {destination: {host: c.com}}]}]}`, "egress/a 80=a"},
		{"a route for a gateway", entry + sidecar + `
			VirtualService own/v: {hosts: [b.com], gateways: [g], http: [{route: [{destination: {host: a.com}}]}]}`, "unknown"},
		{"a route for a gateway and the mesh", entry + sidecar + `
			VirtualService own/v: {hosts: [b.com], gateways: [g, mesh], http: [{route: [{destination: {host: a.com}}]}]}`, all},
		{"a route that is not exported", entry + `
			Sidecar own/default: {egress: [{hosts: ["other/*"]}]}
			VirtualService other/v: {hosts: [b.com], exportTo: [.], http: [{route: [{destination: {host: a.com}}]}]}`, "unknown"},
		{"a route that the Sidecar leaves out", entry + sidecar + `
			VirtualService other/v: {hosts: [b.com], http: [{route: [{destination: {host: a.com}}]}]}`, "unknown"},
		{"a route for clients of another namespace", entry + sidecar + `
			VirtualService own/v: {hosts: [b.com], http: [{match: [{sourceNamespace: other}], route: [{destination: {host: a.com}}]}]}`, "unknown"},
		{"a listener with a port has that port alone", entry + `
			Sidecar own/default: {egress: [{port: {number: 443, protocol: TLS, name: x}, hosts: ["./*"]}]}
			VirtualService own/v: {hosts: [b.com], http: [{route: [{destination: {host: a.com, port: {number: 80}}}]}]}`, "egress/a 443=a"},
		{"if the service has it", entry + `
			Sidecar own/default: {egress: [{port: {number: 8080, protocol: HTTP, name: x}, hosts: ["./*"]}]}
			VirtualService own/v: {hosts: [b.com], http: [{route: [{destination: {host: a.com}}]}]}`, "unknown"},
		{"more ports than the listener has", entry + `
			Sidecar own/default: {egress: [{port: {number: 443, protocol: TLS, name: x}, hosts: ["egress/*"]}, {hosts: ["./*"]}]}
			VirtualService own/v: {hosts: [b.com], http: [{route: [{destination: {host: a.com}}]}]}`, "egress/a 443=a 80=a"},
		{"a route to another namespace's service of the host adds nothing", entry + `
			ServiceEntry other/b @2: {hosts: [a.com], ports: [{number: 80, name: b}, {number: 81, name: b}]}
			Sidecar own/default: {egress: [{hosts: ["./*", "other/*"]}]}
			VirtualService own/v: {hosts: [b.com], http: [{route: [{destination: {host: a.com}}]}]}`, "other/b 80=b 81=b"},
		{"the client's own service, even if it is exported to nobody", `
			ServiceEntry own/a @1: {hosts: [a.com], exportTo: ["~"], ports: [{number: 80, name: a}]}` + sidecar + `
			VirtualService own/v: {hosts: [b.com], http: [{route: [{destination: {host: a.com}}]}]}`, "own/a 80=a"},
		{"a Kubernetes Service takes the place of what the Sidecar imports", `
			ServiceEntry other/b @1: {hosts: [web.egress.svc.cluster.local], ports: [{number: 80, name: b}, {number: 81, name: b}]}
			Service egress/web @2: {ports: [{port: 80, name: web}]}
			Sidecar own/default: {egress: [{hosts: ["./*", "other/*"]}]}
			VirtualService own/v: {hosts: [b.com], http: [{route: [{destination: {host: web.egress.svc.cluster.local}}]}]}`, "egress/web 80=web"},
		{"not one that is private to another namespace", `
			ServiceEntry egress/a @1: {hosts: [a.com], exportTo: [.], ports: [{number: 80, name: a}]}` + sidecar + `
			VirtualService own/v: {hosts: [b.com], http: [{route: [{destination: {host: a.com}}]}]}`, "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			host := "a.com"
			if strings.Contains(c.mesh, "svc.cluster.local") {
				host = "web.egress.svc.cluster.local"
			}
			equal(t, "service", serviceLine(snapshot(t, c.mesh).serviceFor(parseClient("sidecar own"), host)), c.want)
		})
	}
}

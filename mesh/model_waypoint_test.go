package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// Which waypoint a service has: "web" of namespace "apps", with these labels on it and on its namespace.
func TestWaypointOf(t *testing.T) {
	const service = `
			ServiceEntry apps/a: {hosts: [a.com], ports: [{number: 80}]}`
	const labelled = `
			ServiceEntry apps/a: {metadata: {labels: {istio.io/use-waypoint: w}}, hosts: [a.com], ports: [{number: 80}]}`
	const namespace = `
			Namespace apps: {metadata: {labels: {istio.io/use-waypoint: w}}}`
	const waypoint = `
			KubernetesGateway apps/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}`
	for _, c := range []struct{ name, mesh, want string }{
		{"none", service + waypoint, ""},
		{"by the label of the service", labelled + waypoint, "apps"},
		{"by the label of its namespace", service + namespace + waypoint, "apps"},
		{"the service's goes before the namespace's", labelled + waypoint + `
			Namespace apps: {metadata: {labels: {istio.io/use-waypoint: other}}}`, "apps"},
		{"the service may have none", namespace + waypoint + `
			ServiceEntry apps/a: {metadata: {labels: {istio.io/use-waypoint: none}}, hosts: [a.com]}`, ""},
		{"even if a waypoint is called so", namespace + `
			KubernetesGateway apps/none: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
			ServiceEntry apps/a: {metadata: {labels: {istio.io/use-waypoint: none}}, hosts: [a.com]}`, ""},
		{"an empty label is none", namespace + waypoint + `
			KubernetesGateway apps/: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
			ServiceEntry apps/a: {metadata: {labels: {istio.io/use-waypoint: ""}}, hosts: [a.com]}`, ""},
		{"a waypoint that is not there", labelled, ""},
		{"a Gateway of another class", labelled + `
			KubernetesGateway apps/w: {gatewayClassName: istio}`, ""},
		{"in another namespace, which takes it", waypoint + `
			KubernetesGateway infra/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, allowedRoutes: {namespaces: {from: All}}}]}
			ServiceEntry apps/a: {metadata: {labels: {istio.io/use-waypoint: w, istio.io/use-waypoint-namespace: infra}}, hosts: [a.com],
			  ports: [{number: 80}]}`, "infra"},
		{"in another namespace, which does not", waypoint + `
			KubernetesGateway infra/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
			ServiceEntry apps/a: {metadata: {labels: {istio.io/use-waypoint: w, istio.io/use-waypoint-namespace: infra}}, hosts: [a.com],
			  ports: [{number: 80}]}`, ""},
		{"the namespace of the waypoint is read beside its name only", namespace + waypoint + `
			KubernetesGateway infra/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, allowedRoutes: {namespaces: {from: All}}}]}
			ServiceEntry apps/a: {metadata: {labels: {istio.io/use-waypoint-namespace: infra}}, hosts: [a.com], ports: [{number: 80}]}`, "apps"},
		{"a waypoint for services", labelled + `
			KubernetesGateway apps/w: {metadata: {labels: {istio.io/waypoint-for: service}}, gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}`, "apps"},
		{"a waypoint for all", labelled + `
			KubernetesGateway apps/w: {metadata: {labels: {istio.io/waypoint-for: all}}, gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}`, "apps"},
		{"a waypoint for workloads", labelled + `
			KubernetesGateway apps/w: {metadata: {labels: {istio.io/waypoint-for: workload}}, gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.mesh)
			equal(t, "namespace", s.waypointNamespaceOf(s.services.At("a.com")[0]), c.want)
			var clients []string
			for _, client := range s.waypointClients("a.com") {
				clients = append(clients, client.String())
			}
			equal(t, "waypoints", strings.Join(clients, ", "), strings.TrimSuffix("waypoint "+c.want, "waypoint "))
		})
	}
}

// By which field a Gateway own/waypoint is no waypoint for the services of a namespace.
func TestWhyNoWaypoint(t *testing.T) {
	hbone := "{gatewayClassName: istio-waypoint, listeners: [{protocol: HTTP, port: 80, allowedRoutes: {namespaces: {from: All}}}, " +
		"{protocol: HBONE, port: 15008, allowedRoutes: {namespaces: {from: %s}}}, {protocol: HBONE, port: 15008, allowedRoutes: {namespaces: {from: All}}}]}"
	labelled := "{metadata: {labels: {istio.io/waypoint-for: %s}}, gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}"
	bound := func(binding, from, tunnelFrom string) string {
		return fmt.Sprintf("{metadata: {annotations: {ambient.istio.io/waypoint-inbound-binding: %s}}, gatewayClassName: istio-waypoint, listeners: ["+
			"{protocol: istio.io/PROXY, port: 80, allowedRoutes: {namespaces: {from: %s}}}, "+
			"{protocol: HBONE, port: 15008, allowedRoutes: {namespaces: {from: %s}}}]}", binding, from, tunnelFrom)
	}
	for _, c := range []struct{ name, spec, namespace, want string }{
		{"its own namespace", "{gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}", "own", ""},
		{"no other", "{gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}", "other", "spec.listeners"},
		{"from Same, no other", fmt.Sprintf(hbone, "Same"), "other", "spec.listeners"},
		{"from All, every other", fmt.Sprintf(hbone, "All"), "other", ""},
		{"from those that a selector selects", fmt.Sprintf(hbone, "Selector, selector: {matchLabels: {team: shop}}"), "other", ""},
		{"by an expression", fmt.Sprintf(hbone, "Selector, selector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [other]}]}"), "other", ""},
		{"and no other", fmt.Sprintf(hbone, "Selector, selector: {matchLabels: {team: bank}}"), "other", "spec.listeners"},
		{"nor its own", fmt.Sprintf(hbone, "Selector, selector: {matchLabels: {team: shop}}"), "own", "spec.listeners"},
		{"a selector that Kubernetes refuses", fmt.Sprintf(hbone, "Selector, selector: {matchExpressions: [{key: team, operator: Is}]}"), "other", "spec.listeners"},
		{"no selector selects none", fmt.Sprintf(hbone, "Selector"), "other", "spec.listeners"},
		{"another class", "{gatewayClassName: istio, listeners: [{protocol: HBONE, port: 15008}]}", "own", "spec.gatewayClassName"},
		{"a listener of another protocol", "{gatewayClassName: istio-waypoint, listeners: [{protocol: HTTP, port: 15008}]}", "own", "spec.listeners"},
		{"a listener on another port", "{gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15009}]}", "own", "spec.listeners"},
		{"for services", fmt.Sprintf(labelled, "service"), "own", ""},
		{"for all", fmt.Sprintf(labelled, "all"), "own", ""},
		{"for workloads", fmt.Sprintf(labelled, "workload"), "own", "metadata.labels[istio.io/waypoint-for]"},
		{"for none", fmt.Sprintf(labelled, "none"), "own", "metadata.labels[istio.io/waypoint-for]"},
		{"for nobody", fmt.Sprintf(labelled, `""`), "own", "metadata.labels[istio.io/waypoint-for]"},
		{"bound to a listener that takes another namespace", bound("PROXY/80", "All", "Same"), "other", ""},
		{"or does not", bound("PROXY/80", "Same", "All"), "other", "spec.listeners"},
		{"bound by its protocol", bound("PROXY", "Same", "All"), "other", "spec.listeners"},
		{"bound without a protocol of the proxy's own", bound("NONE", "Same", "All"), "other", ""},
		{"bound by no protocol that is known", bound("HTTP/80", "Same", "All"), "other", ""},
		{"of another revision", "{metadata: {labels: {istio.io/rev: canary}}, gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}", "own", ""},
	} {
		s := snapshot(t, fmt.Sprintf("{KubernetesGateway own/waypoint: %s, Namespace other: {metadata: {labels: {team: shop}}}}", c.spec))
		gateway := s.Get(Ref{Kind: KindKubernetesGateway, Namespace: "own", Name: "waypoint"})
		have := ""
		if why := s.whyNoWaypoint(gateway, c.namespace); why != nil {
			have = why.Field
		}
		equal(t, c.name, have, c.want)
	}
}

// A class makes its Gateways waypoints by its controller, and says for what they are unless they do.
func TestWaypointClass(t *testing.T) {
	const gateway = `
			KubernetesGateway apps/w: {gatewayClassName: %s, listeners: [{protocol: HBONE, port: 15008}]}`
	for _, c := range []struct{ name, mesh, want string }{
		{"Istio's own by its name", fmt.Sprintf(gateway, "istio-waypoint"), ""},
		{"another one", fmt.Sprintf(gateway, "own"), "Gateway (gateway.networking.k8s.io) apps/w spec.gatewayClassName"},
		{"by its controller", fmt.Sprintf(gateway, "own") + `
			GatewayClass own: {controllerName: istio.io/mesh-controller}`, ""},
		{"not by another", fmt.Sprintf(gateway, "istio-waypoint") + `
			GatewayClass istio-waypoint: {controllerName: example.com/other}`, "Gateway (gateway.networking.k8s.io) apps/w spec.gatewayClassName"},
		{"for workloads", fmt.Sprintf(gateway, "own") + `
			GatewayClass own: {metadata: {labels: {istio.io/waypoint-for: workload}}, controllerName: istio.io/mesh-controller}`,
			"GatewayClass own metadata.labels[istio.io/waypoint-for]"},
		{"unless the Gateway is for services", `
			KubernetesGateway apps/w: {metadata: {labels: {istio.io/waypoint-for: service}}, gatewayClassName: own, listeners: [{protocol: HBONE, port: 15008}]}
			GatewayClass own: {metadata: {labels: {istio.io/waypoint-for: workload}}, controllerName: istio.io/mesh-controller}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, have := snapshot(t, c.mesh), ""
			if why := s.whyNoWaypoint(s.Get(Ref{Kind: KindKubernetesGateway, Namespace: "apps", Name: "w"}), "apps"); why != nil {
				have = why.String()
			}
			equal(t, "why", have, c.want)
		})
	}
}

// A waypoint stands for the services that are labelled for it, and knows them as they are written.
func TestWaypointService(t *testing.T) {
	const waypoint = `
			KubernetesGateway apps/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
			Namespace apps: {metadata: {labels: {istio.io/use-waypoint: w}}}`
	for _, c := range []struct{ name, mesh, client, want string }{
		{"no ports are merged in", waypoint + `
			ServiceEntry apps/a @1: {hosts: [a.com], ports: [{number: 80, name: a}]}
			ServiceEntry apps/b @2: {hosts: [a.com], ports: [{number: 81, name: b}]}`, "waypoint apps", "apps/a 80=a, served"},
		{"an older entry of another namespace does not count", waypoint + `
			ServiceEntry other/b @1: {hosts: [a.com], ports: [{number: 81, name: b}]}
			ServiceEntry apps/a @2: {hosts: [a.com], ports: [{number: 80, name: a}]}`, "waypoint apps", "apps/a 80=a, served"},
		{"other services it knows as a gateway does", waypoint + `
			ServiceEntry other/a @1: {hosts: [a.com], ports: [{number: 80, name: a}]}
			ServiceEntry other/b @2: {hosts: [a.com], ports: [{number: 81, name: b}]}`, "waypoint apps", "other/a 80=a 81=b"},
		{"not one of its own namespace before others, as a sidecar does", waypoint + `
			ServiceEntry apps/a @2: {metadata: {labels: {istio.io/use-waypoint: none}}, hosts: [a.com], ports: [{number: 80, name: a}]}
			ServiceEntry other/b @1: {hosts: [a.com], ports: [{number: 81, name: b}]}`, "waypoint apps", "other/b 81=b"},
		{"a service of the mesh", waypoint + `
			ServiceEntry apps/a: {hosts: [a.com], location: MESH_INTERNAL, ports: [{number: 80, name: a}]}`, "waypoint apps", "apps/a 80=a, served"},
		{"a waypoint of another namespace", waypoint + `
			ServiceEntry apps/a: {hosts: [a.com], ports: [{number: 80, name: a}]}`, "waypoint other", "apps/a 80=a"},
		{"a sidecar of its namespace is none", waypoint + `
			ServiceEntry apps/a @1: {hosts: [a.com], ports: [{number: 80, name: a}]}
			ServiceEntry apps/b @2: {hosts: [a.com], ports: [{number: 81, name: b}]}`, "sidecar apps", "apps/a 80=a 81=b"},
		{"dynamic DNS outside the mesh", waypoint + `
			ServiceEntry apps/a: {hosts: [a.com], resolution: DYNAMIC_DNS, ports: [{number: 80, name: a}]}`, "waypoint apps", "apps/a 80=a, served"},
		{"dynamic DNS of the mesh it does not serve", waypoint + `
			ServiceEntry apps/a: {hosts: [a.com], location: MESH_INTERNAL, resolution: DYNAMIC_DNS,
			  ports: [{number: 80, name: a}]}`, "waypoint apps", "apps/a 80=a"},
		{"none for an alias", waypoint + `
			Service apps/web: {externalName: a.com, ports: [{port: 80, name: a}]}`, "waypoint apps", "apps/web 80=a"},
		{"what the alias's entry is labelled for, with the alias's ports", waypoint + `
			ServiceEntry apps/a: {hosts: [web.apps.svc.cluster.local], ports: [{number: 81, name: b}]}
			Service apps/web: {externalName: a.com, ports: [{port: 80, name: a}]}`, "waypoint apps", "apps/web 80=a, served"},
		{"nobody", waypoint, "waypoint apps", "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, client, host := snapshot(t, c.mesh), parseClient(c.client), "a.com"
			if strings.Contains(c.mesh, "Service apps/web") {
				host = "web.apps.svc.cluster.local"
			}
			have, ok := s.serviceFor(client, host)
			line := serviceLine(have, ok)
			if have.atWaypoint {
				line += ", served"
			}
			equal(t, "service", line, c.want)
			equal(t, "served", s.WaypointServes(client, host), strings.HasSuffix(c.want, "served"))
		})
	}
}

// The service that pods of an ambient namespace "apps" have for a host: ztunnel knows no exportTo.
func TestAmbientService(t *testing.T) {
	const web = "web.shop.svc.cluster.local"
	for _, c := range []struct{ name, host, mesh, want string }{
		{"none", "a.com", ``, ""},
		{"the oldest", "a.com", `
			ServiceEntry other/b @2: {hosts: [a.com]}
			ServiceEntry egress/a @1: {hosts: [a.com], exportTo: [.]}`, "ServiceEntry egress/a"},
		{"that of their own namespace", "a.com", `
			ServiceEntry egress/a @1: {hosts: [a.com]}
			ServiceEntry apps/a @2: {hosts: [a.com], exportTo: ["~"]}`, "ServiceEntry apps/a"},
		{"the oldest there", "a.com", `
			ServiceEntry egress/a @1: {hosts: [a.com]}
			ServiceEntry apps/a @3: {hosts: [a.com]}
			ServiceEntry apps/b @2: {hosts: [a.com]}`, "ServiceEntry apps/b"},
		{"a Kubernetes Service", web, `
			ServiceEntry egress/a @1: {hosts: [` + web + `]}
			Service shop/web @2: {ports: [{port: 80, name: a}]}`, "Service shop/web"},
		{"but one of their own namespace", web, `
			Service shop/web @1: {ports: [{port: 80, name: a}]}
			ServiceEntry apps/a @2: {hosts: [` + web + `]}`, "ServiceEntry apps/a"},
		{"not one of type ExternalName", web, `
			ServiceEntry egress/a @2: {hosts: [` + web + `]}
			Service shop/web @1: {externalName: a.com, ports: [{port: 80, name: a}]}`, "ServiceEntry egress/a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			have := ""
			if svc := snapshot(t, c.mesh).ambientService("apps", c.host); svc != nil {
				have = svc.ref.String()
			}
			equal(t, "service", have, c.want)
		})
	}
}

// The proxy before a pod of namespace "apps" on its way to a.com.
func TestClientOf(t *testing.T) {
	const ambient = `
			Namespace apps: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}`
	const waypoint = `
			Namespace egress: {metadata: {labels: {istio.io/use-waypoint: w}}}
			KubernetesGateway egress/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}`
	for _, c := range []struct{ name, mesh, want string }{
		{"a sidecar", `
			Namespace apps: {}` + waypoint + `
			ServiceEntry egress/a: {hosts: [a.com]}`, "sidecar apps app=curl"},
		{"of another data plane mode", `
			Namespace apps: {metadata: {labels: {istio.io/dataplane-mode: none}}}`, "sidecar apps app=curl"},
		{"a ztunnel", ambient + `
			ServiceEntry egress/a: {hosts: [a.com]}`, "ztunnel apps"},
		{"a ztunnel, to an unknown host", ambient, "ztunnel apps"},
		{"the waypoint of the service", ambient + waypoint + `
			ServiceEntry egress/a: {hosts: [a.com], resolution: DNS}`, "waypoint egress"},
		{"whatever its exportTo", ambient + waypoint + `
			ServiceEntry egress/a: {hosts: [a.com], exportTo: [.], resolution: DNS}`, "waypoint egress"},
		{"by an address of its own", ambient + waypoint + `
			ServiceEntry egress/a: {hosts: [a.com], addresses: [240.1.1.1]}`, "waypoint egress"},
		{"not without an address, with resolution NONE", ambient + waypoint + `
			ServiceEntry egress/a: {hosts: [a.com]}`, "ztunnel apps"},
		{"nor by the label", ambient + waypoint + `
			ServiceEntry egress/a: {metadata: {labels: {networking.istio.io/enable-autoallocate-ip: "False"}}, hosts: [a.com], resolution: DNS}`, "ztunnel apps"},
		{"not before a service of the pod's own namespace", ambient + waypoint + `
			ServiceEntry egress/a @1: {hosts: [a.com]}
			ServiceEntry apps/a @2: {hosts: [a.com], exportTo: [.]}`, "ztunnel apps"},
		{"that of the oldest service", ambient + waypoint + `
			ServiceEntry egress/a @2: {hosts: [a.com]}
			ServiceEntry other/a @1: {hosts: [a.com]}`, "ztunnel apps"},
		{"not one that does not serve it", ambient + waypoint + `
			ServiceEntry egress/a: {hosts: [a.com], location: MESH_INTERNAL, resolution: DYNAMIC_DNS}`, "ztunnel apps"},
	} {
		t.Run(c.name, func(t *testing.T) {
			have := snapshot(t, c.mesh).ClientOf("apps", map[string]string{"app": "curl"}, "a.com")
			equal(t, "client", have, c.want)
		})
	}
	s := snapshot(t, ambient)
	equal(t, "ambient", s.isAmbient("apps"), true)
	equal(t, "not any more", s.Without(Ref{Kind: KindNamespace, Name: "apps"}).isAmbient("apps"), false)
}

// A host has the waypoints of all its services, each once.
func TestWaypointClients(t *testing.T) {
	s := snapshot(t, `
		Namespace b: {metadata: {labels: {istio.io/use-waypoint: w}}}
		Namespace a: {metadata: {labels: {istio.io/use-waypoint: w}}}
		KubernetesGateway a/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
		KubernetesGateway b/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
		ServiceEntry b/a @1: {hosts: [a.com]}
		ServiceEntry a/b @2: {hosts: [a.com]}
		ServiceEntry a/c @3: {hosts: [a.com]}
		ServiceEntry other/a @4: {hosts: [a.com]}
		ServiceEntry b/hidden: {hosts: [b.com], location: MESH_INTERNAL, resolution: DYNAMIC_DNS}`)
	equal(t, "waypoints", s.waypointClients("a.com"), "[waypoint a waypoint b]")
	equal(t, "of a host that they do not serve", s.waypointClients("b.com"), "[]")
}

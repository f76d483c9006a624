package mesh

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// serviceLine returns the object that a service comes from, and its ports as the client knows them.
func serviceLine(v scopedService, ok bool) string {
	if !ok {
		return "unknown"
	}
	line := fmt.Sprintf("%s/%s", v.namespace, v.ref.Name)
	for _, p := range v.ports {
		line += fmt.Sprintf(" %d=%s", p.number, p.name)
	}
	return line
}

// What the registry has of a ServiceEntry: a service for each of its hosts.
func TestServicesOfServiceEntry(t *testing.T) {
	o := objects(t, `
		ServiceEntry egress/a @1: {metadata: {labels: {team: x}}, hosts: [a.com, "*.b.com", a.com], exportTo: [.], location: MESH_INTERNAL,
		  workloadSelector: {labels: {app: a}}, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080},
		  {number: 443, name: tls, protocol: TLS}]}`)[0]
	services := DefaultSettings().servicesOf(o)
	var hosts []string
	for _, svc := range services {
		hosts = append(hosts, svc.host)
	}
	equal(t, "a host that is there twice is one service", hosts, "[a.com *.b.com]")
	svc := services[1]
	equal(t, "service", []any{svc.ref, svc.namespace, svc.created.Unix(), svc.exportTo, svc.labels, svc.selector},
		"[ServiceEntry egress/a egress 1 [.] map[team:x] map[app:a]]")
	equal(t, "is a Kubernetes Service, external, headless, an alias", []bool{svc.kubernetes, svc.meshExternal, svc.headless, svc.alias}, "[false false false false]")
	equal(t, "entry", svc.entry == o.Spec, true)
	var ports []string
	for _, p := range svc.ports {
		ports = append(ports, fmt.Sprint(p.number, p.name, p.protocol, p.targetPort, p.owner == svc))
	}
	equal(t, "ports", ports, "[80httpHTTP8080 true 443tlsTLS0 true]")
	external := DefaultSettings().servicesOf(objects(t, "{ServiceEntry egress/a: {hosts: [a.com]}}")[0])[0]
	equal(t, "location is external where nothing is said", external.meshExternal, true)
}

func TestServiceOfKubernetesService(t *testing.T) {
	for _, c := range []struct{ name, spec, want string }{
		{"of the cluster", "{selector: {app: web}, ports: [{port: 80, name: https-web}]}", "map[app:web] 80=https"},
		{"headless", "{clusterIP: None}", "map[] headless"},
		{"ExternalName is another name, outside", "{externalName: a.com, ports: [{port: 80}]}", "map[] 80= external alias of a.com"},
		{"a headless one with a name is no alias", "{externalName: a.com, clusterIP: None}", "map[] external headless of a.com"},
		{"exported to namespaces", `{metadata: {annotations: {networking.istio.io/exportTo: "a, b"}}}`, "map[] to a,b"},
		{"an empty exportTo is unset", `{metadata: {annotations: {networking.istio.io/exportTo: ""}}}`, "map[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := objects(t, "{Service egress/web: "+c.spec+"}")[0]
			o.Labels = map[string]string{"team": "x"}
			svc := Settings{ClusterDomain: "example.local"}.servicesOf(o)[0]
			have := fmt.Sprint(svc.selector)
			for _, p := range svc.ports {
				have += fmt.Sprintf(" %d=%s", p.number, p.protocol)
				equal(t, "owner", p.owner == svc, true)
			}
			for word, there := range map[string]bool{" external": svc.meshExternal, " headless": svc.headless, " alias": svc.alias} {
				equal(t, word, there, strings.Contains(c.want, word))
				if there {
					have += word
				}
			}
			if svc.externalName != "" {
				have += " of " + svc.externalName
			}
			if len(svc.exportTo) > 0 {
				have += " to " + strings.Join(svc.exportTo, ",")
			}
			equal(t, "host", svc.host, "web.egress.svc.example.local")
			equal(t, "of Kubernetes", svc.kubernetes && svc.namespace == "egress" && svc.ref == o.Ref, true)
			equal(t, "labels", svc.labels, o.Labels)
			sorted := func(line string) []string { return slices.Sorted(strings.FieldsSeq(line)) }
			equal(t, "service", sorted(have), sorted(c.want))
		})
	}
}

func TestServicesOfOtherKinds(t *testing.T) {
	equal(t, "a rule", DefaultSettings().servicesOf(objects(t, "{DestinationRule own/a: {host: a.com}}")[0]), "[]")
}

// Services are in the order of their age, then of what they are called; one that is not stored yet is the newest.
func TestOlderService(t *testing.T) {
	s := snapshot(t, `
		ServiceEntry b/a @1: {hosts: [web.ns.svc.cluster.local]}
		ServiceEntry a/b @2: {hosts: [web.ns.svc.cluster.local]}
		ServiceEntry b/c @2: {hosts: [web.ns.svc.cluster.local]}
		ServiceEntry ns/a @2: {hosts: [web.ns.svc.cluster.local]}
		ServiceEntry ns/d @2: {hosts: [web.ns.svc.cluster.local]}
		Service ns/web @2: {}
		ServiceEntry a/a: {hosts: [web.ns.svc.cluster.local]}`)
	var order []string
	for _, svc := range s.services.At("web.ns.svc.cluster.local") {
		order = append(order, svc.ref.String())
	}
	equal(t, "order", strings.Join(order, ", "), "ServiceEntry b/a, ServiceEntry a/b, ServiceEntry b/c, Service ns/web, "+
		"ServiceEntry ns/a, ServiceEntry ns/d, ServiceEntry a/a")
}

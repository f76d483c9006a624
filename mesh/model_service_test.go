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
		  workloadSelector: {labels: {app: a}}, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}, {number: 443, name: tls, protocol: TLS}]}`)[0]
	services := DefaultSettings().servicesOf(o)
	var hosts []string
	for _, svc := range services {
		hosts = append(hosts, svc.host)
	}
	equal(t, "a host that is there twice is one service", hosts, "[a.com *.b.com]")
	svc := services[1]
	equal(t, "service", []any{svc.ref, svc.namespace, svc.created.Unix(), svc.exportTo, svc.labels, svc.selector},
		"[ServiceEntry egress/a egress 1 [.] map[team:x] map[app:a]]")
	equal(t, "is a Kubernetes Service, external, headless, an alias", []bool{svc.kubernetes, svc.external, svc.headless, svc.alias}, "[false false false false]")
	equal(t, "entry", svc.entry == o.Spec, true)
	var ports []string
	for _, p := range svc.ports {
		ports = append(ports, fmt.Sprint(p.number, p.name, p.protocol, p.targetPort, p.owner == svc))
	}
	equal(t, "ports", ports, "[80httpHTTP8080 true 443tlsTLS0 true]")
	external := DefaultSettings().servicesOf(objects(t, "{ServiceEntry egress/a: {hosts: [a.com]}}")[0])[0]
	equal(t, "location is external where nothing is said", external.external, true)
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
			for word, there := range map[string]bool{" external": svc.external, " headless": svc.headless, " alias": svc.alias} {
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

// What is known of hosts: all below a domain, whatever their case, and whether they lie outside.
func TestHostsAndPorts(t *testing.T) {
	s := snapshot(t, `
		ServiceEntry egress/a: {hosts: [a.example.com, "*.b.example.com", example.com], ports: [{number: 443}, {number: 80}]}
		ServiceEntry egress/b: {hosts: [A.other.com, a.example.com], location: MESH_INTERNAL, ports: [{number: 80}, {number: 81}]}
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
	known, _ := s.hostsByLowerCase.Get("a.other.com")
	equal(t, "in lower case", known, "A.other.com")

	s = s.Without(Ref{KindServiceEntry, "egress", "a"})
	equal(t, "a host that is still declared", s.Hosts("*.example.com"), "[a.example.com]")
	equal(t, "ports of what is left", s.Ports("a.example.com"), "[80 81]")
	s = s.Without(Ref{KindServiceEntry, "egress", "b"})
	equal(t, "nothing is left", append(s.Hosts("*.com"), s.Hosts("a.example.com")...), "[]")
	_, ok := s.hostsByLowerCase.Get("a.other.com")
	equal(t, "nor in lower case", ok, false)
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

func TestResolution(t *testing.T) {
	for _, c := range []struct{ name, object, want string }{
		{"NONE, also where nothing is said", "ServiceEntry egress/a: {hosts: [a.com]}", "original destination"},
		{"STATIC", "ServiceEntry egress/a: {hosts: [a.com], resolution: STATIC}", ""},
		{"DNS", "ServiceEntry egress/a: {hosts: [a.com], resolution: DNS}", ""},
		{"DNS_ROUND_ROBIN", "ServiceEntry egress/a: {hosts: [a.com], resolution: DNS_ROUND_ROBIN}", "one endpoint"},
		{"DYNAMIC_DNS of a wildcard", `ServiceEntry egress/a: {hosts: ["*.a.com"], resolution: DYNAMIC_DNS}`, "dynamic, forward proxy"},
		{"DYNAMIC_DNS of an exact host", "ServiceEntry egress/a: {hosts: [a.com], resolution: DYNAMIC_DNS}", "dynamic, at its waypoint a forward proxy"},
		{"NONE of a wildcard", `ServiceEntry egress/a: {hosts: ["*.a.com"]}`, "original destination"},
		{"a Service", "Service egress/a: {}", ""},
		{"a headless Service", "Service egress/a: {clusterIP: None}", "original destination"},
	} {
		svc := DefaultSettings().servicesOf(objects(t, "{"+c.object+"}")[0])[0]
		var have []string
		add := func(word string, is bool) {
			if is {
				have = append(have, word)
			}
		}
		add("original destination", svc.isOriginalDst())
		add("one endpoint", svc.isDNSRoundRobin())
		add("dynamic", svc.isDynamicDNS())
		add("forward proxy", svc.usesDynamicForwardProxy())
		add("at its waypoint a forward proxy", !svc.usesDynamicForwardProxy() && scopedService{service: svc, atWaypoint: true}.usesDynamicForwardProxy())
		equal(t, c.name, strings.Join(have, ", "), c.want)
		equal(t, c.name+" elsewhere", scopedService{service: svc}.usesDynamicForwardProxy(), svc.usesDynamicForwardProxy())
	}
}

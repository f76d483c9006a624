package mesh

import "testing"

// Several services of one host, as sidecars and gateways of namespace "own" know them.
func TestServicesOfOneHost(t *testing.T) {
	const host = "web.egress.svc.cluster.local"
	const first = `
			ServiceEntry egress/a @1: {hosts: [web.egress.svc.cluster.local], ports: [{number: 80, name: a}]}`
	for _, c := range []struct{ name, services, sidecar, gateway string }{
		{"none", ``, "unknown", "unknown"},
		{"one", first, "egress/a 80=a", "egress/a 80=a"},
		{"a Kubernetes Service takes the place of an older ServiceEntry", first + `
			Service egress/web @2: {ports: [{port: 80, name: web}]}`, "egress/web 80=web", "egress/web 80=web"},
		{"and of the older ones that stand together", first + `
			ServiceEntry egress/b @2: {hosts: [web.egress.svc.cluster.local], ports: [{number: 81, name: b}]}
			Service egress/web @3: {ports: [{port: 80, name: web}]}`, "egress/web 80=web", "egress/web 80=web"},
		{"a younger ServiceEntry does not take its place", `
			Service egress/web @1: {ports: [{port: 80, name: web}]}
			ServiceEntry egress/a @2: {hosts: [web.egress.svc.cluster.local], ports: [{number: 81, name: a}]}`,
			"egress/web 80=web", "egress/web 80=web"},

		{"ports of one namespace add up; of one number the oldest stands", first + `
			ServiceEntry egress/b @2: {hosts: [web.egress.svc.cluster.local], ports: [{number: 80, name: b}, {number: 81, name: b}]}`,
			"egress/a 80=a 81=b", "egress/a 80=a 81=b"},
		{"not those of another namespace: the oldest wins", first + `
			ServiceEntry other/b @2: {hosts: [web.egress.svc.cluster.local], ports: [{number: 81, name: b}]}`,
			"egress/a 80=a", "egress/a 80=a"},
		{"nor with another resolution", first + `
			ServiceEntry egress/b @2: {hosts: [web.egress.svc.cluster.local], resolution: DNS, ports: [{number: 81, name: b}]}`,
			"egress/a 80=a", "egress/a 80=a"},
		{"nor with other labels", first + `
			ServiceEntry egress/b @2: {metadata: {labels: {app: web}}, hosts: [web.egress.svc.cluster.local], ports: [{number: 81, name: b}]}`,
			"egress/a 80=a", "egress/a 80=a"},
		{"nor with another workloadSelector", first + `
			ServiceEntry egress/b @2: {hosts: [web.egress.svc.cluster.local], workloadSelector: {labels: {app: web}}, ports: [{number: 81, name: b}]}`,
			"egress/a 80=a", "egress/a 80=a"},
		{"nor with another exportTo", first + `
			ServiceEntry egress/b @2: {hosts: [web.egress.svc.cluster.local], exportTo: ["*"], ports: [{number: 81, name: b}]}`,
			"egress/a 80=a", "egress/a 80=a"},

		{"what is not exported is not known", `
			ServiceEntry egress/a: {hosts: [web.egress.svc.cluster.local], exportTo: [.], ports: [{number: 80, name: a}]}`,
			"unknown", "unknown"},
		{"and takes no place", `
			ServiceEntry egress/a @1: {hosts: [web.egress.svc.cluster.local], exportTo: [.], ports: [{number: 80, name: a}]}
			ServiceEntry other/b @2: {hosts: [web.egress.svc.cluster.local], ports: [{number: 80, name: b}]}`,
			"other/b 80=b", "other/b 80=b"},
		{"what is exported by name goes before what is public", first + `
			ServiceEntry other/b @2: {hosts: [web.egress.svc.cluster.local], exportTo: [own], ports: [{number: 80, name: b}]}`,
			"other/b 80=b", "other/b 80=b"},
		{"of the client's own namespace, to a sidecar, whatever its age", first + `
			ServiceEntry own/b @2: {hosts: [web.egress.svc.cluster.local], ports: [{number: 80, name: b}]}`,
			"own/b 80=b", "egress/a 80=a"},
		{"even before a Kubernetes Service", `
			Service egress/web @1: {ports: [{port: 80, name: web}]}
			ServiceEntry own/b @2: {hosts: [web.egress.svc.cluster.local], ports: [{number: 80, name: b}]}`,
			"own/b 80=b", "egress/web 80=web"},
		{"that is not taken over by one", `
			ServiceEntry own/b @1: {hosts: [web.egress.svc.cluster.local], ports: [{number: 80, name: b}]}
			Service egress/web @2: {ports: [{port: 80, name: web}]}`,
			"own/b 80=b", "egress/web 80=web"},
		{"of two other namespaces the Kubernetes Service", `
			ServiceEntry other/b @1: {hosts: [web.egress.svc.cluster.local], ports: [{number: 80, name: b}]}
			Service egress/web @2: {ports: [{port: 80, name: web}]}`,
			"egress/web 80=web", "egress/web 80=web"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.services)
			equal(t, "sidecar", serviceLine(s.serviceFor(parseClient("sidecar own"), host)), c.sidecar)
			equal(t, "gateway", serviceLine(s.serviceFor(parseClient("gateway own"), host)), c.gateway)
		})
	}
}

// Of the services of one host each namespace has one that stands for it, and a client has the best of those that it sees.
func TestServicePerNamespace(t *testing.T) {
	const host = "web.c.svc.cluster.local"
	s := snapshot(t, `
		ServiceEntry a/new @5: {hosts: [web.c.svc.cluster.local]}
		ServiceEntry a/old @2: {hosts: [web.c.svc.cluster.local]}
		ServiceEntry b/b @1: {hosts: [web.c.svc.cluster.local], exportTo: [.]}
		ServiceEntry c/entry @3: {hosts: [web.c.svc.cluster.local]}
		ServiceEntry d/d @6: {hosts: [web.c.svc.cluster.local]}
		Service c/web @7: {}`)
	var list []string
	for _, svc := range servicePerNamespace(s.services.At(host)) {
		list = append(list, svc.ref.Namespace+"/"+svc.ref.Name)
	}
	equal(t, "the oldest of each, or its Kubernetes Service, by age", list, "[b/b a/old d/d c/web]")
	equal(t, "of namespace a", s.serviceInNamespace(host, "a").ref, "ServiceEntry a/old")
	equal(t, "of a namespace without any", s.serviceInNamespace(host, "x") == nil, true)
	for namespace, want := range map[string]string{
		"a": "ServiceEntry a/old", "b": "ServiceEntry b/b", "d": "ServiceEntry d/d", "x": "Service c/web",
	} {
		equal(t, "best for namespace "+namespace, pickBestVisibleService(servicePerNamespace(s.services.At(host)), namespace).ref, want)
	}
	oldest := snapshot(t, `{ServiceEntry a/a @2: {hosts: [a.com]}, ServiceEntry b/b @1: {hosts: [a.com]}, ServiceEntry c/c @0: {hosts: [a.com], exportTo: [.]}}`)
	equal(t, "the oldest visible one", pickBestVisibleService(servicePerNamespace(oldest.services.At("a.com")), "x").ref, "ServiceEntry b/b")
	equal(t, "none", pickBestVisibleService(nil, "x") == nil, true)
}

// A port whose services declare other families may get anything.
func TestProtocolConflicts(t *testing.T) {
	const host = "a.com"
	for _, c := range []struct {
		name, first, second string
		want                Family
	}{
		{"the same protocol", "HTTP", "HTTP", FamilyHTTP},
		{"protocols of one family", "HTTP", "GRPC", FamilyHTTP},
		{"other families", "HTTP", "TLS", FamilyUnspecified},
		{"UDP is beside it", "HTTP", "UDP", FamilyHTTP},
		{"UDP stays UDP", "UDP", "HTTP", FamilyUDP},
	} {
		s := snapshot(t, `
			ServiceEntry egress/a @1: {hosts: [a.com], ports: [{number: 80, protocol: `+c.first+`}, {number: 81, protocol: HTTP}]}
			ServiceEntry egress/b @2: {hosts: [a.com], ports: [{number: 80, protocol: `+c.second+`}]}`)
		svc, _ := s.serviceFor(parseClient("sidecar own"), host)
		p, _ := svc.port(80)
		equal(t, c.name, p.family(), c.want)
		other, _ := svc.port(81)
		equal(t, c.name+": a port of one service", other.family(), FamilyHTTP)
		declared := s.services.At(host)[0].ports[0]
		equal(t, c.name+": the service itself", declared.protocolConflict, false)
	}
}

// What a client knows of a service.
func TestScopedService(t *testing.T) {
	s := snapshot(t, `
		ServiceEntry egress/a @1: {hosts: [a.com], ports: [{number: 80}]}
		ServiceEntry egress/b @2: {hosts: [a.com], ports: [{number: 81}]}`)
	svc, _ := s.serviceFor(parseClient("sidecar own"), "a.com")
	a, b := Ref{KindServiceEntry, "egress", "a"}, Ref{KindServiceEntry, "egress", "b"}
	for _, c := range []struct {
		name string
		have bool
		want bool
	}{
		{"a port", svc.hasPort(81), true},
		{"another port", svc.hasPort(82), false},
		{"a port of no service", scopedService{}.hasPort(0), false},
		{"the service declares its port", svc.declares(80, a), true},
		{"and all of its ports", svc.declares(81, a), true},
		{"a port that was merged in has its own object", svc.declares(81, b), true},
		{"which declares no other", svc.declares(80, b), false},
		{"nor one that is not there", svc.declares(82, b), false},
		{"its entry", svc.serviceEntry() == s.Get(a).Spec, true},
		{"no service has none", scopedService{}.serviceEntry() == nil, true},
	} {
		equal(t, c.name, c.have, c.want)
	}
}

package mesh

import "testing"

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
		equal(t, "best for namespace "+namespace, Flags{}.pickVisibleService(servicePerNamespace(s.services.At(host)), namespace).ref, want)
	}
	oldest := snapshot(t, `{ServiceEntry a/a @2: {hosts: [a.com]}, ServiceEntry b/b @1: {hosts: [a.com]},
	  ServiceEntry c/c @0: {hosts: [a.com], exportTo: [.]}}`)
	equal(t, "the oldest visible one", Flags{}.pickVisibleService(servicePerNamespace(oldest.services.At("a.com")), "x").ref, "ServiceEntry b/b")
	equal(t, "none", Flags{}.pickVisibleService(nil, "x") == nil, true)
}

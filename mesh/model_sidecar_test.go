package mesh

import "testing"

// Which Sidecar configures a client.
func TestSidecarFor(t *testing.T) {
	for _, c := range []struct{ name, sidecars, client, want string }{
		{"none", ``, "sidecar own", "none"},
		{"of the client's namespace", `
			Sidecar own/a: {}
			Sidecar istio-system/root: {}`, "sidecar own", "a"},
		{"one that selects its pods, whatever its age", `
			Sidecar own/a @1: {}
			Sidecar own/b @2: {workloadSelector: {labels: {app: web}}}`, "sidecar own app=web", "b"},
		{"also where that is the older one", `
			Sidecar own/a @2: {}
			Sidecar own/b @1: {workloadSelector: {labels: {app: web}}}`, "sidecar own app=web", "b"},
		{"one that selects other pods is none", `
			Sidecar own/a: {}
			Sidecar own/b: {workloadSelector: {labels: {app: web}}}`, "sidecar own app=curl", "a"},
		{"of those that select it the oldest", `
			Sidecar own/a @2: {workloadSelector: {labels: {app: web}}}
			Sidecar own/b @1: {workloadSelector: {labels: {version: v1}}}`, "sidecar own app=web version=v1", "b"},
		{"of those without a selector the oldest", `
			Sidecar own/a @2: {}
			Sidecar own/b @1: {}`, "sidecar own", "b"},
		{"created in one second: the first by name", `
			Sidecar own/a @1: {}
			Sidecar own/b @1: {}`, "sidecar own", "a"},
		{"the root namespace's is for all who have none", `
			Sidecar other/a: {}
			Sidecar istio-system/root: {}`, "sidecar own", "root"},
		{"it selects nobody in other namespaces", `
			Sidecar istio-system/root: {workloadSelector: {labels: {app: web}}}`, "sidecar own app=web", "none"},
		{"not even with a selector that selects all", `
			Sidecar istio-system/root: {workloadSelector: {}}`, "sidecar own app=web", "none"},
		{"one in the client's namespace does", `
			Sidecar own/a @2: {workloadSelector: {}}
			Sidecar own/b @1: {}`, "sidecar own", "a"},
		{"in its own namespace it does", `
			Sidecar istio-system/root: {workloadSelector: {labels: {app: web}}}`, "sidecar istio-system app=web", "root"},
		{"and not the pods that it does not select", `
			Sidecar istio-system/root: {workloadSelector: {labels: {app: web}}}`, "sidecar istio-system app=curl", "none"},
		{"a gateway has none", `
			Sidecar own/a: {}`, "gateway own", "none"},
		{"nor has a waypoint", `
			Sidecar own/a: {}`, "waypoint own", "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			have := "none"
			if o := snapshot(t, c.sidecars).sidecarFor(parseClient(c.client)); o != nil {
				have = o.Name
			}
			equal(t, c.client, have, c.want)
		})
	}
}

// A client listens for what its listeners import, and not for what it knows by a route alone.
func TestIsImported(t *testing.T) {
	s := snapshot(t, `
		ServiceEntry egress/a: {hosts: [a.com]}
		ServiceEntry egress/private: {hosts: [private.com], exportTo: [.]}
		Sidecar own/default: {egress: [{hosts: ["other/*"]}, {hosts: ["egress/b.com"]}]}
		Sidecar web/default: {egress: [{hosts: ["other/*"]}, {hosts: ["egress/*"]}]}`)
	for _, c := range []struct {
		client, host string
		want         bool
		byFirst      bool
	}{
		{"sidecar own", "a.com", false, false},
		{"sidecar web", "a.com", true, false},
		{"sidecar web", "private.com", false, false},
		{"sidecar third", "a.com", true, true},
		{"gateway own", "a.com", true, true},
		{"gateway own", "private.com", false, false},
		{"gateway egress", "private.com", true, true},
	} {
		client, svc := parseClient(c.client), scopedService{service: s.services.At(c.host)[0]}
		equal(t, c.client+" imports "+c.host, s.isImported(client, svc), c.want)
		equal(t, c.client+" imports "+c.host+" by its first listener", s.egressListeners(client)[0].importsService(client, svc), c.byFirst)
	}
}

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

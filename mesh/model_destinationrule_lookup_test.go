package mesh

import (
	"strings"
	"testing"
)

// Which rule a client has for host a.example.com of namespace "egress": the lookup stops at the first namespace with a
// match, and in it the most specific host goes before all others.
func TestLookupRules(t *testing.T) {
	for _, c := range []struct{ name, rules, client, want string }{
		{"the client's own namespace first", `
			DestinationRule own/own: {host: a.example.com}
			DestinationRule egress/service: {host: a.example.com}
			DestinationRule istio-system/root: {host: a.example.com}`, "sidecar own", "own"},
		{"then the service's", `
			DestinationRule egress/service: {host: a.example.com}
			DestinationRule istio-system/root: {host: a.example.com}`, "sidecar own", "service"},
		{"then the root namespace", `
			DestinationRule istio-system/root: {host: a.example.com}`, "sidecar own", "root"},
		{"never any other", `
			DestinationRule other/other: {host: a.example.com}`, "sidecar own", "none"},
		{"another host", `
			DestinationRule own/own: {host: b.example.com}`, "sidecar own", "none"},
		{"case counts", `
			DestinationRule own/own: {host: A.example.com}`, "sidecar own", "none"},
		{"in one namespace an exact host goes before a wildcard", `
			DestinationRule own/wide @1: {host: "*.example.com"}
			DestinationRule own/exact @2: {host: a.example.com}`, "sidecar own", "exact"},
		{"and the longest wildcard before others", `
			DestinationRule own/wide @1: {host: "*.com"}
			DestinationRule own/long @2: {host: "*.example.com"}
			DestinationRule own/all @3: {host: "*"}`, "sidecar own", "long"},
		{"a wildcard of an earlier namespace goes before an exact host of a later one", `
			DestinationRule own/wide: {host: "*"}
			DestinationRule egress/exact: {host: a.example.com}`, "sidecar own", "wide"},

		{"exportTo counts only after the most specific host is picked", `
			DestinationRule egress/exact: {host: a.example.com, exportTo: [other]}
			DestinationRule egress/wide: {host: "*.example.com"}`, "sidecar own", "none"},
		{"but the lookup goes on to the root namespace", `
			DestinationRule egress/exact: {host: a.example.com, exportTo: [other]}
			DestinationRule egress/wide: {host: "*.example.com"}
			DestinationRule istio-system/root: {host: "*.com"}`, "sidecar own", "root"},
		{"one that is exported to nobody else is not even picked", `
			DestinationRule egress/exact: {host: a.example.com, exportTo: [.]}
			DestinationRule egress/wide: {host: "*.example.com"}`, "sidecar own", "wide"},
		{"in the client's own namespace one for others is not picked", `
			DestinationRule own/exact: {host: a.example.com, exportTo: [other]}
			DestinationRule own/wide: {host: "*.example.com"}`, "sidecar own", "wide"},
		{"clients of the service's namespace see its private rules", `
			DestinationRule egress/exact: {host: a.example.com, exportTo: [.]}`, "sidecar egress", "exact"},
		{"private rules of the root namespace are not for others", `
			DestinationRule istio-system/root: {host: a.example.com, exportTo: [.]}`, "sidecar own", "none"},

		{"a client in the root namespace sees its private rules first", `
			DestinationRule istio-system/private: {host: "*.com", exportTo: [.]}
			DestinationRule egress/service: {host: a.example.com}`, "sidecar istio-system", "private"},
		{"its exported ones last, as everybody", `
			DestinationRule istio-system/root: {host: a.example.com}
			DestinationRule egress/service: {host: "*.com"}`, "sidecar istio-system", "service"},
		{"by its own name, too", `
			DestinationRule istio-system/private: {host: a.example.com, exportTo: [istio-system]}
			DestinationRule egress/service: {host: a.example.com}`, "sidecar istio-system", "private"},

		{"a rule that selects other pods of the client's namespace ends the lookup", `
			DestinationRule own/sel: {host: a.example.com, workloadSelector: {matchLabels: {app: web}}}
			DestinationRule egress/service: {host: a.example.com}`, "sidecar own", "none"},
		{"an exported rule does not, though it selects", `
			DestinationRule egress/sel: {host: a.example.com, workloadSelector: {matchLabels: {app: web}}}
			DestinationRule istio-system/root: {host: a.example.com}`, "sidecar own app=web", "root"},
		{"a gateway's pods are selected as others", `
			DestinationRule own/sel: {host: a.example.com, workloadSelector: {matchLabels: {app: web}}}
			DestinationRule own/all: {host: a.example.com}`, "gateway own app=web", "sel"},
		{"a waypoint is never selected", `
			DestinationRule own/sel: {host: a.example.com, workloadSelector: {matchLabels: {app: web}}}
			DestinationRule own/all: {host: a.example.com}`, "waypoint own app=web", "all"},
		{"nor does a rule that selects all stand for it", `
			DestinationRule own/sel: {host: a.example.com, workloadSelector: {}}`, "waypoint own", "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := parseClient(c.client)
			l := snapshot(t, c.rules).lookupRules(client.Namespace, "a.example.com", "egress")
			equal(t, c.client, ruleLine(l.ruleFor(client)), c.want)
		})
	}
}

// Where a lookup ended, and where it passed rules that are exported to others.
func TestLookupPath(t *testing.T) {
	for _, c := range []struct{ name, rules, client, ended, passed string }{
		{"nothing found", ``, "sidecar own", "", ""},
		{"in the client's own namespace", `
			DestinationRule own/a: {host: a.com, workloadSelector: {matchLabels: {app: web}}}`, "sidecar own", "own", ""},
		{"in the service's namespace", `
			DestinationRule egress/a: {host: a.com}
			DestinationRule istio-system/a: {host: a.com, exportTo: [other]}`, "sidecar own", "egress", ""},
		{"past rules for others", `
			DestinationRule egress/a: {host: a.com, exportTo: [other]}
			DestinationRule istio-system/a: {host: a.com}`, "sidecar own", "istio-system", "egress"},
		{"past all of them", `
			DestinationRule egress/a: {host: a.com, exportTo: [other]}
			DestinationRule istio-system/a: {host: a.com, exportTo: [other]}`, "sidecar own", "", "egress istio-system"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := parseClient(c.client)
			l := snapshot(t, c.rules).lookupRules(client.Namespace, "a.com", "egress")
			ended, passed := "", ""
			if l.endedAt != nil {
				ended = l.endedAt.namespace
			}
			for _, set := range l.notExported {
				passed += " " + set.namespace
			}
			equal(t, "ended at", ended, c.ended)
			equal(t, "passed", strings.TrimSpace(passed), c.passed)
		})
	}
}

// The second namespace of a lookup is the service's: of several the one that the client knows the host by.
func TestRuleLookupNamespace(t *testing.T) {
	const ambient = `
			Namespace egress: {metadata: {labels: {istio.io/use-waypoint: waypoint}}}
			KubernetesGateway egress/waypoint: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
			ServiceEntry egress/a @2: {hosts: [a.com], ports: [{number: 80}]}`
	for _, c := range []struct{ name, mesh, client, want string }{
		{"the service's", `
			ServiceEntry egress/a: {hosts: [a.com], ports: [{number: 80}]}`, "sidecar own", "egress"},
		{"an entry that is private to the client's namespace moves it", `
			ServiceEntry egress/a @1: {hosts: [a.com], ports: [{number: 80}]}
			ServiceEntry own/a @2: {hosts: [a.com], exportTo: [.], ports: [{number: 80}]}`, "sidecar own", "own"},
		{"a waypoint's", ambient, "waypoint egress", "egress"},
		{"a waypoint that stands for one entry has it from the older one that its namespace sees", ambient + `
			ServiceEntry other/a @1: {hosts: [a.com], ports: [{number: 80}]}`, "waypoint egress", "other"},
		{"not from one that it does not see", ambient + `
			ServiceEntry other/a @1: {hosts: [a.com], exportTo: [.], ports: [{number: 80}]}`, "waypoint egress", "egress"},
		{"a waypoint that does not even see its own looks nowhere", `
			Namespace egress: {metadata: {labels: {istio.io/use-waypoint: waypoint}}}
			KubernetesGateway egress/waypoint: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
			ServiceEntry egress/a: {hosts: [a.com], exportTo: [other], ports: [{number: 80}]}`, "waypoint egress", "nowhere"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, client := snapshot(t, c.mesh, "DestinationRule istio-system/root: {host: a.com}"), parseClient(c.client)
			svc, ok := s.serviceFor(client, "a.com")
			if !ok {
				t.Fatal("the client does not know the host")
			}
			namespace, ok := s.ruleLookupNamespace(client, svc)
			if !ok {
				namespace = "nowhere"
			}
			equal(t, "namespace", namespace, c.want)
			lookup := s.destinationRules(client, svc)
			equal(t, "host not visible", lookup.hostNotVisible, !ok)
			equal(t, "found in the root namespace", lookup.contains(s.Get(Ref{KindDestinationRule, "istio-system", "root"})), ok)
			equal(t, "found what is not there", lookup.contains(&Object{}), false)
		})
	}
}

// Whether a client's lookup comes to a namespace, or would if that had rules for the host.
func TestLookupReaches(t *testing.T) {
	const entry = "ServiceEntry egress/a: {hosts: [a.com], ports: [{number: 80}]}\n"
	for _, c := range []struct{ name, mesh, client, reached string }{
		{"no rules", entry, "sidecar own", "own egress istio-system"},
		{"rules of the client's namespace end it", entry + `
			DestinationRule own/a: {host: a.com}`, "sidecar own", "own"},
		{"rules of the service's namespace end it", entry + `
			DestinationRule egress/a: {host: a.com}`, "sidecar own", "own egress"},
		{"rules of the root namespace come last", entry + `
			DestinationRule istio-system/a: {host: a.com}`, "sidecar own", "own egress istio-system"},
		{"the client's namespace is the service's", entry + `
			DestinationRule egress/a: {host: a.com}`, "sidecar egress", "egress"},
		{"private rules of the root namespace end a root client's", entry + `
			DestinationRule istio-system/a: {host: a.com, exportTo: [.]}`, "sidecar istio-system", "istio-system"},
		{"a waypoint that does not see the host has rules of its own namespace at most", `
			Namespace egress: {metadata: {labels: {istio.io/use-waypoint: waypoint}}}
			KubernetesGateway egress/waypoint: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
			ServiceEntry egress/a: {hosts: [a.com], exportTo: [other], ports: [{number: 80}]}`, "waypoint egress", "egress"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, client := snapshot(t, c.mesh), parseClient(c.client)
			svc, _ := s.serviceFor(client, "a.com")
			var reached []string
			for _, namespace := range []string{"own", "egress", "istio-system", "other"} {
				if s.lookupReaches(client, svc, namespace) {
					reached = append(reached, namespace)
				}
			}
			equal(t, "reached", strings.Join(reached, " "), c.reached)
		})
	}
}

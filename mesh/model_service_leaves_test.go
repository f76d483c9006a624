package mesh

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// What is sent to a ServiceEntry leaves the mesh by where its endpoints are.
func TestLeavesMesh(t *testing.T) {
	const workloads = `
		WorkloadEntry shop/outside: {address: 203.0.113.5, labels: {app: outside}}
		WorkloadEntry shop/inside: {address: 10.1.2.3, labels: {app: inside}}
		WorkloadEntry shop/pod: {address: "unix:///run/x", labels: {app: pod}}`
	for _, c := range []struct {
		entry              string
		external, internal bool // with location MESH_EXTERNAL and MESH_INTERNAL
	}{
		{"resolution: DNS", true, true},
		{"resolution: DNS_ROUND_ROBIN", true, true},
		{"resolution: NONE", true, true},
		{"resolution: NONE, addresses: [203.0.113.0/24]", true, true},
		{"resolution: NONE, addresses: [10.0.0.0/8]", true, false},
		{"resolution: NONE, workloadSelector: {labels: {app: inside}}", true, true},
		{"resolution: NONE, addresses: [10.0.0.0/8], workloadSelector: {labels: {app: outside}}", true, false},
		{"resolution: DNS, addresses: [10.0.0.0/8]", true, true}, // what the name resolves to counts
		{"resolution: NONE, addresses: [8.0.0.0/6]", true, true}, // wider than 10.0.0.0/8
		{"resolution: STATIC", true, false},
		{"resolution: STATIC, endpoints: [{address: 203.0.113.5}]", true, true},
		{"resolution: STATIC, endpoints: [{address: 10.1.2.3}]", true, false},
		{"resolution: STATIC, endpoints: [{address: 10.1.2.3}, {address: 203.0.113.5}]", true, true},
		{"resolution: STATIC, endpoints: [{address: 127.0.0.1}]", false, false},
		{`resolution: STATIC, endpoints: [{address: "::1"}]`, false, false},
		{`resolution: STATIC, endpoints: [{address: "fd00::5"}]`, true, false},
		{`resolution: STATIC, endpoints: [{address: "2001:db8::5"}]`, true, true},
		{`resolution: STATIC, endpoints: [{address: "unix:///run/authz"}]`, false, false},
		{"resolution: DNS, endpoints: [{address: web.shop.svc.cluster.local}]", false, false},
		{"resolution: DNS, endpoints: [{address: api.other.example}]", true, true},
		{"resolution: STATIC, workloadSelector: {labels: {app: outside}}", true, true},
		{"resolution: STATIC, workloadSelector: {labels: {app: inside}}", true, false},
		{"resolution: STATIC, workloadSelector: {labels: {app: pod}}", true, false},
		{"resolution: STATIC, workloadSelector: {labels: {app: none}}", true, false},
	} {
		for location, want := range map[string]bool{"MESH_EXTERNAL": c.external, "MESH_INTERNAL": c.internal} {
			s := snapshot(t, workloads, "ServiceEntry shop/a: {hosts: [a.example], location: "+location+", "+c.entry+", ports: [{number: 80, name: http}]}")
			equal(t, location+" "+c.entry, s.isExternal("a.example"), want)
			equal(t, location+" "+c.entry, s.LeavesMesh(Ref{KindServiceEntry, "shop", "a"}), want)
		}
	}
	named := snapshot(t, `
		ServiceEntry shop/in: {hosts: [a.shop.svc.cluster.local], location: MESH_INTERNAL, resolution: DNS, ports: [{number: 80, name: http}]}
		ServiceEntry shop/out: {hosts: [b.shop.svc.cluster.local], resolution: DNS, ports: [{number: 80, name: http}]}`)
	equal(t, "a name of the cluster", named.isExternal("a.shop.svc.cluster.local"), false)
	equal(t, "a name of the cluster for a server outside", named.isExternal("b.shop.svc.cluster.local"), true)
	equal(t, "no such entry", named.LeavesMesh(Ref{KindServiceEntry, "shop", "none"}), false)
}

// A Service of the cluster leads where the WorkloadEntries are that it selects, whether or not they take the mesh's mutual TLS.
func TestServiceLeavesMesh(t *testing.T) {
	for workload, want := range map[string]bool{
		"address: 203.0.113.5, labels: {app: web}":                                             true,
		"address: 203.0.113.5, labels: {app: web}, serviceAccount: web":                        true,
		"address: 203.0.113.5, labels: {app: web, security.istio.io/tlsMode: istio}":           true,
		"address: 203.0.113.5, labels: {app: other}":                                           false,
		"address: 10.1.2.3, labels: {app: web}":                                                false,
		"address: api.other.example, labels: {app: web}":                                       true, // see formerAddress
		"address: web.shop.svc.cluster.local, labels: {app: web}":                              false,
		"address: 203.0.113.5, metadata: {labels: {app: web}}, ports: {http: 8080}, weight: 1": true,
	} {
		s := snapshot(t, "Service shop/web: {selector: {app: web}, ports: [{port: 80, name: http}]}", "WorkloadEntry shop/vm: {"+workload+"}")
		equal(t, workload, s.isExternal("web.shop.svc.cluster.local"), want)
	}
	s := snapshot(t, "Service shop/web: {ports: [{port: 80, name: http}]}", "WorkloadEntry shop/vm: {address: 203.0.113.5, labels: {app: web}}")
	equal(t, "without a selector", s.isExternal("web.shop.svc.cluster.local"), false)
}

// Settings.InternalAddresses take the place of the default ones.
func TestInternalAddresses(t *testing.T) {
	settings := DefaultSettings()
	settings.InternalAddresses = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
	for address, want := range map[string]bool{"203.0.113.5": false, "10.1.2.3": true, "127.0.0.1": false, "203.0.113.0/23": true} {
		equal(t, address, settings.isOutside(address, false), want)
		equal(t, address+" of an external entry", settings.isOutside(address, true), address != "127.0.0.1")
	}
}

// Only what a control plane reads is in its mesh.
func TestRevisions(t *testing.T) {
	for _, c := range []struct {
		revision, labels string
		want             bool
	}{
		{"", "{}", true},
		{"", "{istio.io/rev: default}", true},
		{"", "{istio.io/rev: canary}", false},
		{"", `{istio.io/rev: ""}`, false},
		{"canary", "{istio.io/rev: canary}", true},
		{"canary", "{istio.io/rev: default}", false},
	} {
		settings := DefaultSettings()
		settings.Revision = c.revision
		s := New(settings, objects(t, "DestinationRule shop/a: {metadata: {labels: "+c.labels+"}, host: a.example}")...)
		equal(t, c.revision+" "+c.labels, s.Len() == 1, c.want)
		s = New(settings, objects(t, "Service shop/a: {metadata: {labels: "+c.labels+"}, ports: [{port: 80}]}\nNamespace a: {metadata: {labels: "+c.labels+"}}")...)
		equal(t, "Services and Namespaces, "+c.revision+" "+c.labels, s.Len(), 2)
	}
}

// What is terminating is there until it is gone.
func TestWithoutTerminating(t *testing.T) {
	s := snapshot(t, `
		Namespace shop: {metadata: {deletionTimestamp: "2026-01-01T00:00:00Z"}}
		DestinationRule shop/a: {metadata: {deletionTimestamp: "2026-01-01T00:00:00Z"}, host: a.example}
		DestinationRule shop/b: {host: b.example}`)
	equal(t, "with", s.Len(), 3)
	equal(t, "without: a Namespace's pods are still there", s.WithoutTerminating().Len(), 2)
	without := s.WithoutTerminating()
	equal(t, "nothing to take out", without.WithoutTerminating() == without, true)
	equal(t, "the namespace", s.IsTerminating("shop"), true)
	equal(t, "another", s.IsTerminating("till"), false)
	again := s.With(objects(t, "DestinationRule shop/a: {host: a.example}")[0])
	equal(t, "replaced by one that stays", again.WithoutTerminating().Len(), 3)
}

// The mesh without what terminates follows each change: it is as if it were made anew of what stays.
func TestWithoutTerminatingFollows(t *testing.T) {
	const leaving = `{metadata: {deletionTimestamp: "2026-01-01T00:00:00Z"}, `
	settled := func(s *Snapshot) (list []string) {
		for o := range s.WithoutTerminating().Objects() {
			list = append(list, o.String())
		}
		return list
	}
	s := New(discovering(), objects(t, `
		Namespace shop: {metadata: {labels: {mesh: "on"}}}
		DestinationRule shop/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`)...)
	for _, c := range []struct {
		name, put string
		gone      Ref
		want      []string
	}{
		{name: "nothing terminates", want: []string{"DestinationRule shop/a", "Namespace shop"}},
		{name: "one that terminates comes", put: "DestinationRule shop/b: " + leaving + "host: a.example}", want: []string{"DestinationRule shop/a", "Namespace shop"}},
		{name: "one that was there does", put: "DestinationRule shop/a: " + leaving + "host: a.example}", want: []string{"Namespace shop"}},
		{name: "one that stays comes", put: "DestinationRule shop/c: {host: a.example}", want: []string{"DestinationRule shop/c", "Namespace shop"}},
		{name: "one that terminates is gone", gone: Ref{KindDestinationRule, "shop", "b"}, want: []string{"DestinationRule shop/c", "Namespace shop"}},
		{name: "one of a namespace that is not read", put: "DestinationRule off/d: " + leaving + "host: a.example}", want: []string{"DestinationRule shop/c", "Namespace shop"}},
		{name: "which then is", put: `Namespace off: {metadata: {labels: {mesh: "on"}}}`, want: []string{"DestinationRule shop/c", "Namespace off", "Namespace shop"}},
		{name: "its namespace is not read any more", put: `Namespace off: {}`, want: []string{"DestinationRule shop/c", "Namespace off", "Namespace shop"}},
		{name: "one that stays is gone", gone: Ref{KindDestinationRule, "shop", "c"}, want: []string{"Namespace off", "Namespace shop"}},
		{name: "the last one stays after all", put: "DestinationRule shop/a: {host: a.example}", want: []string{"DestinationRule shop/a", "Namespace off", "Namespace shop"}},
	} {
		if c.put != "" {
			s = s.With(objects(t, c.put)[0])
		} else {
			s = s.Without(c.gone)
		}
		equal(t, c.name, settled(s), c.want)
		equal(t, c.name+": made anew", settled(New(discovering(), slices.Collect(s.All())...)), c.want)
		equal(t, c.name+": the rules of its host", len(s.WithoutTerminating().RefsOf("a.example")), len(c.want)-strings.Count(strings.Join(c.want, " "), "Namespace"))
	}
}

// A review asks for the mesh without what terminates; it is there, however much does.
func TestWithoutTerminatingIsNotMadeAnew(t *testing.T) {
	cost := func(n int) float64 {
		rules := subsetRules(n, 1)
		for _, o := range rules {
			o.Terminating = true
		}
		s := New(DefaultSettings(), rules...)
		return testing.AllocsPerRun(20, func() { s.WithoutTerminating() })
	}
	equal(t, "allocations beside 500 that terminate, and beside one", cost(500), cost(1))
}

// A VirtualService with the semantics of a Gateway API route is for its own namespace, and towards services of it.
func TestAppliesToSidecar(t *testing.T) {
	s := snapshot(t, `
		ServiceEntry default/cnn: {hosts: [edition.cnn.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
		ServiceEntry routing/own: {hosts: [own.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
		VirtualService routing/cnn: {metadata: {annotations: {internal.istio.io/route-semantics: gateway}}, hosts: [edition.cnn.com],
		  http: [{directResponse: {status: 404}}]}
		VirtualService routing/own: {metadata: {annotations: {internal.istio.io/route-semantics: gateway}}, hosts: [own.example],
		  http: [{directResponse: {status: 404}}]}`)
	for _, c := range []struct{ client, host, want string }{
		{"sidecar shop", "edition.cnn.com", "plaintext no-rule: edition.cnn.com 80"},
		{"sidecar routing", "edition.cnn.com", "unknown no-destination: nowhere 80"},
		{"sidecar shop", "own.example", "unknown no-destination: nowhere 80"},
	} {
		equal(t, c.client+" to "+c.host, resolved(s, c.client, c.host, 80), c.want)
	}
}

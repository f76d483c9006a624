package mesh

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Whether hosts a.x.com and b.x.com are of one class: whether all that is said of them differs in nothing but the host.
func TestHostClasses(t *testing.T) {
	const entries = `
			ServiceEntry own/a @1: {hosts: [a.x.com], ports: [{number: 80, name: p, protocol: HTTP}]}
			ServiceEntry own/b @2: {hosts: [b.x.com], ports: [{number: 80, name: q, protocol: HTTP}]}`
	const one, two = "a.x.com+1", "a.x.com b.x.com"
	entry := func(b string) string {
		return `
			ServiceEntry own/a: {hosts: [a.x.com], ports: [{number: 80, name: p, protocol: HTTP}]}
			ServiceEntry own/b: {hosts: [b.x.com], ` + b + `}`
	}
	rules := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "\nDestinationRule own/a%d @%d: {host: a.x.com}\nDestinationRule own/b%d @%d: {host: b.x.com}", i, i, i, i)
		}
		return b.String()
	}
	for _, c := range []struct{ name, mesh, want string }{
		{"two entries alike", entries, one},
		{"one entry", `
			ServiceEntry own/a: {hosts: [a.x.com, b.x.com]}`, one},
		{"three hosts", `
			ServiceEntry own/a: {hosts: [a.x.com, b.x.com, c.x.com]}`, "a.x.com+2"},
		{"a wildcard host", `
			ServiceEntry own/a: {hosts: [a.x.com, "*.b.x.com", "*.c.x.com"]}`, "a.x.com *.b.x.com *.c.x.com"},
		{"another port", entry("ports: [{number: 81, name: p, protocol: HTTP}]"), two},
		{"another protocol", entry("ports: [{number: 80, name: p, protocol: TCP}]"), two},
		{"another targetPort", entry("ports: [{number: 80, name: p, protocol: HTTP, targetPort: 443}]"), two},
		{"no port", entry("ports: []"), two},
		{"another location", entry("location: MESH_INTERNAL, ports: [{number: 80, name: p, protocol: HTTP}]"), two},
		{"another resolution", entry("resolution: DNS, ports: [{number: 80, name: p, protocol: HTTP}]"), two},
		{"another exportTo", entry("exportTo: [.], ports: [{number: 80, name: p, protocol: HTTP}]"), two},
		{"other labels", entry("metadata: {labels: {app: web}}, ports: [{number: 80, name: p, protocol: HTTP}]"), two},
		{"another namespace", `
			ServiceEntry own/a: {hosts: [a.x.com]}
			ServiceEntry other/b: {hosts: [b.x.com]}`, two},
		{"endpoints", `
			ServiceEntry own/a: {hosts: [a.x.com, b.x.com], endpoints: [{address: 1.2.3.4}]}`, two},
		{"endpoints, and a rule for both", `
			ServiceEntry own/a: {hosts: [a.x.com, b.x.com], endpoints: [{address: 1.2.3.4}]}
			DestinationRule own/all: {host: "*.x.com"}`, two},
		{"a workloadSelector", `
			ServiceEntry own/a: {hosts: [a.x.com, b.x.com], workloadSelector: {labels: {app: web}}}`, two},
		{"names of their own", `
			ServiceEntry own/a: {hosts: [a.x.com, b.x.com], subjectAltNames: [c.com]}`, two},
		{"a second entry for one of them", entries + `
			ServiceEntry own/c: {hosts: [b.x.com], ports: [{number: 80, name: p, protocol: HTTP}]}`, two},

		{"rules alike", entries + `
			DestinationRule own/a: {host: a.x.com, trafficPolicy: {tls: {mode: SIMPLE, sni: a.x.com}}}
			DestinationRule own/b: {host: b.x.com, trafficPolicy: {tls: {mode: SIMPLE, sni: b.x.com}}}`, one},
		{"a rule for one of them", entries + `
			DestinationRule own/a: {host: a.x.com}`, two},
		{"rules that differ", entries + `
			DestinationRule own/a: {host: a.x.com, trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule own/b: {host: b.x.com, trafficPolicy: {tls: {mode: MUTUAL}}}`, two},
		{"rules of other namespaces", entries + `
			DestinationRule own/a: {host: a.x.com}
			DestinationRule other/b: {host: b.x.com}`, two},
		{"a rule more", entries + `
			DestinationRule own/a: {host: a.x.com}
			DestinationRule own/b: {host: b.x.com}
			DestinationRule other/b: {host: b.x.com}`, two},
		{"as many rules as are looked at", entries + rules(maxHashedRules), one},
		{"more rules than that", entries + rules(maxHashedRules+1), two},
		{"a wildcard rule for both", entries + `
			DestinationRule own/all: {host: "*.x.com"}`, one},
		{"a wildcard rule for one of them", entries + `
			DestinationRule own/all: {host: "*a.x.com"}`, two},

		{"routes alike", entries + `
			VirtualService own/a: {hosts: [a.x.com], http: [{route: [{destination: {host: a.x.com}}]}]}
			VirtualService own/b: {hosts: [b.x.com], http: [{route: [{destination: {host: b.x.com}}]}]}`, one},
		{"a route for one of them", entries + `
			VirtualService own/a: {hosts: [a.x.com]}`, two},
		{"routes that differ", entries + `
			VirtualService own/a: {hosts: [a.x.com], http: [{route: [{destination: {host: a.x.com}}]}]}
			VirtualService own/b: {hosts: [b.x.com], http: [{route: [{destination: {host: a.x.com}}]}]}`, two},
		{"routes of other namespaces", entries + `
			VirtualService own/a: {hosts: [a.x.com]}
			VirtualService other/b: {hosts: [b.x.com]}`, two},
		{"a route for both by name", entries + `
			VirtualService own/a: {hosts: [a.x.com, b.x.com]}`, two},
		{"a wildcard route for both", entries + `
			VirtualService own/all: {hosts: ["*.x.com"]}`, one},
		{"a wildcard route for one of them", entries + `
			VirtualService own/all: {hosts: ["*b.x.com"]}`, two},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "classes", classLine(snapshot(t, c.mesh), "*.x.com", nil, nil), c.want)
		})
	}
	inside := snapshot(t, `
		ServiceEntry own/a: {hosts: [a.com, web.own.svc.cluster.local], location: MESH_INTERNAL, resolution: DNS}`)
	equal(t, "one of them inside the mesh", classLine(inside, "*", nil, nil), "web.own.svc.cluster.local a.com")
	s := snapshot(t, entries)
	equal(t, "an SNI that is a name of one of them", classLine(s, "*.x.com", []string{"A.x.com"}, nil), two)
	equal(t, "an SNI that is a name of none", classLine(s, "*.x.com", []string{"c.com"}, nil), one)
	equal(t, "a list with one of them", classLine(s, "*.x.com", nil, HostLists{{"a.x.com"}}), two)
	equal(t, "a list with both", classLine(s, "*.x.com", nil, HostLists{{"*.x.com"}}), one)
	equal(t, "an exact host", classLine(s, "b.x.com", nil, nil), "b.x.com")
	equal(t, "a host that is not known", classLine(s, "c.x.com", nil, nil), "")
	for class := range s.hostClasses("*.x.com", nil, HostLists{{"a.x.com"}}) {
		equal(t, "a walk that ends early", class.host, "a.x.com")
		break
	}
}

// Classes that SNIs tell apart are joined to those that there are without.
func TestClassesWithoutSNI(t *testing.T) {
	s := snapshot(t, `
		ServiceEntry shop/a: {hosts: [a.x.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
		ServiceEntry shop/b: {hosts: [b.x.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
		ServiceEntry shop/c: {hosts: [c.x.com], resolution: DNS, ports: [{number: 81, name: http, protocol: HTTP}]}
		ServiceEntry shop/d: {hosts: [d.x.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}], subjectAltNames: [d]}
		ServiceEntry shop/e: {hosts: [e.x.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}], subjectAltNames: [e]}`)
	for _, sni := range [][]string{nil, {"a.x.com"}, {"c.x.com", "b.x.com"}} {
		fine := slices.Collect(s.hostClasses("*.x.com", sni, nil))
		equal(t, fmt.Sprint(sni), withoutSNI(fine), slices.Collect(s.hostClasses("*.x.com", nil, nil)))
	}
}

// classLine returns classes of hosts: the first of each, and how many others there are.
func classLine(s *Snapshot, pattern string, sni []string, lists HostLists) string {
	var out []string
	for class := range s.hostClasses(pattern, sni, lists) {
		line := class.host
		if class.others > 0 {
			line += fmt.Sprintf("+%d", class.others)
		}
		out = append(out, line)
	}
	return strings.Join(out, " ")
}

func TestHostLists(t *testing.T) {
	lists := HostLists{{"*.CNN.com"}, {"edition.cnn.com", "a.example.com"}}
	for hostname, want := range map[string]string{
		"edition.cnn.com": "xx", "live.cnn.com": "x-", "A.example.com": "-x", "b.example.com": "--", "cnn.com": "--", "*.live.cnn.com": "x-",
	} {
		if got := lists.covering(hostname); got != want {
			t.Errorf("%s: %q, want %q", hostname, got, want)
		}
	}
	if got := HostLists(nil).covering("a.example.com"); got != "" {
		t.Errorf("without lists: %q", got)
	}
}

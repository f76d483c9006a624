package mesh

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/mesh/host"
)

// flowTo returns a flow to a host that differs from another one's in nothing but the host.
func flowTo(host string) Flow {
	rule := Ref{Kind: KindDestinationRule, Namespace: "default", Name: "wild"}
	return Flow{
		Path: Path{
			Client: Client{Kind: ClientSidecar, Namespace: "default"}, Host: host, Port: 80, Verdict: Originated,
			Hops: []Hop{{From: "sidecar default", To: host, Port: 443, TLS: "SIMPLE", SNI: "edition.cnn.com", Verified: true}},
		},
		HopKind: HopEgress, Rule: &rule, SNIHosts: []string{host}, Service: &Ref{Kind: KindServiceEntry, Namespace: "default", Name: host},
	}
}

func TestGroupFlows(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Flow)
		groups int
	}{
		"nothing but the host":  {func(*Flow) {}, 1},
		"the names of the host": {func(f *Flow) { f.Hops[0].Names = []string{f.Host} }, 1},
		"a host of a list":      {func(f *Flow) { f.Host = "exempt.example.com" }, 2},
		"the SNI is its name":   {func(f *Flow) { f.SNIHosts = append(f.SNIHosts, "*.cnn.com") }, 2},
		"an SNI":                {func(f *Flow) { f.Hops[0].SNI = "www.cnn.com" }, 2},
		"an unchecked name":     {func(f *Flow) { f.Hops[0].Verified = false }, 2},
		"insecureSkipVerify":    {func(f *Flow) { f.Hops[0].Insecure = true }, 2},
		"another rule":          {func(f *Flow) { f.Rule = &Ref{Kind: KindDestinationRule, Namespace: "default", Name: "other"} }, 2},
		"a verdict":             {func(f *Flow) { f.Before = Plaintext }, 2},
		"a client":              {func(f *Flow) { f.Client.Namespace = "shop" }, 2},
		"a port of endpoints":   {func(f *Flow) { f.TargetPorts = []uint32{443, 8443} }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var flows []Flow
			for i := range maxUngroupedFlows {
				flows = append(flows, flowTo(fmt.Sprintf("api-%d.example.com", i)))
			}
			odd := flowTo("odd.example.com")
			c.change(&odd)
			odd.OtherHosts = 2
			got := groupFlows(append(flows, odd), HostLists{{"exempt.example.com"}})
			if len(got) != c.groups {
				t.Fatalf("%d groups, want %d", len(got), c.groups)
			}
			hosts := 0
			for _, f := range got {
				hosts += 1 + f.OtherHosts
			}
			if hosts != maxUngroupedFlows+3 || got[0].Host != "api-0.example.com" {
				t.Errorf("%d hosts, the first %s", hosts, got[0].Host)
			}
		})
	}
	if got := groupFlows([]Flow{flowTo("a.example.com"), flowTo("b.example.com")}, nil); len(got) != 2 {
		t.Errorf("%d flows of few", len(got))
	}
}

// A review with more flows than a person reads tells those that differ in their host alone as one.
func TestReviewGroups(t *testing.T) {
	const entry = `{hosts: [%s], exportTo: [shop], resolution: STATIC, endpoints: [{address: 1.2.3.4}], ports: [{number: 80, name: http, protocol: HTTP}]}`
	const rule = `
		DestinationRule shop/r: {host: "*.example", trafficPolicy: {tls: {mode: SIMPLE}}}`
	for _, c := range []struct {
		name   string
		hosts  int
		before string
		change string
		want   string
	}{
		{"up to 64 flows are told one by one", 64, ``, rule, `64 flows`},
		{"65 as one", 65, ``, rule, `
			sidecar shop h00.example:80 originated SIMPLE was plaintext decided and 64 others`},
		{"those that stand for others with all of these", 65, `
			ServiceEntry egress/y: {hosts: [y.example], exportTo: [shop], resolution: STATIC, ports: [{number: 81, name: http, protocol: HTTP}]}
			ServiceEntry egress/z: {hosts: [z.example], exportTo: [shop], resolution: STATIC, ports: [{number: 81, name: http, protocol: HTTP}]}
			ServiceEntry egress/zz: {hosts: [zz.example], exportTo: [shop], resolution: STATIC, subjectAltNames: [zz.example],
				ports: [{number: 81, name: http, protocol: HTTP}]}`, rule, `
			sidecar shop h00.example:80 originated SIMPLE was plaintext decided and 64 others
			sidecar shop y.example:81 originated SIMPLE was plaintext decided and 2 others`},
		{"another port apart", 64, `
			ServiceEntry egress/z: {hosts: [z.example], exportTo: [shop], resolution: STATIC, endpoints: [{address: 1.2.3.4, ports: {http: 80}}],
				ports: [{number: 81, name: http, protocol: HTTP}]}`, rule, `
			sidecar shop h00.example:80 originated SIMPLE was plaintext decided and 63 others
			sidecar shop z.example:81 originated SIMPLE was plaintext decided`},
		{"another endpoint's port apart", 64, `
			ServiceEntry egress/z: {hosts: [z.example], exportTo: [shop], resolution: STATIC, endpoints: [{address: 1.2.3.4, ports: {http: 443}}],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, rule, `
			sidecar shop h00.example:80 originated SIMPLE was plaintext decided and 63 others
			sidecar shop z.example:80 originated SIMPLE was plaintext decided`},
		{"another protocol apart", 64, `
			ServiceEntry egress/z: {hosts: [z.example], exportTo: [shop], resolution: STATIC, endpoints: [{address: 1.2.3.4}],
				ports: [{number: 80, name: http, protocol: HTTP2}]}`, rule, `
			sidecar shop h00.example:80 originated SIMPLE was plaintext decided and 63 others
			sidecar shop z.example:80 originated SIMPLE was plaintext decided`},
		{"another family apart", 64, `
			ServiceEntry egress/z: {hosts: [z.example], exportTo: [shop], resolution: STATIC, endpoints: [{address: 1.2.3.4}],
				ports: [{number: 80, name: http, protocol: HTTPS}]}`, rule, `
			sidecar shop h00.example:80 originated SIMPLE was plaintext decided and 63 others
			sidecar shop z.example:80 double-tls SIMPLE unverified was application-tls decided`},
		{"another verdict before apart", 64, `
			DestinationRule egress/z: {host: z.example, trafficPolicy: {tls: {mode: SIMPLE}}}
			ServiceEntry egress/z: {hosts: [z.example], exportTo: [shop], resolution: STATIC, endpoints: [{address: 1.2.3.4}],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, rule, `
			sidecar shop h00.example:80 originated SIMPLE was plaintext decided and 63 others
			sidecar shop z.example:80 originated SIMPLE was originated decided`},
		{"another client apart", 64, `
			ServiceEntry egress/z: {hosts: [z.example], exportTo: [shop], resolution: STATIC, endpoints: [{address: 1.2.3.4}],
				ports: [{number: 80, name: http, protocol: HTTP}]}
			Sidecar shop/web: {workloadSelector: {labels: {app: web}}, egress: [{hosts: [egress/z.example]}]}`, rule, `
			sidecar shop h00.example:80 originated SIMPLE was plaintext decided and 64 others
			sidecar shop app=web z.example:80 originated SIMPLE was plaintext decided`},
		{"TLS of another mode apart, with another cause", 64, `
			ServiceEntry egress/z: {hosts: [z.example], exportTo: [shop], resolution: STATIC, endpoints: [{address: 1.2.3.4}],
				ports: [{number: 81, name: http, protocol: HTTP}]}
			ServiceEntry egress/y: {hosts: [y.example], exportTo: [shop], resolution: STATIC, endpoints: [{address: 1.2.3.4}],
				ports: [{number: 82, name: http, protocol: HTTP}]}`, `
			DestinationRule shop/r: {host: "*.example", trafficPolicy: {tls: {mode: SIMPLE},
				portLevelSettings: [{port: {number: 81}, tls: {mode: ISTIO_MUTUAL}}, {port: {number: 82}, tls: {mode: DISABLE}}]}}`, `
			sidecar shop h00.example:80 originated SIMPLE was plaintext decided and 63 others
			sidecar shop y.example:82 plaintext disabled was plaintext decided
			sidecar shop z.example:81 originated ISTIO_MUTUAL unverified was plaintext decided`},
		{"a deleted rule for another of its hosts apart", 64, `
			ServiceEntry egress/z: {hosts: [z.example], exportTo: [shop], resolution: STATIC, endpoints: [{address: 1.2.3.4}],
				ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule istio-system/z: {host: z.example}` + rule, "delete DestinationRule shop/r", `
			sidecar shop h00.example:80 plaintext no-rule was originated and 63 others
			sidecar shop z.example:80 plaintext unset was originated`},
		{"ISTIO_MUTUAL sends another name for each host, and is one for all that", 65, ``, `
			DestinationRule shop/r: {host: "*.example", trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}`, `
			sidecar shop h00.example:80 originated ISTIO_MUTUAL unverified was plaintext decided and 64 others`},
		{"the host whose own name is sent apart", 64, `
			ServiceEntry egress/z: {hosts: [z.example], exportTo: [shop], resolution: STATIC, endpoints: [{address: 1.2.3.4}],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			DestinationRule shop/r: {host: "*.example", trafficPolicy: {tls: {mode: SIMPLE, sni: z.example}}}`, `
			sidecar shop h00.example:80 originated SIMPLE unverified was plaintext decided and 63 others
			sidecar shop z.example:80 originated SIMPLE unverified was plaintext decided`},
		{"the host of which an endpoint has the name that is sent apart", 64, `
			ServiceEntry egress/z: {hosts: [z.example], exportTo: [shop], resolution: DNS, endpoints: [{address: x.test}],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			DestinationRule shop/r: {host: "*.example", trafficPolicy: {tls: {mode: SIMPLE, sni: x.test}}}`, `
			sidecar shop h00.example:80 originated SIMPLE unverified was plaintext decided and 63 others
			sidecar shop z.example:80 originated SIMPLE unverified was plaintext decided`},
		{"a server whose name is checked apart", 64, `
			ServiceEntry egress/z: {hosts: [z.example], exportTo: [shop], resolution: STATIC, subjectAltNames: [z.example],
				endpoints: [{address: 1.2.3.4}], ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			DestinationRule shop/r: {host: "*.example", trafficPolicy: {tls: {mode: SIMPLE, sni: x.test}}}`, `
			sidecar shop h00.example:80 originated SIMPLE unverified was plaintext decided and 63 others
			sidecar shop z.example:80 originated SIMPLE was plaintext decided`},
		{"a rule that is on nobody's path apart", 65, ``, `
			DestinationRule egress/r: {host: "*.example", exportTo: [till], trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar egress *.example:0 unknown off-path ignored
			sidecar shop h00.example:80 plaintext no-rule was plaintext and 64 others`},
		{"what was kept in apart", 64, `
			ServiceEntry egress/z: {hosts: [z.example], exportTo: [shop], resolution: STATIC, endpoints: [{address: 1.2.3.4}],
				ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/z: {hosts: [z.example], exportTo: [.], http: [{redirect: {uri: /}}]}`, rule, `
			sidecar shop h00.example:80 originated SIMPLE was plaintext decided and 63 others
			sidecar shop z.example:80 unknown no-destination was unrouted decided`},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, next, object := changed(t, manyEntries(c.hosts, entry)+c.before, c.change)
			flows := mustReview(t, old, next, object, nil)
			have, want := flowLines(flows), strings.TrimSpace(strings.ReplaceAll(c.want, "\t", ""))
			if have != want && fmt.Sprint(len(flows), " flows") != want {
				t.Errorf("have\n%s\nwant\n%s", have, want)
			}
		})
	}
	old, next, object := changed(t, manyEntries(65, entry), rule)
	lists := HostLists{{"h01.example", "h02.example"}, {"h02.example", "*.test"}}
	equal(t, "hosts in lists", flowLines(mustReview(t, old, next, object, lists)), strings.Join([]string{
		"sidecar shop h00.example:80 originated SIMPLE was plaintext decided and 62 others",
		"sidecar shop h01.example:80 originated SIMPLE was plaintext decided",
		"sidecar shop h02.example:80 originated SIMPLE was plaintext decided",
	}, "\n"))
}

// Hosts below a wildcard of which one entry each is alike are looked at once.
func TestReviewHostClasses(t *testing.T) {
	const entry = `{hosts: [%s], exportTo: [shop], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	for _, c := range []reviewCase{
		{"of a rule", manyEntries(3, entry), `
			DestinationRule shop/r: {host: "*.example", trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar shop h00.example:80 originated SIMPLE was plaintext decided and 2 others`},
		{"for each client", manyEntries(3, strings.ReplaceAll(entry, "exportTo: [shop], ", "")), `
			DestinationRule egress/r: {host: "*.example", trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar any other namespace h00.example:80 originated SIMPLE was plaintext decided and 2 others
			sidecar egress h00.example:80 originated SIMPLE was plaintext decided and 2 others`},
		{"of a VirtualService", manyEntries(3, entry), `
			VirtualService shop/v: {hosts: ["*.example"], exportTo: [.], http: [{redirect: {uri: /}}]}`, `
			sidecar shop h00.example:80 unknown no-destination was plaintext and 2 others`},
		{"of routes to a Gateway", manyEntries(3, entry) + `
			Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 80, name: http}]}
			VirtualService shop/v: {hosts: ["*.example"], exportTo: [.], gateways: [mesh, egress/gw],
				http: [{match: [{gateways: [mesh]}], route: [{destination: {host: egress.istio-system.svc.cluster.local, port: {number: 80}}}]}]}`, `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`, `
			sidecar shop egress.istio-system.svc.cluster.local:80 (to gateway) plaintext no-rule for server 0 of Gateway egress/gw`},
		{"of a route that loses TLS below a wildcard host", manyEntries(2, entry) + `
			DestinationRule shop/r: {host: "*.example", trafficPolicy: {tls: {mode: SIMPLE}}}`, "delete DestinationRule shop/r", `
			sidecar shop h00.example:80 plaintext no-rule was originated and 1 others`},
	} {
		c.run(t)
	}
	old, next, object := changed(t, manyEntries(3, entry), `
		DestinationRule shop/r: {host: "*.example", trafficPolicy: {tls: {mode: SIMPLE}}}`)
	equal(t, "a host in a list", flowLines(mustReview(t, old, next, object, HostLists{{"h01.example"}})), strings.Join([]string{
		"sidecar shop h00.example:80 originated SIMPLE was plaintext decided and 1 others",
		"sidecar shop h01.example:80 originated SIMPLE was plaintext decided",
	}, "\n"))
	s := snapshot(t, manyEntries(3, entry), `
		DestinationRule shop/r: {host: "*.example", trafficPolicy: {tls: {mode: SIMPLE}}}`)
	for _, g := range s.GovernedClusters(Ref{Kind: KindDestinationRule, Namespace: "shop", Name: "r"}) {
		equal(t, "a governed cluster", fmt.Sprint(g.Host, " and ", g.OtherHosts, " others"), "h00.example and 2 others")
	}
}

// manyEntries returns ServiceEntries of the hosts h00.example, h01.example and so on.
func manyEntries(n int, spec string) string {
	var b strings.Builder
	for i := range n {
		host := fmt.Sprintf("h%02d.example", i)
		fmt.Fprintf(&b, "\nServiceEntry egress/h%02d: %s", i, fmt.Sprintf(spec, host))
	}
	return b.String()
}

// The names of a server as a set cover what they cover one by one.
func TestNamesOfServers(t *testing.T) {
	names := namesOfServers{}
	for _, list := range [][]string{nil, {}, {"a.example"}, {"A.example", "*.b.example"}, {"*"}, {"*.B.example", "b.example"}} {
		for _, name := range []string{"", "a.example", "A.EXAMPLE", "x.b.example", "X.b.example", "b.example", "*.b.example", "*", "b", ".b.example"} {
			for range 2 { // made, and known
				equal(t, fmt.Sprint(list, name), names.cover(list, name), host.AnyCovers(list, name))
			}
		}
	}
}

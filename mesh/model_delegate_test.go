package mesh

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
)

// httpRoute returns the HTTP route that a line of YAML is.
func httpRoute(t *testing.T, text string) *networking.HTTPRoute {
	t.Helper()
	return objects(t, "{VirtualService own/v: {http: ["+text+"]}}")[0].Spec.(*networking.VirtualService).Http[0]
}

// What a root's route of namespace "own" and a route of its delegate, of namespace "leaves", are together.
func TestDelegates(t *testing.T) {
	for _, c := range []struct{ name, root, leaf, want string }{
		{"the delegate's route under the root's match",
			`match: [{uri: {prefix: /a}}]`,
			`{route: [{destination: {host: b.com}}]}`,
			`{match: [{uri: {prefix: /a}}], route: [{destination: {host: b.com}}]}`},
		{"under its own, where the root has none",
			``,
			`{match: [{uri: {prefix: /a}}], route: [{destination: {host: b.com}}]}`,
			`{match: [{uri: {prefix: /a}}], route: [{destination: {host: b.com}}]}`},
		{"under both",
			`match: [{uri: {prefix: /a}, port: 80}]`,
			`{match: [{uri: {prefix: /a/b}, method: {exact: GET}}]}`,
			`{match: [{uri: {prefix: /a/b}, port: 80, method: {exact: GET}}]}`},
		{"under each of the root's that it lies within",
			`match: [{uri: {prefix: /a}}, {uri: {prefix: /b}}, {port: 80}]`,
			`{match: [{uri: {prefix: /a/b}}]}`,
			`{match: [{uri: {prefix: /a/b}}, {uri: {prefix: /a/b}, port: 80}]}`},
		{"none, where one of its matches lies within none of the root's",
			`match: [{uri: {prefix: /a}}]`,
			`{match: [{uri: {prefix: /a}}, {uri: {prefix: /b}}]}`,
			``},
		{"all that a match may ask",
			`match: [{uri: {exact: /}, scheme: {exact: https}, authority: {exact: a.com}, method: {exact: GET}, port: 443, gateways: [g, mesh],
			  headers: {a: {exact: x}, b: {}}, withoutHeaders: {a: {exact: x}}, queryParams: {a: {exact: x}}, sourceLabels: {app: web, team: red}}]`,
			`{match: [{sourceNamespace: own,
			  headers: {c: {exact: z}}, withoutHeaders: {c: {exact: z}}, queryParams: {c: {exact: z}}, sourceLabels: {version: v1}}]}`,
			`{match: [{uri: {exact: /}, scheme: {exact: https}, authority: {exact: a.com}, method: {exact: GET}, port: 443, gateways: [own/g, mesh],
			  sourceNamespace: own, headers: {a: {exact: x}, b: {}, c: {exact: z}}, withoutHeaders: {a: {exact: x}, c: {exact: z}},
			  queryParams: {a: {exact: x}, c: {exact: z}}, sourceLabels: {app: web, team: red, version: v1}}]}`},
		{"what the delegate asks goes before",
			`match: [{uri: {prefix: /}, scheme: {prefix: h}, authority: {prefix: a}, method: {prefix: G}, headers: {a: {prefix: x}}, gateways: [g, mesh]}]`,
			`{match: [{uri: {prefix: /a}, scheme: {exact: https}, authority: {exact: a.com}, method: {exact: GET}, headers: {a: {exact: xy}},
			  gateways: [own/g]}]}`,
			`{match: [{uri: {prefix: /a}, scheme: {exact: https}, authority: {exact: a.com}, method: {exact: GET}, headers: {a: {exact: xy}},
			  gateways: [own/g]}]}`},
		{"gateways are completed with their own object's namespace",
			``,
			`{match: [{uri: {prefix: /a}, ignoreUriCase: true, gateways: [g]}, {port: 1}]}`,
			`{match: [{uri: {prefix: /a}, ignoreUriCase: true, gateways: [leaves/g]}, {port: 1}]}`},

		{"short names are completed, each with its own object's namespace",
			`mirror: {host: root}`,
			`{route: [{destination: {host: web, subset: v1, port: {number: 80}}, weight: 5, headers: {request: {set: {a: b}}}}, {weight: 1}]}`,
			`{route: [{destination: {host: web.leaves.svc.cluster.local, subset: v1, port: {number: 80}}, weight: 5, headers: {request: {set: {a: b}}}}],
			  mirror: {host: root.own.svc.cluster.local}}`},
		{"what the delegate leaves unset it has from the root",
			`mirror: {host: root.com}, mirrors: [{destination: {host: roots}, percentage: {value: 5}}], rewrite: {authority: root},
			  headers: {request: {set: {host: root}}}, directResponse: {status: 404}`,
			`{}`,
			`{mirror: {host: root.com}, mirrors: [{destination: {host: roots.own.svc.cluster.local}, percentage: {value: 5}}], rewrite: {authority: root},
			  headers: {request: {set: {host: root}}}, directResponse: {status: 404}}`},
		{"what it sets is its own",
			`mirror: {host: root.com}, mirrors: [{destination: {host: roots}}], rewrite: {authority: root},
			  headers: {request: {set: {host: root}}}, directResponse: {status: 404}`,
			`{mirror: {host: leaf.com}, mirrors: [{destination: {host: leaves.com}}], rewrite: {authority: leaf},
			  headers: {request: {set: {host: leaf}}}, directResponse: {status: 500}}`,
			`{mirror: {host: leaf.com}, mirrors: [{destination: {host: leaves.com}}], rewrite: {authority: leaf},
			  headers: {request: {set: {host: leaf}}}, directResponse: {status: 500}}`},
		{"a redirect", ``, `{redirect: {authority: b.com}}`, `{redirect: {authority: b.com}}`},
		{"not the root's own destinations", `route: [{destination: {host: root.com}}]`, `{}`, `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, fmt.Sprintf(`
				VirtualService own/root: {hosts: [a.com], http: [{delegate: {name: leaf, namespace: leaves}, %s}]}
				VirtualService leaves/leaf: {http: [%s]}`, c.root, c.leaf))
			have := s.httpRoutes(virtualServiceNamed(t, s, "root"))
			if c.want == "" {
				equal(t, "routes", len(have), 0)
				return
			}
			if want := httpRoute(t, c.want); len(have) != 1 || !proto.Equal(have[0], want) {
				t.Errorf("have %v, want %v", have, want)
			}
		})
	}
}

// Which delegate a route stands for, if any.
func TestResolveDelegate(t *testing.T) {
	const leaf = `http: [{route: [{destination: {host: leaf.com}}]}, {route: [{destination: {host: second.com}}]}]}`
	for _, c := range []struct{ name, mesh, want string }{
		{"none", `
			VirtualService own/root: {hosts: [a.com], http: [{route: [{destination: {host: b.com}}]}]}`, "b.com"},
		{"of the root's namespace", `
			VirtualService own/root: {hosts: [a.com], http: [{delegate: {name: leaf}}]}
			VirtualService own/leaf: {` + leaf, "leaf.com second.com"},
		{"of another namespace", `
			VirtualService own/root: {hosts: [a.com], http: [{delegate: {name: leaf, namespace: other}}]}
			VirtualService other/leaf: {` + leaf, "leaf.com second.com"},
		{"beside routes of the root's own", `
			VirtualService own/root: {hosts: [a.com], http: [{route: [{destination: {host: b.com}}]}, {delegate: {name: leaf}},
			  {route: [{destination: {host: c.com}}]}]}
			VirtualService own/leaf: {` + leaf, "b.com leaf.com second.com c.com"},
		{"one that is not there", `
			VirtualService own/root: {hosts: [a.com], http: [{delegate: {name: leaf}}, {route: [{destination: {host: c.com}}]}]}`, "c.com"},
		{"one that is not exported to the root's namespace", `
			VirtualService own/root: {hosts: [a.com], http: [{delegate: {name: leaf, namespace: other}}]}
			VirtualService other/leaf: {exportTo: [.], ` + leaf, ""},
		{"none with gateway semantics", `
			VirtualService own/root: {metadata: {annotations: {internal.istio.io/route-semantics: gateway}}, hosts: [a.com],
			  http: [{route: [{destination: {host: b.com}}], delegate: {name: leaf}}]}
			VirtualService own/leaf: {` + leaf, "b.com"},
		{"one that has hosts of its own", `
			VirtualService own/root: {hosts: [a.com], http: [{delegate: {name: leaf}}]}
			VirtualService own/leaf: {hosts: [b.com], ` + leaf, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.mesh)
			var have []string
			for _, r := range s.httpRoutes(virtualServiceNamed(t, s, "root")) {
				have = append(have, r.Route[0].Destination.Host)
			}
			equal(t, "destinations", strings.Join(have, " "), c.want)
		})
	}
}

// Completing names leaves the object that they are read from as it is.
func TestDelegatesAreNotChanged(t *testing.T) {
	s := snapshot(t, `
		VirtualService own/root: {hosts: [a.com], http: [{match: [{gateways: [g], headers: {a: {exact: x}}, sourceLabels: {a: b}}],
		  delegate: {name: leaf}}]}
		VirtualService own/leaf: {http: [{match: [{gateways: [g], headers: {c: {exact: x}}, sourceLabels: {c: d}}],
		  route: [{destination: {host: web}}], mirrors: [{destination: {host: web}}]}]}`)
	var before []proto.Message
	for o := range s.Objects() {
		before = append(before, proto.Clone(o.Spec.(*networking.VirtualService)))
	}
	s.httpRoutes(virtualServiceNamed(t, s, "root"))
	i := 0
	for o := range s.Objects() {
		equal(t, o.Name+" is as it was", proto.Equal(before[i], o.Spec.(*networking.VirtualService)), true)
		i++
	}
}

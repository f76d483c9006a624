package mesh

import (
	"fmt"
	"strings"
	"testing"
)

const routed = `
	Service shop/web: {clusterIP: 10.0.0.1, ports: [{port: 80, name: http}]}
	ServiceEntry shop/cnn: {hosts: [edition.cnn.com, "*.cnn.com"], ports: [{number: 80, name: http, protocol: HTTP}]}
	ServiceEntry far/news: {hosts: [news.example], ports: [{number: 80, name: http, protocol: HTTP}]}
	`

// What istiod makes of routes for clients of the mesh.
func TestRoutesOfTheMesh(t *testing.T) {
	const toWeb = `backendRefs: [{name: web, port: 80}]`
	for _, c := range []struct{ name, routes, want string }{
		{"to a Service, of its own namespace", `HTTPRoute shop/a: {parentRefs: [{kind: Service, group: "", name: web}], rules: [{` + toWeb + `}]}`,
			"shop/shop~web.shop.svc.cluster.local [web.shop.svc.cluster.local] /:web.shop.svc.cluster.local:80"},
		{"each host of a ServiceEntry", `HTTPRoute far/a: {parentRefs: [{kind: ServiceEntry, group: networking.istio.io, name: cnn, namespace: shop, sectionName: x}],
			rules: [{backendRefs: [{group: networking.istio.io, kind: Hostname, name: news.example, port: 80}]}]}`,
			"far/far~*.cnn.com [*.cnn.com] /:news.example:80\nfar/far~edition.cnn.com [edition.cnn.com] /:news.example:80"},
		{"one port, and the Service of another namespace", `HTTPRoute far/a: {parentRefs: [{kind: Service, group: "", name: web, namespace: shop, port: 80}],
			rules: [{backendRefs: [{name: web, namespace: shop, port: 80}]}]}`,
			"far/far~80~web.shop.svc.cluster.local [web.shop.svc.cluster.local] /@80:web.shop.svc.cluster.local:80"},
		{"parents that are not there, or are Gateways", `HTTPRoute shop/a: {parentRefs: [{name: web}, {kind: Service, group: "", name: none}, {kind: Service, name: web}], rules: [{` + toWeb + `}]}`, ""},
		{"the longest path first, then the oldest", `
			HTTPRoute shop/a @2: {parentRefs: [{kind: Service, group: "", name: web}], rules: [{matches: [{}, {path: {type: Exact, value: /a}}], backendRefs: [{name: a, port: 80}]}]}
			HTTPRoute shop/b @1: {parentRefs: [{kind: Service, group: "", name: web}], rules: [{matches: [{path: {value: /ab/}}, {path: {type: RegularExpression, value: .*}}, {}], backendRefs: [{name: b, port: 80}]}]}
			GRPCRoute shop/c @3: {parentRefs: [{kind: Service, group: "", name: web}], rules: [{matches: [{method: {service: s, method: m}}], backendRefs: [{name: c, port: 80}]}]}`,
			"shop/shop~web.shop.svc.cluster.local [web.shop.svc.cluster.local] /s/m:c.shop.svc.cluster.local:80 /a:a.shop.svc.cluster.local:80 " +
				"/ab:b.shop.svc.cluster.local:80 /:b.shop.svc.cluster.local:80 /:a.shop.svc.cluster.local:80 .*:b.shop.svc.cluster.local:80"},
		{"weights, and what leads nowhere", `HTTPRoute shop/a: {parentRefs: [{kind: Service, group: "", name: web}],
			rules: [{backendRefs: [{name: web, port: 80, weight: 0}, {name: none, port: 1}, {kind: Other, name: x, port: 1}]}, {backendRefs: [{name: web, port: 80, weight: 0}]}]}`,
			"shop/shop~web.shop.svc.cluster.local [web.shop.svc.cluster.local] /:none.shop.svc.cluster.local:1,:0 /:500"},
		{"a mirror only to what is there in the namespace", `HTTPRoute shop/a: {parentRefs: [{kind: Service, group: "", name: web}], rules: [{filters: [
			{type: RequestMirror, requestMirror: {backendRef: {group: networking.istio.io, kind: Hostname, name: news.example, port: 80}}},
			{type: RequestMirror, requestMirror: {backendRef: {group: networking.istio.io, kind: Hostname, name: edition.cnn.com, port: 80}}}], ` + toWeb + `}]}`,
			"shop/shop~web.shop.svc.cluster.local [web.shop.svc.cluster.local] /:web.shop.svc.cluster.local:80+edition.cnn.com:80"},
		{"a GRPCRoute with a mirror to nothing is left out", `GRPCRoute shop/a: {parentRefs: [{kind: Service, group: "", name: web}], rules: [{filters: [
			{type: RequestMirror, requestMirror: {backendRef: {name: none, port: 80}}}], ` + toWeb + `}]}`, ""},
		{"a rewrite, a redirect", `HTTPRoute shop/a: {parentRefs: [{kind: Service, group: "", name: web}], rules: [
			{filters: [{type: URLRewrite, urlRewrite: {hostname: x.example}}], ` + toWeb + `}, {filters: [{type: RequestRedirect, requestRedirect: {hostname: y.example}}]}]}`,
			"shop/shop~web.shop.svc.cluster.local [web.shop.svc.cluster.local] /:web.shop.svc.cluster.local:80=x.example /:redirect y.example"},
		{"an unknown filter", `HTTPRoute shop/a: {parentRefs: [{kind: Service, group: "", name: web}], rules: [{` + toWeb + `}, {filters: [{type: ExtensionRef}], ` + toWeb + `}]}`, ""},
		{"a Service with a dot", `HTTPRoute shop/a: {parentRefs: [{kind: Service, group: "", name: web}], rules: [{backendRefs: [{name: a.b, port: 80}]}]}`, ""},
		{"no port", `HTTPRoute shop/a: {parentRefs: [{kind: Service, group: "", name: web}], rules: [{backendRefs: [{name: web}]}]}`, ""},
		{"a GRPCRoute is lost by the name of an HTTPRoute", `
			HTTPRoute shop/a: {parentRefs: [{kind: Service, group: "", name: web}], rules: [{` + toWeb + `}]}
			GRPCRoute shop/a: {parentRefs: [{kind: Service, group: "", name: web, port: 80}], rules: [{` + toWeb + `}]}`,
			"shop/shop~web.shop.svc.cluster.local [web.shop.svc.cluster.local] /:web.shop.svc.cluster.local:80"},
		{"but where the same host has the HTTPRoute", `
			HTTPRoute shop/a @2: {parentRefs: [{kind: Service, group: "", name: web}], rules: [{` + toWeb + `}]}
			GRPCRoute shop/a @1: {parentRefs: [{kind: Service, group: "", name: web}], rules: [{backendRefs: [{name: b, port: 80}]}]}`,
			"shop/shop~web.shop.svc.cluster.local [web.shop.svc.cluster.local] /:web.shop.svc.cluster.local:80 :b.shop.svc.cluster.local:80"},
		{"and all of it but the first hosts", `
			HTTPRoute shop/a: {parentRefs: [{kind: Service, group: "", name: web}], rules: [{` + toWeb + `}]}
			GRPCRoute shop/a: {parentRefs: [{kind: ServiceEntry, group: networking.istio.io, name: cnn}], rules: [{` + toWeb + `}]}`,
			"shop/shop~*.cnn.com [*.cnn.com] :web.shop.svc.cluster.local:80\n" +
				"shop/shop~web.shop.svc.cluster.local [web.shop.svc.cluster.local] /:web.shop.svc.cluster.local:80"},
		{"of another revision", `HTTPRoute shop/a: {metadata: {labels: {istio.io/rev: canary}}, parentRefs: [{kind: Service, group: "", name: web}], rules: [{` + toWeb + `}]}`, ""},
		{"TLS by its names", `TLSRoute shop/a: {parentRefs: [{kind: ServiceEntry, group: networking.istio.io, name: cnn, port: 80}], hostnames: [edition.cnn.com, x.example], rules: [{` + toWeb + `}]}`,
			"shop/a~tls~0~istio-autogenerated-k8s-gateway [edition.cnn.com] [edition.cnn.com]@80:web.shop.svc.cluster.local:80\n" +
				"shop/a~tls~1~istio-autogenerated-k8s-gateway [*.cnn.com] [edition.cnn.com]@80:web.shop.svc.cluster.local:80"},
		{"bytes", `TCPRoute shop/a: {parentRefs: [{kind: Service, group: "", name: web, port: 80}], rules: [{` + toWeb + `}]}`,
			"shop/a~tcp~0~istio-autogenerated-k8s-gateway [web.shop.svc.cluster.local] @80:web.shop.svc.cluster.local:80"},
	} {
		s := snapshot(t, routed, c.routes)
		equal(t, c.name, madeOf(s), c.want)
		for o := range s.Objects() { // in whatever order they come
			s = s.Without(o.Ref).With(o)
		}
		equal(t, c.name+", again", madeOf(s), c.want)
	}
}

// madeOf returns the VirtualServices that were made of routes.
func madeOf(s *Snapshot) string {
	var lines []string
	for _, v := range s.routes.virtualServices.Prefix("") {
		line := fmt.Sprintf("%s/%s %v", v.Namespace, v.Name, v.hosts)
		for _, r := range v.spec.Http {
			line += " "
			for _, m := range r.Match {
				line += m.Uri.GetPrefix() + m.Uri.GetExact() + m.Uri.GetRegex()
				if m.Port != 0 {
					line += fmt.Sprint("@", m.Port)
				}
			}
			line += ":"
			if r.Redirect != nil {
				line += "redirect " + r.Redirect.Authority
			}
			if r.DirectResponse != nil {
				line += fmt.Sprint(r.DirectResponse.Status)
			}
			for i, d := range r.Route {
				line += strings.Repeat(",", min(i, 1)) + fmt.Sprintf("%s:%d", d.Destination.Host, d.Destination.GetPort().GetNumber())
			}
			for _, m := range r.Mirrors {
				line += fmt.Sprintf("+%s:%d", m.Destination.Host, m.Destination.Port.Number)
			}
			if r.Rewrite != nil {
				line += "=" + r.Rewrite.Authority
			}
		}
		for _, r := range v.spec.Tls {
			line += fmt.Sprintf(" %v@%d:%s:%d", r.Match[0].SniHosts, r.Match[0].Port, r.Route[0].Destination.Host, r.Route[0].Destination.Port.Number)
		}
		for _, r := range v.spec.Tcp {
			line += fmt.Sprintf(" @%d:%s:%d", r.Match[0].Port, r.Route[0].Destination.Host, r.Route[0].Destination.Port.Number)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

package mesh

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What istiod makes of Gateways of the Gateway API, and of the ListenerSets and the routes that are attached to them.
func TestGatewaysOfTheGatewayAPI(t *testing.T) {
	const toCNN = `rules: [{backendRefs: [{group: networking.istio.io, kind: Hostname, name: edition.cnn.com, port: 80}]}]`
	for _, c := range []struct{ name, objects, want string }{
		{"a server for each listener", `KubernetesGateway shop/out: {gatewayClassName: istio, listeners: [
			{name: a, port: 80, protocol: HTTP}, {name: b, port: 443, protocol: HTTPS, hostname: a.example, allowedRoutes: {namespaces: {from: All}}, tls: {mode: Terminate, options: {gateway.istio.io/tls-terminate-mode: ISTIO_MUTUAL}}},
			{name: c, port: 444, protocol: TLS, tls: {mode: Passthrough}}, {name: d, port: 445, protocol: TLS}, {name: e, port: 446, protocol: UDP}]}`,
			"shop/out a [shop/*] 80 HTTP gateway-name=out\nshop/out b [*/a.example] 443 HTTPS ISTIO_MUTUAL gateway-name=out\n" +
				"shop/out c [shop/*] 444 TLS PASSTHROUGH gateway-name=out"},
		{"none of another class", `KubernetesGateway shop/out: {gatewayClassName: nginx, listeners: [{name: a, port: 80, protocol: HTTP}]}`, ""},
		{"but of one with Istio's controller", `
			KubernetesGateway shop/out: {gatewayClassName: mine, listeners: [{name: a, port: 80, protocol: HTTP}]}
			GatewayClass mine: {controllerName: istio.io/gateway-controller}`, "shop/out a [shop/*] 80 HTTP gateway-name=out"},
		{"for the pods of a Service, on its ports", `
			KubernetesGateway shop/out: {gatewayClassName: istio, addresses: [{type: Hostname, value: egress}], listeners: [{name: a, port: 80, protocol: HTTP}, {name: b, port: 81, protocol: HTTP}]}
			Service shop/egress: {selector: {app: egress}, ports: [{port: 80, name: http}]}`, "shop/out a [shop/*] 80 HTTP app=egress"},
		{"not behind one that stands for a name outside", `
			KubernetesGateway shop/out: {gatewayClassName: istio, addresses: [{type: Hostname, value: egress}], listeners: [{name: a, port: 80, protocol: HTTP}]}
			Service shop/egress: {type: ExternalName, externalName: a.example, selector: {app: egress}, ports: [{port: 80, name: http}]}`, ""},
		{"not for those of another namespace", `KubernetesGateway shop/out: {gatewayClassName: istio, addresses: [{type: Hostname, value: egress.far.svc.cluster.local}], listeners: [{name: a, port: 80, protocol: HTTP}]}`, ""},
		{"the first of two in each other's way", `KubernetesGateway shop/out: {gatewayClassName: istio, listeners: [
			{name: a, port: 80, protocol: HTTP, hostname: a.example}, {name: b, port: 80, protocol: HTTP, hostname: b.example}, {name: c, port: 80, protocol: HTTP, hostname: a.example}, {name: d, port: 80, protocol: TCP}]}`,
			"shop/out a [shop/a.example] 80 HTTP gateway-name=out\nshop/out b [shop/b.example] 80 HTTP gateway-name=out"},
		{"namespaces by their labels", `
			KubernetesGateway shop/out: {gatewayClassName: istio, listeners: [{name: a, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {out: "yes"}}}}}]}
			Namespace far: {metadata: {labels: {out: "yes"}}}
			Namespace shop: {metadata: {labels: {out: "no"}}}`, "shop/out a [far/*] 80 HTTP gateway-name=out"},
		{"ListenerSets that it allows", `
			KubernetesGateway shop/out: {gatewayClassName: istio, allowedListeners: {namespaces: {from: All}}, listeners: [{name: a, port: 80, protocol: HTTP, hostname: a.example}]}
			ListenerSet far/more: {parentRef: {name: out, namespace: shop}, listeners: [{name: a, protocol: HTTP, hostname: b.example}, {name: b, protocol: HTTP, hostname: a.example}]}`,
			"shop/out a [shop/a.example] 80 HTTP gateway-name=out\nfar/more a [far/b.example] 80 HTTP gateway-name=out"},
		{"and no others", `
			KubernetesGateway shop/out: {gatewayClassName: istio, listeners: [{name: a, port: 80, protocol: HTTP}]}
			ListenerSet shop/more: {parentRef: {name: out}, listeners: [{name: b, port: 81, protocol: HTTP}]}`, "shop/out a [shop/*] 80 HTTP gateway-name=out"},
		{"routes at the closest listener", `
			KubernetesGateway shop/out: {gatewayClassName: istio, listeners: [{name: a, port: 80, protocol: HTTP, hostname: "*.cnn.com"}, {name: b, port: 80, protocol: HTTP, hostname: edition.cnn.com}, {name: c, port: 81, protocol: HTTP}]}
			HTTPRoute shop/r: {parentRefs: [{name: out}], hostnames: [edition.cnn.com, www.cnn.com, other.example], ` + toCNN + `}`,
			"shop/out a [shop/*.cnn.com] 80 HTTP gateway-name=out www.cnn.com\nshop/out b [shop/edition.cnn.com] 80 HTTP gateway-name=out edition.cnn.com other.example www.cnn.com\n" +
				"shop/out c [shop/*] 81 HTTP gateway-name=out edition.cnn.com other.example www.cnn.com"},
		{"of the port, the kind and the namespace", `
			KubernetesGateway shop/out: {gatewayClassName: istio, listeners: [{name: a, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: GRPCRoute}]}}, {name: b, port: 81, protocol: HTTP}, {name: c, port: 82, protocol: TCP}]}
			HTTPRoute shop/r: {parentRefs: [{name: out, port: 80}, {name: out, sectionName: c}, {name: out, sectionName: b}], hostnames: [r.example], ` + toCNN + `}
			HTTPRoute far/s: {parentRefs: [{name: out, namespace: shop}], ` + toCNN + `}
			TCPRoute shop/t: {parentRefs: [{name: out}], ` + toCNN + `}`,
			"shop/out a [shop/*] 80 HTTP gateway-name=out\nshop/out b [shop/*] 81 HTTP gateway-name=out r.example\nshop/out c [shop/*] 82 TCP gateway-name=out *"},
		{"names that a TLSRoute has in common with its listener", `
			KubernetesGateway shop/out: {gatewayClassName: istio, listeners: [{name: a, port: 443, protocol: TLS, hostname: "*.cnn.com", tls: {mode: Passthrough}}]}
			TLSRoute shop/t: {parentRefs: [{name: out}], hostnames: [edition.cnn.com, "*.com", x.example], ` + toCNN + `}`,
			"shop/out a [shop/*.cnn.com] 443 TLS PASSTHROUGH gateway-name=out *.cnn.com edition.cnn.com"},
	} {
		s := snapshot(t, c.objects)
		equal(t, c.name, madeGatewaysText(s), c.want)
		for o := range s.Objects() { // in whatever order they come
			s = s.Without(o.Ref).With(o)
		}
		equal(t, c.name+", again", madeGatewaysText(s), c.want)
		for o := range s.Objects() {
			s = s.Without(o.Ref)
		}
		equal(t, c.name+", and nothing is left", fmt.Sprint(s.gateways.byName.Len(), s.gateways.bySource.Len(), s.gateways.dependent.Len(), s.gateways.sets.Len(), s.gatewaysBySelector.Len(), s.virtualServices.Len()), "0 0 0 0 0 0")
	}
}

// madeGatewaysText returns the Gateways that were made: what has the listener, the server, the labels of the pods, and the hosts of the
// routes that are attached to it.
func madeGatewaysText(s *Snapshot) string {
	var lines []string
	for _, g := range s.gateways.bySource.Prefix("") {
		srv := gatewaySpec(g).Servers[0]
		line := fmt.Sprintf("%s/%s %s %v %d %s", g.Namespace, g.listener.source.Name, g.listener.Name, srv.Hosts, srv.Port.Number, srv.Port.Protocol)
		if srv.Tls != nil {
			line += " " + srv.Tls.Mode.String()
		}
		line += " " + strings.TrimPrefix(labelsText(gatewaySpec(g).Selector), "gateway.networking.k8s.io/")
		var hosts []string
		for _, v := range s.virtualServices.Prefix(byGateway + g.Namespace + "/" + g.Name + "\x00") {
			hosts = append(hosts, v.hosts...)
		}
		slices.Sort(hosts)
		lines = append(lines, strings.TrimRight(line+" "+strings.Join(hosts, " "), " "))
	}
	return strings.Join(lines, "\n")
}

// Istio's own Gateways for the pods of one of the Gateway API are those of its namespace, and of those of its ListenerSets.
func TestGatewaysBesideTheGatewayAPI(t *testing.T) {
	const objects = `
		Gateway shop/own: {selector: {app: out}, servers: [{hosts: ["*"], port: {number: 81, protocol: HTTP, name: http}}]}
		Gateway far/other: {selector: {app: out}, servers: [{hosts: ["*"], port: {number: 82, protocol: HTTP, name: http}}]}
		KubernetesGateway shop/out: {gatewayClassName: istio, allowedListeners: {namespaces: {from: All}}, listeners: [{name: a, port: 80, protocol: HTTP}]}
		`
	pods := map[string]string{"app": "out", gatewayNameLabel: "out"}
	for name, c := range map[string]struct {
		version     Version
		more, where string
		want        string
	}{
		"its own":                   {Version131, "", "shop", "shop/out~istio-autogenerated-k8s-gateway~a shop/own"},
		"and those of a set's":      {Version131, `ListenerSet far/more: {parentRef: {name: out, namespace: shop}, listeners: [{name: b, port: 83, protocol: HTTP}]}`, "shop", "far/more~istio-autogenerated-k8s-gateway~b far/other shop/out~istio-autogenerated-k8s-gateway~a shop/own"},
		"all of them in 1.30":       {Version130, "", "shop", "far/other shop/out~istio-autogenerated-k8s-gateway~a shop/own"},
		"pods of another namespace": {Version131, "", "far", "far/other shop/own"},
	} {
		settings := DefaultSettings()
		settings.Version = c.version
		s := New(settings, slices.Collect(snapshot(t, objects, c.more).Objects())...)
		var have []string
		for _, g := range s.gatewaysSelecting(c.where, pods) {
			have = append(have, g.Namespace+"/"+g.Name)
		}
		equal(t, name, strings.Join(have, " "), c.want)
	}
}

// A ReferenceGrant is asked for at a Gateway, not in the mesh.
func TestGrantedBackends(t *testing.T) {
	const objects = `
		Service far/web: {ports: [{port: 80, name: http}]}
		Service shop/own: {ports: [{port: 80, name: http}]}
		KubernetesGateway shop/out: {gatewayClassName: istio, listeners: [{name: a, port: 80, protocol: HTTP}]}
		HTTPRoute shop/r: {parentRefs: [{name: out}, {group: "", kind: Service, name: own}], rules: [{backendRefs: [{name: web, namespace: far, port: 80}]}]}
		`
	const denied, granted = "shop/shop~out~istio-autogenerated-k8s-gateway~a~* [*] /::0\n", "shop/shop~out~istio-autogenerated-k8s-gateway~a~* [*] /:web.far.svc.cluster.local:80\n"
	const inMesh = "shop/shop~own.shop.svc.cluster.local [own.shop.svc.cluster.local] /:web.far.svc.cluster.local:80"
	const from = `from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}]`
	for name, c := range map[string]struct{ grant, want string }{
		"none":                      {"", denied},
		"all Services":              {`ReferenceGrant far/g: {` + from + `, to: [{group: "", kind: Service}]}`, granted},
		"this one":                  {`ReferenceGrant far/g: {` + from + `, to: [{group: "", kind: Service, name: web}]}`, granted},
		"another one":               {`ReferenceGrant far/g: {` + from + `, to: [{group: "", kind: Service, name: db}]}`, denied},
		"Secrets":                   {`ReferenceGrant far/g: {` + from + `, to: [{group: "", kind: Secret}]}`, denied},
		"for another kind of route": {`ReferenceGrant far/g: {from: [{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: shop}], to: [{group: "", kind: Service}]}`, denied},
		"beside the route":          {`ReferenceGrant shop/g: {` + from + `, to: [{group: "", kind: Service}]}`, denied},
	} {
		s := snapshot(t, objects, c.grant)
		equal(t, name, madeOf(s), c.want+inMesh)
		for o := range s.ObjectsOf(KindReferenceGrant) {
			equal(t, name+", taken back", madeOf(s.Without(o.Ref)), denied+inMesh)
		}
	}
}

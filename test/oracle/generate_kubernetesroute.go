package oracle

const gatewayAPI = "gateway.networking.k8s.io"

// KubernetesRouteMesh makes a mesh with routes of the Gateway API for clients of the mesh.
func (g *Generator) KubernetesRouteMesh() Mesh {
	m := g.RoutedMesh()
	var parents []object
	for _, d := range m {
		parent := object{"name": d.Name(), "namespace": d.Namespace()}
		switch d.Kind() {
		case "ServiceEntry":
			parent["group"], parent["kind"] = "networking.istio.io", "ServiceEntry"
		case "Service":
			parent["group"], parent["kind"] = "", "Service"
		default:
			continue
		}
		parents = append(parents, parent)
	}
	if len(parents) == 0 {
		return m
	}
	for range 1 + g.rand.IntN(4) {
		m = append(m, g.kubernetesRoute(pick(g, parents...)))
	}
	return m
}

// kubernetesRoute makes a route on a parent, with what the CRDs have by default written out.
func (g *Generator) kubernetesRoute(parent object) Document {
	parent = cloneValue(parent).(object)
	if g.chance(0.25) {
		g.cover("route of the mesh on a port")
		parent["port"] = g.port()
	}
	if g.chance(0.1) {
		g.cover("route of the mesh on a parent that is not there")
		parent["name"] = "none"
	}
	namespace := parent["namespace"].(string)
	if g.chance(0.35) {
		g.cover("route of the mesh of a consumer")
		namespace = g.namespace()
	}
	kind := pick(g, "HTTPRoute", "HTTPRoute", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute")
	g.cover(kind)
	spec := object{"parentRefs": list{parent}}
	rules := list{}
	for range 1 + g.rand.IntN(2) {
		rules = append(rules, g.routeRule(kind))
	}
	spec["rules"] = rules
	if kind == "TLSRoute" && g.chance(0.6) {
		spec["hostnames"] = list{pick(g, g.world.hosts[0], g.host())}
	}
	return g.document(gatewayAPI+"/v1", kind, namespace, spec)
}

func (g *Generator) routeRule(kind string) object {
	rule := object{"backendRefs": g.routeBackends()}
	switch kind {
	case "HTTPRoute":
		matches := list{}
		for range 1 + g.rand.IntN(2) {
			matches = append(matches, g.routeMatch())
		}
		rule["matches"] = matches
	case "GRPCRoute":
		if g.chance(0.6) {
			rule["matches"] = list{object{"method": pick(g, object{"type": "Exact", "service": "s"}, object{"type": "Exact", "service": "s", "method": "m"}, object{"type": "RegularExpression", "method": ".*"})}}
		}
	default:
		return rule
	}
	filters := list{}
	if g.chance(0.15) {
		g.cover("route of the mesh with a mirror")
		backend := g.routeBackend()
		delete(backend, "weight")
		filters = append(filters, object{"type": "RequestMirror", "requestMirror": object{"backendRef": backend}})
	}
	if g.chance(0.15) {
		g.cover("route of the mesh with a Host header")
		filters = append(filters, object{"type": "RequestHeaderModifier", "requestHeaderModifier": object{"set": list{object{"name": "Host", "value": "set.example.net"}}}})
	}
	if kind == "HTTPRoute" {
		switch weighted(g, 12, 2, 1, 1) {
		case 1:
			g.cover("route of the mesh with a rewrite")
			filters = append(filters, object{"type": "URLRewrite", "urlRewrite": object{"hostname": "rewritten.example.net"}})
		case 2:
			g.cover("route of the mesh with a redirect")
			filters = append(filters, object{"type": "RequestRedirect", "requestRedirect": object{"hostname": "elsewhere.example.net"}})
		case 3:
			g.cover("route of the mesh with a filter that Istio does not know")
			filters = append(filters, object{"type": "ExtensionRef", "extensionRef": object{"group": "x", "kind": "X", "name": "x"}})
		}
	}
	if len(filters) > 0 {
		rule["filters"] = filters
	}
	return rule
}

func (g *Generator) routeMatch() object {
	m := object{"path": pick(g, object{"type": "PathPrefix", "value": "/"}, object{"type": "PathPrefix", "value": "/a"},
		object{"type": "Exact", "value": "/a/b"}, object{"type": "RegularExpression", "value": "/a.*"}, object{"type": "PathPrefix", "value": "/"})}
	if g.chance(0.15) {
		m["headers"] = list{object{"type": "Exact", "name": "x-tier", "value": "gold"}}
	}
	if g.chance(0.1) {
		m["method"] = "GET"
	}
	return m
}

func (g *Generator) routeBackends() list {
	backends := list{g.routeBackend()}
	if g.chance(0.3) {
		backends = append(backends, g.routeBackend())
	}
	return backends
}

func (g *Generator) routeBackend() object {
	b := object{"port": g.port(), "weight": pick(g, 1, 1, 1, 5, 0)}
	if g.chance(0.03) {
		g.cover("route of the mesh to a backend without a port")
		delete(b, "port")
	}
	switch weighted(g, 12, 8, 4, 2, 1, 1) {
	case 0:
		b["group"], b["kind"], b["name"] = "networking.istio.io", "Hostname", g.world.hosts[0]
	case 1:
		b["group"], b["kind"], b["name"] = "networking.istio.io", "Hostname", g.host()
	case 2:
		b["group"], b["kind"], b["name"] = "", "Service", "web"
		if g.chance(0.5) {
			b["namespace"] = g.namespace()
		}
	case 3:
		b["group"], b["kind"], b["name"], b["namespace"] = "", "Service", gatewayService, rootNamespace
	case 4:
		g.cover("route of the mesh to a backend of an unknown kind")
		b["group"], b["kind"], b["name"] = "", "Hostname", g.host()
	default:
		g.cover("route of the mesh to a short name")
		b["group"], b["kind"], b["name"] = "networking.istio.io", "Hostname", "web"
	}
	return b
}

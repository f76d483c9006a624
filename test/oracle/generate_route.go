package oracle

import "fmt"

// gatewayService is the Service in front of the egress gateway.
const gatewayService = "istio-egressgateway"

const gatewayHost = gatewayService + "." + rootNamespace + ".svc.cluster.local"

func (g *Generator) virtualService() Document {
	namespace := g.namespace()
	spec := object{}
	if g.chance(0.15) {
		return g.delegate(namespace)
	}
	spec["hosts"] = list{g.host()}
	set(spec, "exportTo", g.exportTo("VirtualService", namespace))
	switch weighted(g, 6, 2, 2) {
	case 1:
		g.cover("VirtualService gateway")
		spec["gateways"] = list{g.boundGateway()}
	case 2:
		g.cover("VirtualService mesh and gateway")
		spec["gateways"] = list{"mesh", g.boundGateway()}
	}
	switch weighted(g, 6, 2, 2) {
	case 0:
		g.cover("VirtualService http")
		spec["http"] = g.routes(g.httpRoute)
	case 1:
		g.cover("VirtualService tls")
		spec["tls"] = g.routes(g.tlsRoute)
	default:
		g.cover("VirtualService tcp")
		spec["tcp"] = g.routes(g.tcpRoute)
	}
	return g.document(networkingAPI, "VirtualService", namespace, spec)
}

// boundGateway returns a Gateway to which routes are bound.
func (g *Generator) boundGateway() string {
	if len(g.world.gateways) == 0 {
		return rootNamespace + "/egress"
	}
	return pick(g, g.world.gateways...)
}

// delegate makes a VirtualService without hosts, named so that roots find it.
func (g *Generator) delegate(namespace string) Document {
	spec := object{"http": g.routes(g.httpRoute)}
	set(spec, "exportTo", g.exportTo("VirtualService", namespace))
	d := g.document(networkingAPI, "VirtualService", namespace, spec)
	if key := "VirtualService/" + namespace + "/delegate"; g.taken[key] {
		return nil
	} else {
		g.taken[key] = true
	}
	d.metadata()["name"] = "delegate"
	return d
}

func (g *Generator) routes(route func() object) list {
	routes := list{}
	for range 1 + g.rand.IntN(2) {
		routes = append(routes, route())
	}
	return routes
}

func (g *Generator) httpRoute() object {
	r := object{}
	if g.chance(0.4) {
		r["match"] = list{g.match()}
	}
	if g.chance(0.1) {
		g.cover("VirtualService mirror")
		r["mirror"] = g.destination()
	}
	if g.chance(0.15) {
		g.cover("VirtualService delegate")
		r["delegate"] = object{"name": "delegate", "namespace": g.namespace()}
		return r
	}
	switch weighted(g, 16, 1, 1) {
	case 1:
		g.cover("VirtualService redirect")
		r["redirect"] = object{"uri": "/elsewhere"}
		return r
	case 2:
		g.cover("VirtualService directResponse")
		r["directResponse"] = object{"status": 503}
		return r
	}
	r["route"] = g.destinations()
	if g.chance(0.15) {
		g.cover("VirtualService rewrite.authority")
		r["rewrite"] = object{"authority": "rewritten.example.net"}
	}
	if g.chance(0.1) {
		g.cover("VirtualService headers Host")
		r["headers"] = g.hostHeader()
	}
	return r
}

func (g *Generator) hostHeader() object {
	return object{"request": object{pick(g, "set", "set", "add"): object{pick(g, "Host", ":authority"): "set.example.net"}}}
}

func (g *Generator) match() object {
	m := object{}
	if g.chance(0.5) {
		g.cover("VirtualService match uri")
		m["uri"] = pick(g, object{"prefix": "/"}, object{"prefix": "/a"}, object{"exact": "/a/b"}, object{"regex": "/a.*"})
	}
	if g.chance(0.15) {
		g.cover("VirtualService match headers")
		m["headers"] = object{"x-tier": pick(g, object{"exact": "gold"}, object{"prefix": "g"}, object{"exact": "iron"})}
	}
	if g.chance(0.1) {
		g.cover("VirtualService match sourceNamespace")
		m["sourceNamespace"] = g.namespace()
	}
	g.commonMatch(m)
	return m
}

func (g *Generator) commonMatch(m object) {
	if g.chance(0.4) {
		g.cover("VirtualService match port")
		m["port"] = g.port()
	}
	if g.chance(0.25) {
		g.cover("VirtualService match sourceLabels")
		m["sourceLabels"] = g.labels()
	}
	if g.chance(0.2) {
		m["gateways"] = pick(g, list{"mesh"}, list{g.boundGateway()})
	}
}

func (g *Generator) tlsRoute() object {
	m := object{"sniHosts": list{pick(g, g.world.hosts[0], g.host())}}
	g.commonMatch(m)
	return object{"match": list{m}, "route": g.destinations()}
}

func (g *Generator) tcpRoute() object {
	r := object{"route": g.destinations()}
	if g.chance(0.5) {
		m := object{}
		g.commonMatch(m)
		r["match"] = list{m}
	}
	return r
}

func (g *Generator) destinations() list {
	if !g.chance(0.3) {
		return list{object{"destination": g.destination()}}
	}
	g.cover("VirtualService weights")
	first, second := object{"destination": g.destination(), "weight": 90}, object{"destination": g.destination(), "weight": 10}
	if g.chance(0.25) {
		g.cover("VirtualService weight 0")
		delete(second, "weight")
	}
	return list{first, second}
}

func (g *Generator) destination() object {
	d := object{}
	switch weighted(g, 6, 4, 2, 1) {
	case 0:
		d["host"] = g.world.hosts[0]
	case 1:
		g.cover("VirtualService other host")
		d["host"] = g.host()
	case 2:
		g.cover("VirtualService to gateway service")
		d["host"] = gatewayHost
	default:
		g.cover("VirtualService other host")
		d["host"] = "web"
	}
	if g.chance(0.6) {
		g.cover("VirtualService port")
		d["port"] = object{"number": g.port()}
	} else {
		g.cover("VirtualService no port")
	}
	if g.chance(0.3) {
		g.cover("VirtualService subset")
		d["subset"] = pick(g, append([]string{"v1", "v2"}, g.world.subsets...)...)
	}
	return d
}

func (g *Generator) sidecar() Document {
	g.cover("Sidecar")
	namespace := g.namespace()
	spec := object{}
	if g.chance(0.35) {
		g.cover("Sidecar workloadSelector")
		spec["workloadSelector"] = object{"labels": g.labels()}
	}
	if namespace == rootNamespace {
		g.cover("Sidecar in the root namespace")
	}
	if g.chance(0.85) {
		g.cover("Sidecar egress hosts")
		egress := list{}
		for range 1 + g.rand.IntN(2) {
			egress = append(egress, g.egressListener())
		}
		spec["egress"] = egress
	}
	switch weighted(g, 2, 1, 1) {
	case 1:
		g.cover("Sidecar REGISTRY_ONLY")
		spec["outboundTrafficPolicy"] = object{"mode": "REGISTRY_ONLY"}
	case 2:
		g.cover("Sidecar ALLOW_ANY")
		spec["outboundTrafficPolicy"] = object{"mode": "ALLOW_ANY"}
	}
	return g.document(networkingAPI, "Sidecar", namespace, spec)
}

func (g *Generator) egressListener() object {
	hosts := list{}
	for range 1 + g.rand.IntN(2) {
		namespace := pick(g, ".", "*", "apps", "default", rootNamespace)
		if g.chance(0.12) {
			g.cover("Sidecar egress exclusion")
			namespace = "~" + namespace
		}
		hosts = append(hosts, namespace+"/"+pick(g, "*", "*", g.host()))
	}
	l := object{"hosts": hosts}
	if g.chance(0.2) {
		g.cover("Sidecar egress port")
		l["port"] = object{"number": g.port(), "name": "p", "protocol": pick(g, "HTTP", "TCP", "HTTP_PROXY")}
	}
	return l
}

func (g *Generator) gateway() Document {
	g.cover("Gateway")
	namespace := pick(g, rootNamespace, rootNamespace, "apps")
	if len(g.world.gateways) > 0 {
		namespace = g.namespace()
	}
	servers := list{}
	for _, number := range g.world.ports {
		if len(servers) == 0 || g.chance(0.4) {
			servers = append(servers, g.server(number))
		}
	}
	spec := object{"selector": object{"istio": "egressgateway"}, "servers": servers}
	d := g.document(networkingAPI, "Gateway", namespace, spec)
	if key := "Gateway/" + namespace + "/egress"; !g.taken[key] {
		g.taken[key] = true
		d.metadata()["name"] = "egress"
	}
	return d
}

func (g *Generator) server(number uint32) object {
	s := object{"hosts": list{g.host()}}
	var protocol string
	switch weighted(g, 4, 3, 2, 2) {
	case 0:
		g.cover("Gateway HTTP")
		protocol = "HTTP"
	case 1:
		g.cover("Gateway HTTPS")
		protocol = "HTTPS"
		s["tls"] = object{"mode": "SIMPLE", "credentialName": "server-cert"}
	case 2:
		g.cover("Gateway TLS PASSTHROUGH")
		protocol = "TLS"
		s["tls"] = object{"mode": "PASSTHROUGH"}
	default:
		g.cover("Gateway ISTIO_MUTUAL")
		protocol = pick(g, "HTTPS", "TLS")
		s["tls"] = object{"mode": "ISTIO_MUTUAL"}
	}
	s["port"] = object{"number": number, "name": "p", "protocol": protocol}
	return s
}

// RoutedMesh makes a mesh in which much is routed. Its Sidecars are such as Istio admits, and no two of its Services have
// one address.
func (g *Generator) RoutedMesh() Mesh {
	m := g.Mesh()
	for i, d := range m {
		switch spec := d.Spec(); {
		case d.Kind() == "Sidecar":
			g.ordered(spec)
		case d.Kind() == "Service" && spec["clusterIP"] == "10.0.0.1":
			spec["clusterIP"] = fmt.Sprintf("10.0.0.%d", 1+i)
		}
	}
	for range 1 + g.rand.IntN(3) {
		if d := g.virtualService(); d != nil {
			m = append(m, d)
		}
	}
	return m
}

// ordered leaves a Sidecar no two egress listeners for one port, and the one without a port the last.
func (g *Generator) ordered(sidecar object) {
	egress, _ := sidecar["egress"].(list)
	if len(egress) < 2 {
		return
	}
	first, last := egress[0].(object), egress[1].(object)
	if first["port"] == nil {
		first["port"] = g.egressPort()
	}
	if last["port"] != nil {
		delete(last, "port")
	}
}

func (g *Generator) egressPort() object {
	return object{"number": g.port(), "name": "p", "protocol": pick(g, "HTTP", "TCP", "TLS", "HTTP_PROXY", "MYSQL")}
}

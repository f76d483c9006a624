package oracle

import "fmt"

// GatewayMesh makes a mesh in which gateways have much to route.
func (g *Generator) GatewayMesh() Mesh {
	m := g.RoutedMesh()
	for range 1 + g.rand.IntN(2) {
		m = append(m, g.gateway())
	}
	var names []string
	for _, d := range m {
		if d.Kind() == "Gateway" {
			names = append(names, d.Namespace()+"/"+d.Name())
			g.enrich(d)
		}
	}
	for _, d := range m {
		if d.Kind() == "VirtualService" && d.Spec()["hosts"] != nil && g.chance(0.8) {
			d.Spec()["gateways"] = g.bindings(d.Namespace(), names)
		}
	}
	g.severalNames(m)
	return m
}

// severalNames adds a second name to tls routes.
func (g *Generator) severalNames(m Mesh) {
	for _, d := range m {
		routes, _ := d.Spec()["tls"].(list)
		for _, r := range routes {
			matches, _ := r.(object)["match"].(list)
			for _, match := range matches {
				names, _ := match.(object)["sniHosts"].(list)
				if other := g.host(); g.chance(0.4) && len(names) > 0 && names[0] != other {
					g.cover("VirtualService several sniHosts")
					match.(object)["sniHosts"] = append(names, other)
				}
			}
		}
	}
}

// bindings returns the gateways of a VirtualService, as people write them.
func (g *Generator) bindings(namespace string, names []string) list {
	bound := list{pick(g, names...)}
	if other := pick(g, names...); g.chance(0.3) && other != bound[0] {
		bound = append(bound, other)
	}
	if g.chance(0.2) {
		bound = append(bound, "mesh")
	}
	if g.chance(0.1) {
		bound = append(bound, "./egress")
	}
	return bound
}

// enrich adds servers to a Gateway, of more kinds.
func (g *Generator) enrich(d Document) {
	servers := list{}
	for range 1 + g.rand.IntN(3) {
		servers = append(servers, g.richServer(d.Namespace()))
	}
	d.Spec()["servers"] = servers
}

func (g *Generator) richServer(namespace string) object {
	number := g.port()
	s := g.server(number)
	port := s["port"].(object)
	port["name"] = pick(g, "p", fmt.Sprintf("p%d", g.rand.IntN(3)))
	switch weighted(g, 6, 2, 1, 1, 1, 1) {
	case 1:
		g.cover("Gateway TCP")
		delete(s, "tls")
		port["protocol"] = pick(g, "TCP", "MONGO", "HTTPS")
	case 2:
		g.cover("Gateway TLS without HTTP")
		port["protocol"] = pick(g, "TLS", "TCP")
		s["tls"] = object{"mode": "SIMPLE", "credentialName": "server-cert"}
	case 3:
		g.cover("Gateway AUTO_PASSTHROUGH")
		port["protocol"] = "TLS"
		s["tls"] = object{"mode": "AUTO_PASSTHROUGH"}
	case 4:
		g.cover("Gateway httpsRedirect")
		port["protocol"] = "HTTP"
		s["tls"] = object{"httpsRedirect": true}
	case 5:
		g.cover("Gateway HTTP2")
		port["protocol"] = pick(g, "HTTP2", "GRPC", "http")
		delete(s, "tls")
	}
	s["hosts"] = g.serverHosts(namespace)
	return s
}

func (g *Generator) serverHosts(namespace string) list {
	hosts := list{}
	for range 1 + g.rand.IntN(2) {
		h := pick(g, g.host(), "*", g.host())
		switch weighted(g, 6, 1, 1, 1) {
		case 1:
			g.cover("Gateway host of a namespace")
			h = g.namespace() + "/" + h
		case 2:
			g.cover("Gateway host of its own namespace")
			h = "./" + h
		case 3:
			h = "*/" + h
		}
		if len(hosts) == 0 || hosts[0] != h {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

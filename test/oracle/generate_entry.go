package oracle

import (
	"fmt"
	"strings"
)

func (g *Generator) serviceEntry() Document {
	namespace := g.namespace()
	ports := g.entryPorts()
	spec := object{"hosts": g.entryHosts(), "ports": ports}
	set(spec, "exportTo", g.exportTo("ServiceEntry", namespace))
	resolution := g.location(spec)
	g.backends(spec, resolution, ports)
	if g.chance(0.15) {
		g.cover("ServiceEntry subjectAltNames")
		spec["subjectAltNames"] = pick(g, list{"san.example.net"}, list{"b.example.net", "a.example.net"})
	}
	if g.chance(0.1) || len(g.world.vips) > 0 && g.chance(0.5) {
		g.cover("ServiceEntry addresses")
		spec["addresses"] = g.vips()
	}
	d := g.document(networkingAPI, "ServiceEntry", namespace, spec)
	if g.chance(0.1) {
		g.cover("ServiceEntry labels")
		d.metadata()["labels"] = object{"team": "a"}
	}
	return d
}

func (g *Generator) vips() list {
	if len(g.world.vips) > 0 {
		return list{pick(g, g.world.vips...)}
	}
	return pick(g, list{"240.1.1.1"}, list{"240.1.1.1", "240.1.1.2"})
}

func (g *Generator) entryHosts() list {
	hosts := list{}
	count := 1
	if g.chance(0.15) {
		count = 2
	}
	for range count {
		h := g.host()
		if h == "*" || strings.HasPrefix(h, "*e") {
			h = g.world.hosts[0]
		}
		if len(hosts) == 1 && hosts[0] == h {
			continue
		}
		hosts = append(hosts, h)
		if strings.HasPrefix(h, "*") {
			g.cover("ServiceEntry wildcard host")
		} else {
			g.cover("ServiceEntry exact host")
		}
	}
	if len(hosts) > 1 {
		g.cover("ServiceEntry several hosts")
	}
	return hosts
}

func (g *Generator) entryPorts() list {
	ports := list{}
	for _, number := range g.world.ports {
		if len(ports) > 0 && !g.chance(0.6) {
			continue
		}
		name := pick(g, fmt.Sprintf("p%d", number), fmt.Sprintf("p%d", number), fmt.Sprintf("q%d", number))
		p := object{"number": number, "name": name}
		if protocol := g.protocol(); protocol != "" {
			p["protocol"] = protocol
		}
		if g.chance(0.35) {
			g.cover("ServiceEntry targetPort")
			p["targetPort"] = pick[uint32](g, 443, 443, 8443, 80)
		}
		ports = append(ports, p)
	}
	return ports
}

// protocol returns a protocol as people write it.
func (g *Generator) protocol() string {
	all := []string{"HTTP", "HTTP2", "GRPC", "GRPC-Web", "HTTP_PROXY", "HTTPS", "TLS", "TCP", "MONGO", "MYSQL", "REDIS", "UDP", "", "QUIC"}
	p := all[weighted(g, 20, 3, 3, 2, 2, 10, 6, 8, 2, 2, 2, 2, 3, 1)]
	switch p {
	case "":
		g.cover("protocol none")
		return ""
	case "QUIC":
		g.cover("protocol unknown")
		return p
	}
	g.cover("protocol " + p)
	if g.chance(0.2) {
		g.cover("ServiceEntry protocol in odd case")
		return pick(g, strings.ToLower(p), p[:1]+strings.ToLower(p[1:]))
	}
	return p
}

// location sets location and resolution, and returns the resolution.
func (g *Generator) location(spec object) string {
	location := []string{"MESH_EXTERNAL", "", "MESH_INTERNAL"}[weighted(g, 6, 2, 2)]
	if location == "" {
		g.cover("ServiceEntry location unset")
	} else {
		g.cover("ServiceEntry " + location)
		spec["location"] = location
	}
	resolution := []string{"DNS", "NONE", "", "STATIC", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"}[weighted(g, 10, 3, 1, 4, 2, 2)]
	if resolution == "" {
		g.cover("ServiceEntry resolution unset")
		return "NONE"
	}
	g.cover("ServiceEntry resolution " + resolution)
	spec["resolution"] = resolution
	return resolution
}

// backends sets endpoints or a workloadSelector, as the resolution allows.
func (g *Generator) backends(spec object, resolution string, ports list) {
	if resolution != "STATIC" && g.chance(0.75) {
		return
	}
	if g.chance(0.3) {
		g.cover("ServiceEntry workloadSelector")
		spec["workloadSelector"] = object{"labels": g.labels()}
		return
	}
	endpoints := list{}
	for range 1 + g.rand.IntN(2) {
		endpoints = append(endpoints, g.endpoint(resolution, ports))
	}
	g.cover("ServiceEntry endpoints")
	spec["endpoints"] = endpoints
}

func (g *Generator) endpoint(resolution string, ports list) object {
	e := object{"address": g.address(resolution)}
	if g.chance(0.5) {
		g.cover("ServiceEntry endpoint ports")
		e["ports"] = g.portMap(ports)
	}
	if g.chance(0.3) {
		e["labels"] = pick(g, object{"version": "v1"}, object{"version": "v2"}, object{"security.istio.io/tlsMode": "istio"})
	}
	if g.chance(0.1) {
		g.cover("ServiceEntry endpoint serviceAccount")
		e["serviceAccount"] = "backend"
	}
	return e
}

func (g *Generator) address(resolution string) string {
	ip := pick(g, "192.0.2.1", "192.0.2.2", "198.51.100.7")
	if resolution == "STATIC" || resolution == "NONE" {
		return ip
	}
	return pick(g, ip, "backend.example.net", "eu.example.net", "us.example.net")
}

func (g *Generator) portMap(ports list) object {
	m := object{}
	for _, p := range ports {
		if g.chance(0.7) {
			m[p.(object)["name"].(string)] = pick[uint32](g, 8443, 9443, 443)
		}
	}
	if g.chance(0.1) {
		m["unrelated"] = 1234
	}
	return m
}

func (g *Generator) workloadEntry() Document {
	g.cover("WorkloadEntry")
	spec := object{"address": g.address(pick(g, "STATIC", "STATIC", "DNS"))}
	inMetadata := g.chance(0.4)
	labels := g.labels()
	if g.chance(0.5) {
		g.cover("WorkloadEntry ports")
		m := object{}
		for _, number := range g.world.ports {
			m[pick(g, fmt.Sprintf("p%d", number), fmt.Sprintf("q%d", number))] = pick[uint32](g, 8443, 7443)
		}
		spec["ports"] = m
	}
	if !inMetadata {
		spec["labels"] = labels
	}
	d := g.document(networkingAPI, "WorkloadEntry", g.namespace(), spec)
	if inMetadata {
		g.cover("WorkloadEntry labels in metadata")
		d.metadata()["labels"] = labels
		if g.chance(0.3) {
			spec["labels"] = object{"app": "curl"}
		}
	}
	return d
}

func (g *Generator) service() Document {
	g.cover("Service")
	namespace := g.namespace()
	spec := object{"selector": object{"app": "web"}}
	ports := list{}
	for _, number := range g.world.ports {
		p := object{"port": number, "name": pick(g, "http", "https", "tcp-x", "grpc-web-y", "tls", "HTTP", "web")}
		p["name"] = fmt.Sprintf("%s-%d", p["name"], number)
		if g.chance(0.3) {
			g.cover("Service appProtocol")
			p["appProtocol"] = pick(g, "http", "https", "tcp", "kubernetes.io/h2c", "TLS")
		}
		ports = append(ports, p)
	}
	spec["ports"] = ports
	switch weighted(g, 8, 2, 1) {
	case 1:
		g.cover("Service headless")
		spec["clusterIP"] = "None"
	case 2:
		g.cover("Service ExternalName")
		spec["type"], spec["externalName"] = "ExternalName", g.world.hosts[0]
	default:
		spec["clusterIP"] = "10.0.0.1"
	}
	d := g.document("v1", "Service", namespace, spec)
	name := "web"
	if namespace == rootNamespace {
		name = gatewayService
		spec["selector"] = object{"istio": "egressgateway", "app": gatewayService}
	}
	if key := "Service/" + namespace + "/" + name; g.taken[key] {
		return nil
	} else {
		g.taken[key] = true
	}
	d.metadata()["name"] = name
	if g.chance(0.15) {
		g.cover("Service exportTo annotation")
		d.metadata()["annotations"] = object{"networking.istio.io/exportTo": pick(g, ".", "*", "apps", "., default")}
	}
	return d
}

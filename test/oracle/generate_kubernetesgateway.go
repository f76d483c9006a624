package oracle

import (
	"fmt"
	"strings"
)

// gatewayNameLabel is on the pods that istiod makes for a Gateway of the Gateway API.
const gatewayNameLabel = "gateway.networking.k8s.io/gateway-name"

// KubernetesGatewayMesh makes a mesh with Gateways of the Gateway API, their ListenerSets, and routes that are attached to them, beside
// Gateways of networking.istio.io, some of them for the same pods.
func (g *Generator) KubernetesGatewayMesh() Mesh {
	m := g.GatewayMesh()
	for _, namespace := range g.world.namespaces {
		if g.chance(0.5) {
			m = append(m, Document{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": namespace, "labels": object{"out": pick(g, "yes", "no")}}})
		}
	}
	var parents []Document
	for range 1 + g.rand.IntN(2) {
		gateway, ports := g.kubernetesGateway()
		m, parents = append(m, gateway), append(parents, gateway)
		if g.chance(0.4) {
			set := g.listenerSet(gateway)
			m, parents = append(m, set), append(parents, set)
			ports = append(ports, listenersOf(set)...)
		}
		m = g.withGatewayService(m, gateway, ports)
	}
	for range 1 + g.rand.IntN(4) {
		m = append(m, g.attachedRoute(pick(g, parents...)))
	}
	for range g.rand.IntN(3) {
		m = append(m, g.referenceGrant())
	}
	return m
}

// kubernetesGateway makes a Gateway: for pods of its own, or for those of the egress gateway.
func (g *Generator) kubernetesGateway() (Document, []object) {
	namespace := g.namespace()
	spec := object{"gatewayClassName": "istio"}
	if g.chance(0.1) {
		g.cover("Gateway API of another class")
		spec["gatewayClassName"] = "other"
	}
	if g.chance(0.4) {
		g.cover("Gateway API for pods that are there")
		namespace = pick(g, rootNamespace, rootNamespace, rootNamespace, namespace)
		spec["addresses"] = list{object{"type": "Hostname", "value": pick(g, gatewayService, gatewayHost)}}
	}
	if g.chance(0.6) {
		spec["allowedListeners"] = object{"namespaces": g.allowedNamespaces("All", "Same", "None")}
	}
	listeners := list{}
	for range 1 + g.rand.IntN(4) {
		listeners = append(listeners, g.listener(len(listeners)))
	}
	spec["listeners"] = listeners
	g.cover("Gateway API")
	d := g.document(gatewayAPI+"/v1", "Gateway", namespace, spec)
	d.metadata()["name"] = "gw-" + d.Name()
	return d, listenersOf(d)
}

// listenerSet makes listeners for a Gateway.
func (g *Generator) listenerSet(gateway Document) Document {
	g.cover("ListenerSet")
	namespace := pick(g, gateway.Namespace(), g.namespace())
	listeners := list{}
	for range 1 + g.rand.IntN(2) {
		listeners = append(listeners, g.listener(len(listeners)))
	}
	return g.document(gatewayAPI+"/v1", "ListenerSet", namespace, object{
		"parentRef": object{"name": gateway.Name(), "namespace": gateway.Namespace()}, "listeners": listeners,
	})
}

// listener makes a listener.
func (g *Generator) listener(index int) object {
	l := object{"name": fmt.Sprintf("l%d", index), "port": g.port()}
	switch weighted(g, 8, 3, 3, 2, 2) {
	case 0:
		l["protocol"] = "HTTP"
	case 1:
		g.cover("listener HTTPS")
		l["protocol"] = "HTTPS"
		l["tls"] = g.listenerTLS()
	case 2:
		g.cover("listener TLS Passthrough")
		l["protocol"] = "TLS"
		l["tls"] = object{"mode": "Passthrough"}
	case 3:
		g.cover("listener TLS Terminate")
		l["protocol"] = "TLS"
		l["tls"] = g.listenerTLS()
	default:
		g.cover("listener TCP")
		l["protocol"] = "TCP"
	}
	if g.chance(0.6) && l["protocol"] != "TCP" {
		g.cover("listener with a hostname")
		l["hostname"] = strings.ToLower(g.host())
	}
	routes := object{}
	if g.chance(0.6) {
		routes["namespaces"] = g.allowedNamespaces("All", "All", "Same")
	}
	if g.chance(0.1) {
		g.cover("listener with kinds")
		routes["kinds"] = list{object{"group": gatewayAPI, "kind": pick(g, "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute")}}
	}
	if len(routes) > 0 {
		l["allowedRoutes"] = routes
	}
	return l
}

// listenerTLS makes TLS that ends at the gateway, by the certificate of its pods: those of Secrets are not there, and Istio has no such
// listener.
func (g *Generator) listenerTLS() object {
	return object{"mode": "Terminate", "options": object{"gateway.istio.io/tls-terminate-mode": pick(g, "ISTIO_MUTUAL", "ISTIO_MUTUAL", "ISTIO_SIMPLE")}}
}

func (g *Generator) allowedNamespaces(from ...string) object {
	if g.chance(0.3) {
		g.cover("namespaces by a selector")
		return object{"from": "Selector", "selector": object{"matchLabels": object{"out": "yes"}}}
	}
	return object{"from": pick(g, from...)}
}

// withGatewayService adds the Service that istiod makes for a Gateway, or that of the egress gateway where there is none.
func (g *Generator) withGatewayService(m Mesh, gateway Document, listeners []object) Mesh {
	ports := list{}
	seen := map[uint32]bool{}
	for _, l := range listeners {
		if number := numberOf(l["port"]); !seen[number] {
			seen[number] = true
			ports = append(ports, object{"name": fmt.Sprintf("tcp-%d", number), "port": number})
		}
	}
	name, selector := gateway.Name()+"-istio", object{gatewayNameLabel: gateway.Name()}
	if gateway.Spec()["addresses"] != nil {
		name, selector = gatewayService, object{"istio": "egressgateway", "app": gatewayService}
		if len(ports) > 1 && g.chance(0.3) {
			ports = ports[1:]
		}
	}
	key := "Service/" + gateway.Namespace() + "/" + name
	if g.taken[key] {
		return m
	}
	g.taken[key] = true
	return append(m, Document{"apiVersion": "v1", "kind": "Service", "metadata": object{"name": name, "namespace": gateway.Namespace(), "creationTimestamp": "2024-01-01T00:00:00Z"},
		"spec": object{"clusterIP": fmt.Sprintf("10.0.1.%d", len(m)), "selector": selector, "ports": ports}})
}

// attachedRoute makes a route that is attached to a Gateway or a ListenerSet.
func (g *Generator) attachedRoute(parent Document) Document {
	kind := pick(g, "HTTPRoute", "HTTPRoute", "HTTPRoute", "GRPCRoute", "TLSRoute", "TLSRoute", "TCPRoute")
	ref := object{"group": gatewayAPI, "kind": pick(g, parent["kind"].(string)), "name": parent.Name(), "namespace": parent.Namespace()}
	listeners := listenersOf(parent)
	if g.chance(0.3) && len(listeners) > 0 {
		g.cover("route at a section")
		ref["sectionName"] = pick(g, listeners...)["name"]
	}
	if g.chance(0.2) {
		g.cover("route at a port")
		ref["port"] = g.port()
	}
	spec := object{"parentRefs": list{ref}}
	if kind != "TCPRoute" && g.chance(0.7) {
		names := list{}
		for range 1 + g.rand.IntN(3) {
			names = append(names, strings.ToLower(g.host()))
		}
		spec["hostnames"] = names
	}
	rules := list{}
	for range 1 + g.rand.IntN(2) {
		rules = append(rules, g.routeRule(kind))
	}
	spec["rules"] = rules
	g.cover(kind)
	return g.document(gatewayAPI+"/v1", kind, pick(g, parent.Namespace(), parent.Namespace(), g.namespace()), spec)
}

func (g *Generator) referenceGrant() Document {
	g.cover("ReferenceGrant")
	to := object{"group": "", "kind": pick(g, "Service", "Service", "Secret")}
	if g.chance(0.3) {
		to["name"] = pick(g, "web", gatewayService, "none")
	}
	return g.document(gatewayAPI+"/v1beta1", "ReferenceGrant", g.namespace(), object{
		"from": list{object{"group": gatewayAPI, "kind": pick(g, "HTTPRoute", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"), "namespace": g.namespace()}},
		"to":   list{to},
	})
}

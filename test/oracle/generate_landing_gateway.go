package oracle

// gatewayServer is how clients reach the egress gateway for a host.
type gatewayServer struct {
	number   uint32
	protocol string
	tls      object
	// hop is the TLS of the sidecars towards the gateway; nil for none of a rule's.
	hop object
}

// gatewayObjects are the Gateway and the rule for the way to it.
func (h *landingHost) gatewayObjects(s gatewayServer) Mesh {
	server := object{"port": portNamed(s.number, "to-"+dashed(h.host), s.protocol), "hosts": list{h.host}}
	if s.tls != nil {
		server["tls"] = s.tls
	}
	policy := object{"loadBalancer": object{"simple": "ROUND_ROBIN"}}
	if s.hop != nil {
		policy["portLevelSettings"] = list{object{"port": object{"number": s.number}, "tls": s.hop}}
	}
	subset := object{"name": h.subset(), "trafficPolicy": policy}
	return Mesh{
		h.made("Gateway", "egress", h.rules, object{"selector": object{"istio": "egressgateway"}, "servers": list{server}}),
		h.made("DestinationRule", "to-gateway", h.rules, object{"host": egressHost, "subsets": list{subset}}),
	}
}

func (h *landingHost) subset() string { return dashed(h.host) }

func (h *landingHost) toGateway(number uint32) list {
	return list{object{"destination": object{"host": egressHost, "subset": h.subset(), "port": object{"number": number}}}}
}

func (h *landingHost) gatewayName() string { return "egress-" + dashed(h.host) }

// bindings are the gateways of the route to and from the gateway.
func (h *landingHost) gateways() list { return list{h.gatewayName(), "mesh"} }

// gatewayOrigination has the egress gateway start TLS. The objects beside the entry lie in its namespace, as in the
// documentation, but for the gateway's rule with a certificate, which lies in the gateway's.
func (h *landingHost) gatewayOrigination() Mesh {
	server := gatewayServer{number: 80, protocol: "HTTP"}
	switch weighted(h.Generator, 1, 2, 2) {
	case 1:
		server = gatewayServer{number: 80, protocol: "HTTPS"}
	case 2:
		server = gatewayServer{number: 443, protocol: "HTTPS"}
	}
	if server.protocol == "HTTPS" {
		server.tls, server.hop = object{"mode": "ISTIO_MUTUAL"}, object{"mode": "ISTIO_MUTUAL", "sni": h.host}
	}
	out, ports := uint32(443), []object{portNamed(80, "http", "HTTP"), portNamed(443, "https", "HTTPS")}
	if h.chance(0.3) {
		first := portNamed(80, "http", "HTTP")
		first["targetPort"] = uint32(443)
		out, ports = 80, []object{first}
	}
	originating := *h
	tls := h.originated()
	if h.chance(0.4) {
		originating.rules = rootNamespace
		if h.chance(0.5) {
			tls = object{"mode": "MUTUAL", "credentialName": "client-credential"}
			if h.chance(0.5) {
				tls["sni"], tls["subjectAltNames"] = h.host, list{h.host}
			}
		}
	}
	route := h.made("VirtualService", "through-gateway", h.rules, h.export(object{
		"hosts": list{h.host}, "gateways": h.gateways(),
		"http": list{
			object{"match": list{object{"gateways": list{"mesh"}, "port": uint32(80)}}, "route": h.toGateway(server.number)},
			object{"match": list{object{"gateways": list{h.gatewayName()}, "port": server.number}}, "route": list{
				object{"destination": object{"host": h.host, "port": object{"number": out}}, "weight": 100},
			}},
		},
	}))
	m := append(Mesh{h.entry(ports...)}, h.gatewayObjects(server)...)
	return append(m, route, originating.rule(tls, pick(h.Generator, out, out, 0)))
}

// gatewayPassthrough has the egress gateway pass on the application's TLS.
func (h *landingHost) gatewayPassthrough() Mesh {
	m := append(Mesh{h.entry(portNamed(443, "tls", pick(h.Generator, "TLS", "HTTPS")))},
		h.gatewayObjects(gatewayServer{number: 443, protocol: "TLS", tls: object{"mode": "PASSTHROUGH"}})...)
	sni := func(gateway string) list {
		return list{object{"gateways": list{gateway}, "port": uint32(443), "sniHosts": list{h.host}}}
	}
	return append(m, h.made("VirtualService", "through-gateway", h.rules, h.export(object{
		"hosts": list{h.host}, "gateways": h.gateways(),
		"tls": list{
			object{"match": sni("mesh"), "route": h.toGateway(443)},
			object{"match": sni(h.gatewayName()), "route": list{
				object{"destination": object{"host": h.host, "port": object{"number": uint32(443)}}, "weight": 100},
			}},
		},
	})))
}

// gatewayTCP sends bytes under the mesh's own TLS to the gateway, which starts TLS to the server for them.
func (h *landingHost) gatewayTCP() Mesh {
	entry := h.entry(portNamed(3306, "tcp", pick(h.Generator, "TCP", "MYSQL")))
	entry.Spec()["addresses"] = list{h.vip}
	m := append(Mesh{entry}, h.gatewayObjects(gatewayServer{
		number: 443, protocol: "TLS", tls: object{"mode": "ISTIO_MUTUAL"}, hop: object{"mode": "ISTIO_MUTUAL", "sni": h.host},
	})...)
	route := h.made("VirtualService", "through-gateway", h.rules, h.export(object{
		"hosts": list{h.host}, "gateways": h.gateways(),
		"tcp": list{
			object{"match": list{object{"gateways": list{"mesh"}, "port": uint32(3306)}}, "route": h.toGateway(443)},
			object{"match": list{object{"gateways": list{h.gatewayName()}, "port": uint32(443)}}, "route": list{
				object{"destination": object{"host": h.host, "port": object{"number": uint32(3306)}}, "weight": 100},
			}},
		},
	}))
	return append(m, route, h.rule(h.named(), 3306))
}

// gatewayWildcard passes the application's TLS to any host of a domain through the gateway to one server of it.
func (h *landingHost) gatewayWildcard() Mesh {
	whole := *h
	whole.host = "*." + h.host
	entry := whole.entry(portNamed(443, "https", "HTTPS"))
	delete(entry.Spec(), "endpoints")
	delete(entry.Spec(), "addresses")
	entry.Spec()["resolution"] = "NONE"
	m := append(Mesh{entry, h.entry(portNamed(443, "https", "HTTPS"))},
		whole.gatewayObjects(gatewayServer{number: 443, protocol: "TLS", tls: object{"mode": "PASSTHROUGH"}})...)
	sni := func(gateway string) list {
		return list{object{"gateways": list{gateway}, "port": uint32(443), "sniHosts": list{whole.host}}}
	}
	return append(m, whole.made("VirtualService", "through-gateway", h.rules, h.export(object{
		"hosts": list{whole.host}, "gateways": list{whole.gatewayName(), "mesh"},
		"tls": list{
			object{"match": sni("mesh"), "route": whole.toGateway(443)},
			object{"match": sni(whole.gatewayName()), "route": list{
				object{"destination": object{"host": h.host, "port": object{"number": uint32(443)}}, "weight": 100},
			}},
		},
	})))
}

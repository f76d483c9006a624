package oracle

import "slices"

// aimed returns writes that go for one of the victims in a way of which Istio's source says that it may work. What is random
// finds these too, in ten times as many attacks.
func (g *Generator) aimed(victims []victim) []Write {
	v := pick(g, victims...)
	ways := []func(victim) []Write{g.takeListener, g.takeHost, g.loosenRule, g.uncoverRule, g.changeTerminating, g.revealByRevision, g.routeBytes, g.moveWorkload, g.matchAddresses}
	if v.gateway != "" {
		ways = append(ways, g.takeGatewayServer, g.takeGatewayRoute, g.takeGatewayRoute)
	}
	return pick(g, ways...)(v)
}

// own returns an object of the tenant's.
func (g *Generator) own(kind string, spec object) Document {
	d := g.document(networkingAPI, kind, tenantNamespace, spec)
	delete(d.metadata(), "creationTimestamp")
	return d
}

func created(objects ...Document) []Write {
	var writes []Write
	for _, d := range objects {
		writes = append(writes, Write{Operation: "CREATE", Object: d})
	}
	return writes
}

// exported sets exportTo on an object, more often than not such that others see it.
func (g *Generator) exported(spec object, kind string) object {
	if g.chance(0.5) {
		spec["exportTo"] = pick(g, list{victimNamespace}, list{"shop", victimNamespace}, list{rootNamespace}, list{"*"})
		return spec
	}
	set(spec, "exportTo", g.exportTo(kind, tenantNamespace))
	return spec
}

// takeListener makes an entry of another host where the victim's connections arrive: at its address, over it, at its
// server's, or at none.
func (g *Generator) takeListener(v victim) []Write {
	port := object{"number": v.ports[0], "name": "taken"}
	if p := g.protocol(); p != "" {
		port["protocol"] = p
	}
	if g.chance(0.3) {
		port["targetPort"] = pick[uint32](g, 80, 443)
	}
	spec := object{"hosts": list{"evil.example.net"}, "ports": list{port}}
	resolution := g.location(spec)
	at := []string{"192.0.2.1", "128.0.0.0/1", "0.0.0.1/1", "1.2.3.4/0", "::/0", unlisted}
	if v.vip != "" {
		at = append(at, v.vip, v.vip, "240.1.1.0/24")
	}
	if g.chance(0.7) {
		spec["addresses"] = list{pick(g, at...)}
	}
	if resolution == "STATIC" || g.chance(0.2) {
		spec["endpoints"] = list{object{"address": g.address("STATIC")}}
	}
	return created(g.own("ServiceEntry", g.exported(spec, "ServiceEntry")))
}

// takeHost makes an entry of the victim's host.
func (g *Generator) takeHost(v victim) []Write {
	spec := object{"hosts": list{pick(g, v.host, v.host, "*.example.com")}, "ports": g.entryPorts()}
	resolution := g.location(spec)
	g.backends(spec, resolution, spec["ports"].(list))
	writes := created(g.own("ServiceEntry", g.exported(spec, "ServiceEntry")))
	if g.chance(0.4) {
		writes = append(writes, created(g.own("WorkloadEntry", object{"address": g.address("STATIC"), "labels": g.labels()}))...)
	}
	return writes
}

// loosenRule makes a rule for the victim's host without TLS, or with another.
func (g *Generator) loosenRule(v victim) []Write {
	spec := g.exported(object{"host": v.host, "trafficPolicy": g.trafficPolicy("")}, "DestinationRule")
	if g.chance(0.3) {
		spec["workloadSelector"] = object{"matchLabels": g.labels()}
	}
	return created(g.own("DestinationRule", spec))
}

// uncoverRule makes two rules for the victim's host of which one counts, and takes that one away.
func (g *Generator) uncoverRule(v victim) []Write {
	rule := func(mode string) Document {
		policy := object{"tls": object{"mode": mode}}
		return g.own("DestinationRule", object{"host": v.host, "trafficPolicy": policy, "exportTo": list{"."}})
	}
	good, bad := rule("SIMPLE"), rule("DISABLE")
	return append(created(good, bad), Write{Operation: "DELETE", Object: good})
}

// changeTerminating makes an object that outlives its DELETE, and changes it then.
func (g *Generator) changeTerminating(v victim) []Write {
	harmless := g.own("ServiceEntry", object{
		"hosts": list{"own.example.net"}, "resolution": "DNS", "exportTo": list{"."},
		"ports": list{object{"number": uint32(443), "name": "tls", "protocol": "TLS"}},
	})
	harmless.metadata()["finalizers"] = list{"example.com/stay"}
	g.cover("finalizer")
	harmful := pick(g, g.takeListener, g.takeHost)(v)[0].Object
	harmful["metadata"] = cloneValue(harmless.metadata())
	return []Write{
		{Operation: "CREATE", Object: harmless}, {Operation: "DELETE", Object: harmless}, {Operation: "UPDATE", Object: harmful},
	}
}

// revealByRevision makes an object of another revision, and then one of this.
func (g *Generator) revealByRevision(v victim) []Write {
	harmful := pick(g, g.takeListener, g.takeHost, g.loosenRule)(v)[0].Object
	hidden := harmful.Clone()
	setMetadata(hidden, "labels", "istio.io/rev", "canary")
	g.cover("metadata istio.io/rev")
	return []Write{{Operation: "CREATE", Object: hidden}, {Operation: "UPDATE", Object: harmful, OnlyMetadata: true}}
}

// routeBytes makes a route for the bytes at the victim's port, or its address, to another host.
func (g *Generator) routeBytes(v victim) []Write {
	match := object{"port": v.ports[0]}
	if v.vip != "" && g.chance(0.5) {
		match["destinationSubnets"] = list{v.vip}
	}
	to := object{"destination": object{"host": pick(g, "evil.example.net", v.host), "port": object{"number": g.port()}}}
	writes := created(g.own("VirtualService", g.exported(object{
		"hosts": list{v.host}, "tcp": list{object{"match": list{match}, "route": list{to}}},
	}, "VirtualService")))
	if g.chance(0.6) {
		writes = slices.Concat(g.takeListener(v), writes)
	}
	return writes
}

// matchAddresses makes an entry of the tenant's own on the victim's port, at addresses of which Istio makes no condition or at none, and a
// route for it of which a match is by addresses of others.
func (g *Generator) matchAddresses(v victim) []Write {
	const own = "own.example.net"
	protocol := pick(g, "TLS", "TCP")
	matched := []list{{"0.0.0.0/1", "128.0.0.0/1"}, {"0.0.0.1/1", "128.0.0.0/1"}, {"1.2.3.4/0"}, {"::/0"}, {"192.0.2.1"}, {unlisted}}
	if v.vip != "" {
		matched = append(matched, list{v.vip})
	}
	entry := object{"hosts": list{own}, "ports": list{object{"number": v.ports[0], "name": "own", "protocol": protocol}}, "resolution": "DNS"}
	i := g.rand.IntN(2 * len(matched)) // one draw, as long as seeds are to make what they made
	if i >= len(matched) {
		entry["addresses"], entry["resolution"] = list{"0.0.0.0/0"}, "NONE"
	}
	match := object{"port": v.ports[0], "destinationSubnets": matched[i%len(matched)]}
	part := "tcp"
	if protocol == "TLS" {
		part, match["sniHosts"] = "tls", list{own}
	}
	to := object{"destination": object{"host": own, "port": object{"number": v.ports[0]}}}
	writes := created(
		g.own("ServiceEntry", g.exported(entry, "ServiceEntry")),
		g.own("VirtualService", g.exported(object{
			"hosts": list{own}, part: list{object{"match": list{match}, "route": list{to}}},
		}, "VirtualService")),
	)
	if g.chance(0.3) {
		slices.Reverse(writes)
	}
	g.cover("match by addresses")
	return writes
}

// moveWorkload makes an entry of the victim's host for workloads, and then one of these outside.
func (g *Generator) moveWorkload(v victim) []Write {
	port := object{"number": v.ports[0], "name": "p", "protocol": pick(g, "HTTP", "TCP"), "targetPort": uint32(443)}
	return created(
		g.own("ServiceEntry", g.exported(object{
			"hosts": list{v.host}, "ports": list{port}, "resolution": "STATIC", "location": pick(g, "MESH_INTERNAL", "MESH_EXTERNAL"),
			"workloadSelector": object{"labels": object{"app": "pay"}},
		}, "ServiceEntry")),
		g.own("WorkloadEntry", object{"address": g.address("STATIC"), "labels": object{"app": "pay"}}),
	)
}

// takeGatewayServer makes a Gateway for the pods of the egress gateway, on the port at which the victim's connections arrive
// there, and where they go from it.
func (g *Generator) takeGatewayServer(v victim) []Write {
	server := g.server(pick(g, v.ports[0], 443, 80))
	server["hosts"] = list{pick(g, v.host, "*", "*.example.com", victimNamespace+"/*")}
	d := g.own("Gateway", object{"selector": object{"istio": "egressgateway"}, "servers": list{server}})
	if g.chance(0.3) {
		return created(d)
	}
	return append(created(d), g.routeAt(v, tenantNamespace+"/"+d.Name())...)
}

// takeGatewayRoute makes a route at the victim's own Gateway.
func (g *Generator) takeGatewayRoute(v victim) []Write { return g.routeAt(v, v.gateway) }

func (g *Generator) routeAt(v victim, gateway string) []Write {
	to := list{object{"destination": object{
		"host": pick(g, v.host, v.host, "evil.example.net"), "port": object{"number": pick(g, append(slices.Clone(v.ports), 80)...)},
	}}}
	spec := object{"hosts": list{pick(g, v.host, v.host, "*", "*.example.com")}, "gateways": list{gateway}}
	switch weighted(g, 4, 2, 2) {
	case 0:
		spec["http"] = list{object{"route": to}}
	case 1:
		spec["tcp"] = list{object{"route": to}}
	default:
		spec["tls"] = list{object{"match": list{object{"sniHosts": list{v.host}}}, "route": to}}
	}
	writes := created(g.own("VirtualService", g.exported(spec, "VirtualService")))
	if g.chance(0.3) {
		writes = slices.Concat(g.takeListener(v), writes)
	}
	return writes
}

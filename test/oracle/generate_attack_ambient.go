package oracle

import "slices"

// AmbientAttack makes a mesh of victims behind a waypoint and one to four writes, of a tenant and of whoever may write the
// waypoint.
func (g *Generator) AmbientAttack() Attack {
	a := Attack{Victims: Mesh{
		ambientNamespace(victimNamespace, object{"istio.io/use-waypoint": waypointName}), ambientNamespace("shop", nil),
		tenantNamespaceObject(object{"istio.io/dataplane-mode": "ambient"}), attackedWaypoint(), oldEntry(),
	}}
	chosen := ambientVictims()
	g.rand.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	chosen = chosen[:1+g.rand.IntN(2)]
	g.world = tenantWorld(chosen)
	for i, v := range chosen {
		a.Victims = append(a.Victims, v.aged(i)...)
	}
	g.Coverage = Coverage{}
	a.Writes = g.aimedAtAmbient(chosen)
	a.Writes[0].Constructs = g.Coverage
	var written []Document
	for _, w := range a.Writes {
		if w.Operation == "CREATE" && w.Object.Kind() != "KubernetesGateway" {
			written = append(written, w.Object)
		}
	}
	for range g.rand.IntN(3) {
		g.Coverage = Coverage{}
		if w, ok := g.write(written); ok {
			w.Constructs = g.Coverage
			a.Writes = append(a.Writes, w)
		}
	}
	return a
}

// ambientNamespace returns a Namespace in ambient mode.
func ambientNamespace(name string, labels object) Document {
	all := object{"istio.io/dataplane-mode": "ambient"}
	for k, v := range labels {
		all[k] = v
	}
	return Document{"apiVersion": "v1", "kind": "Namespace", "metadata": object{
		"name": name, "labels": all, "creationTimestamp": "2020-01-01T00:00:00Z",
	}}
}

// attackedWaypoint returns the waypoint of the victims.
func attackedWaypoint() Document {
	return Document{
		"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
		"metadata": object{
			"name": waypointName, "namespace": victimNamespace, "creationTimestamp": "2020-01-01T00:00:00Z",
			"labels": object{"istio.io/waypoint-for": "service"},
		},
		"spec": object{"gatewayClassName": "istio-waypoint", "listeners": list{tunnel(nil)}},
	}
}

// tunnel returns the listener of a waypoint.
func tunnel(allowedRoutes object) object {
	l := object{"name": "mesh", "port": 15008, "protocol": "HBONE"}
	if allowedRoutes != nil {
		l["allowedRoutes"] = allowedRoutes
	}
	return l
}

// oldEntry returns an entry of the tenant's that is older than the victims' and does no harm.
func oldEntry() Document {
	return Document{
		"apiVersion": networkingAPI, "kind": "ServiceEntry",
		"metadata": object{"name": "old", "namespace": tenantNamespace, "creationTimestamp": "2021-01-01T00:00:00Z"},
		"spec": object{
			"hosts": list{"own.example.net"}, "resolution": "DNS", "exportTo": list{"."},
			"ports": list{object{"number": uint32(80), "name": "http", "protocol": "HTTP"}},
		},
	}
}

// ambientVictims are those of sidecarVictims that have an address, by which a waypoint knows them.
func ambientVictims() []victim {
	var all []victim
	for _, v := range sidecarVictims() {
		if v.vip == "" {
			v.vip = map[string]string{"api.example.com": "240.1.1.7", "static.example.com": "240.1.1.8", "metrics.example.com": "240.1.1.9"}[v.host]
			v.objects[0].Spec()["addresses"] = list{v.vip}
		}
		all = append(all, v)
	}
	return all
}

// aimedAtAmbient returns writes that go for the waypoint, or for what ztunnel knows of a victim.
func (g *Generator) aimedAtAmbient(victims []victim) []Write {
	v := pick(g, victims...)
	ways := []func(victim) []Write{g.takeHost, g.takeAddress, g.takeByAge, g.changeWaypoint, g.changeWaypoint, g.servedByOwnWaypoint, g.loosenRule}
	return pick(g, ways...)(v)
}

// takeAddress makes an entry of another host with the victim's address.
func (g *Generator) takeAddress(v victim) []Write {
	port := object{"number": v.ports[0], "name": "taken", "protocol": pick(g, "HTTP", "TCP", "TLS")}
	spec := object{"hosts": list{"evil.example.net"}, "addresses": list{v.vip}, "ports": list{port}}
	if resolution := g.location(spec); resolution == "STATIC" {
		spec["endpoints"] = list{object{"address": g.address("STATIC")}}
	}
	return created(g.own("ServiceEntry", g.exported(spec, "ServiceEntry")))
}

// takeByAge adds the victim's host to an entry that is older than the victim's.
func (g *Generator) takeByAge(v victim) []Write {
	d := oldEntry()
	d.Spec()["hosts"] = list{"own.example.net", v.host}
	d.Spec()["ports"] = list{object{"number": v.ports[0], "name": "http", "protocol": "HTTP"}}
	return []Write{{Operation: "UPDATE", Object: d}}
}

// changeWaypoint changes the victims' waypoint, or takes it away.
func (g *Generator) changeWaypoint(victim) []Write {
	d := attackedWaypoint()
	switch weighted(g, 3, 2, 1, 1, 1, 3) {
	case 0:
		g.cover("waypoint for others")
		setMetadata(d, "labels", "istio.io/waypoint-for", pick(g, "workload", "none", "all", ""))
	case 1:
		g.cover("waypoint of another class")
		d.Spec()["gatewayClassName"] = pick(g, "nginx", "istio")
	case 2:
		g.cover("waypoint by a selector")
		d.Spec()["listeners"] = list{tunnel(object{"namespaces": object{
			"from": "Selector", "selector": object{"matchLabels": object{"team": pick(g, "a", "b")}},
		}})}
	case 3:
		g.cover("waypoint with another listener")
		d.Spec()["listeners"] = list{object{"name": "mesh", "port": 80, "protocol": "HTTP"}}
	case 4:
		g.cover("waypoint bound to a listener")
		setMetadata(d, "annotations", "ambient.istio.io/waypoint-inbound-binding", pick(g, "PROXY", "PROXY/15088", "NONE"))
		bound := tunnel(object{"namespaces": object{"from": "Selector", "selector": object{"matchLabels": object{"team": "a"}}}})
		bound["name"], bound["port"], bound["protocol"] = "proxy", 15088, "istio.io/PROXY"
		d.Spec()["listeners"] = list{tunnel(nil), bound}
	default:
		return []Write{{Operation: "DELETE", Object: d}}
	}
	return []Write{{Operation: "UPDATE", Object: d}}
}

// servedByOwnWaypoint makes a waypoint of the tenant's, and an entry of the victim's host that uses it.
func (g *Generator) servedByOwnWaypoint(v victim) []Write {
	gateway := attackedWaypoint()
	gateway["metadata"] = object{"name": waypointName, "namespace": tenantNamespace}
	if g.chance(0.3) {
		setMetadata(gateway, "labels", "istio.io/waypoint-for", "workload")
	}
	writes := g.takeHost(v)
	setMetadata(writes[0].Object, "labels", "istio.io/use-waypoint", waypointName)
	if g.chance(0.5) {
		writes[0].Object.Spec()["addresses"] = list{v.vip}
	}
	return slices.Concat(created(gateway), writes)
}

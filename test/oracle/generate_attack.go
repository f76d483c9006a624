package oracle

import "slices"

// The namespaces of an attack: the victims' objects lie in one and are exported to all; a tenant writes in another.
const (
	victimNamespace = "default"
	tenantNamespace = "team-a"
)

// Write is one write of a tenant. A DELETE has the object that is deleted.
type Write struct {
	Operation string
	Object    Document
	// OnlyMetadata reports that an UPDATE changes labels or annotations alone.
	OnlyMetadata bool
	// Constructs counts what the object is made of.
	Constructs Coverage
}

// String returns the operation and the kind, as "CREATE ServiceEntry".
func (w Write) String() string { return w.Operation + " " + w.Object.Kind() }

// Attack is a mesh in which connections are under TLS, and what a tenant writes into it.
type Attack struct {
	Victims Mesh
	Writes  []Write
}

// victim is a host under TLS.
type victim struct {
	host string
	// ports are those that a tenant's objects name: the host's, and those of the way to it.
	ports []uint32
	vip   string
	// gateway is the Gateway by which connections leave, "" where they leave by the sidecar.
	gateway string
	// objects are the victim's, but for their age.
	objects Mesh
}

// sidecarVictims returns the patterns of Istio's documentation: TLS for HTTP by targetPort or by the port alone, at a VIP or
// at none, STATIC and DNS, for bytes, at a VIP and at none, and for a port that is sniffed.
func sidecarVictims() []victim {
	simple := object{"tls": object{"mode": "SIMPLE"}}
	checked := object{"tls": object{"mode": "SIMPLE", "sni": "db.example.com", "subjectAltNames": list{"db.example.com"}}}
	onPort := object{"portLevelSettings": list{object{"port": object{"number": uint32(80)}, "tls": object{"mode": "SIMPLE"}}}}
	http := func() object {
		return object{"number": uint32(80), "name": "http", "protocol": "HTTP", "targetPort": uint32(443)}
	}
	return []victim{
		sidecarVictim("api.example.com", 80, "", object{"ports": list{http()}, "resolution": "DNS"}, simple),
		sidecarVictim("vip.example.com", 80, "240.1.1.1", object{"ports": list{http()}, "resolution": "DNS"}, onPort),
		sidecarVictim("static.example.com", 80, "", object{
			"ports": list{http()}, "resolution": "STATIC", "endpoints": list{object{"address": "192.0.2.1"}},
		}, simple),
		sidecarVictim("db.example.com", 3306, "240.1.1.2", object{
			"ports": list{object{"number": uint32(3306), "name": "tcp", "protocol": "TCP"}}, "resolution": "DNS",
		}, checked),
		sidecarVictim("metrics.example.com", 9000, "", object{
			"ports": list{object{"number": uint32(9000), "name": "tcp", "protocol": "TCP"}}, "resolution": "DNS",
		}, object{"tls": object{"mode": "SIMPLE", "sni": "metrics.example.com", "subjectAltNames": list{"metrics.example.com"}}}),
		sidecarVictim("sniffed.example.com", 8080, "240.1.1.3", object{
			"ports": list{object{"number": uint32(8080), "name": "any", "targetPort": uint32(443)}}, "resolution": "DNS",
		}, simple),
	}
}

// sidecarVictim returns a ServiceEntry and its DestinationRule.
func sidecarVictim(host string, port uint32, vip string, entry, policy object) victim {
	entry["hosts"] = list{host}
	if vip != "" {
		entry["addresses"] = list{vip}
	}
	meta := func() object { return object{"name": host, "namespace": victimNamespace} }
	rule := object{"host": host, "trafficPolicy": cloneValue(policy)}
	return victim{host: host, ports: []uint32{port}, vip: vip, objects: Mesh{
		{"apiVersion": networkingAPI, "kind": "ServiceEntry", "metadata": meta(), "spec": entry},
		{"apiVersion": networkingAPI, "kind": "DestinationRule", "metadata": meta(), "spec": rule},
	}}
}

// gatewayVictims returns what leaves by the egress gateway, which starts TLS for requests or bytes, or passes on the
// application's.
func (g *Generator) gatewayVictims() []victim {
	var all []victim
	for _, pattern := range []struct {
		host, vip string
		port      uint32
		make      landingPattern
	}{
		{"out.example.com", "240.1.1.4", 80, (*landingHost).gatewayOrigination},
		{"passed.example.com", "240.1.1.5", 443, (*landingHost).gatewayPassthrough},
		{"bytes.example.com", "240.1.1.6", 3306, (*landingHost).gatewayTCP},
	} {
		h := &landingHost{Generator: g, host: pattern.host, vip: pattern.vip, namespace: victimNamespace, rules: rootNamespace}
		all = append(all, victim{
			host: h.host, ports: []uint32{pattern.port, 443}, vip: h.vip, gateway: rootNamespace + "/" + h.gatewayName(),
			objects: pattern.make(h),
		})
	}
	return all
}

// Attack makes a mesh of victims and one to four writes of a tenant.
func (g *Generator) Attack() Attack {
	a := Attack{Victims: Mesh{tenantNamespaceObject(nil)}}
	chosen := sidecarVictims()
	if g.chance(0.4) {
		chosen = append(g.gatewayVictims(), chosen[:2]...)
		a.Victims = append(a.Victims, egressService())
	}
	g.rand.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	chosen = chosen[:1+g.rand.IntN(3)]
	g.world = tenantWorld(chosen)
	for i, v := range chosen {
		a.Victims = append(a.Victims, v.aged(i)...)
	}
	if g.chance(0.4) {
		g.Coverage = Coverage{}
		a.Writes = g.aimed(chosen)
		a.Writes[0].Constructs = g.Coverage
	}
	var written []Document
	for _, w := range a.Writes {
		if w.Operation == "CREATE" {
			written = append(written, w.Object)
		}
	}
	for range 1 + g.rand.IntN(4-min(3, len(a.Writes))) {
		g.Coverage = Coverage{}
		w, ok := g.write(written)
		if !ok {
			continue
		}
		w.Constructs = g.Coverage
		a.Writes = append(a.Writes, w)
		if w.Operation == "CREATE" {
			written = append(written, w.Object)
		}
	}
	return a
}

// tenantWorld is what a tenant's objects have in common: they name what the victims name.
func tenantWorld(victims []victim) world {
	w := world{
		namespaces: []string{tenantNamespace}, exports: []string{victimNamespace, "shop", rootNamespace},
		hosts: []string{victims[0].host, "evil.example.net", "*.example.com"}, vips: []string{"240.9.9.9"},
		gateways: []string{tenantNamespace + "/egress"},
	}
	for _, v := range victims {
		w.hosts = append(w.hosts, v.host)
		for _, p := range v.ports {
			if !slices.Contains(w.ports, p) {
				w.ports = append(w.ports, p)
			}
		}
		if v.vip != "" {
			w.vips = append(w.vips, v.vip, "240.1.1.0/24")
		}
		if v.gateway != "" {
			w.hosts = append(w.hosts, egressHost)
			w.gateways = append(w.gateways, v.gateway)
			w.subsets = append(w.subsets, dashed(v.host))
		}
	}
	return w
}

// aged returns the victim's objects, older than all that a tenant writes.
func (v victim) aged(i int) Mesh {
	var m Mesh
	for _, d := range v.objects {
		d = d.Clone()
		d.metadata()["creationTimestamp"] = "2023-01-01T00:00:0" + string(rune('0'+i)) + "Z"
		m = append(m, d)
	}
	return m
}

// write makes a write; ok is false where there is nothing to write.
func (g *Generator) write(written []Document) (w Write, ok bool) {
	if len(written) > 0 && g.chance(0.35) {
		d := pick(g, written...)
		if g.chance(0.3) {
			return Write{Operation: "DELETE", Object: d}, true
		}
		if g.chance(0.25) {
			d = d.Clone()
			if g.chance(0.3) {
				delete(d.metadata(), "finalizers")
				return Write{Operation: "UPDATE", Object: d}, true
			}
			g.writeMetadata(d)
			return Write{Operation: "UPDATE", Object: d, OnlyMetadata: true}, true
		}
		return Write{Operation: "UPDATE", Object: g.variant(d)}, true
	}
	if g.chance(0.04) {
		return Write{Operation: "UPDATE", Object: g.tenantNamespaceLabelled()}, true
	}
	make := []func() Document{g.serviceEntry, g.destinationRule, g.virtualService, g.gateway, g.sidecar, g.workloadEntry, g.service}
	d := make[weighted(g, 10, 8, 6, 1, 2, 2, 1)]()
	if d == nil {
		return w, false
	}
	delete(d.metadata(), "creationTimestamp")
	if g.chance(0.15) {
		g.writeMetadata(d)
	}
	if g.chance(0.1) {
		g.cover("finalizer")
		d.metadata()["finalizers"] = list{"example.com/stay"}
	}
	return Write{Operation: "CREATE", Object: d}, true
}

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
	host  string
	port  uint32
	vip   string
	entry object
	rule  object
}

// victimsOf returns the patterns of Istio's documentation: TLS for HTTP by targetPort or by the port alone, at a VIP or at
// none, STATIC and DNS, for bytes and for a port that is sniffed.
func victimsOf() []victim {
	simple := object{"tls": object{"mode": "SIMPLE"}}
	checked := object{"tls": object{"mode": "SIMPLE", "sni": "db.example.com", "subjectAltNames": list{"db.example.com"}}}
	onPort := object{"portLevelSettings": list{object{"port": object{"number": uint32(80)}, "tls": object{"mode": "SIMPLE"}}}}
	http := func() object {
		return object{"number": uint32(80), "name": "http", "protocol": "HTTP", "targetPort": uint32(443)}
	}
	return []victim{
		{host: "api.example.com", port: 80, entry: object{"ports": list{http()}, "resolution": "DNS"}, rule: simple},
		{host: "vip.example.com", port: 80, vip: "240.1.1.1", entry: object{"ports": list{http()}, "resolution": "DNS"}, rule: onPort},
		{host: "static.example.com", port: 80, entry: object{
			"ports": list{http()}, "resolution": "STATIC", "endpoints": list{object{"address": "192.0.2.1"}},
		}, rule: simple},
		{host: "db.example.com", port: 3306, vip: "240.1.1.2", entry: object{
			"ports": list{object{"number": uint32(3306), "name": "tcp", "protocol": "TCP"}}, "resolution": "DNS",
		}, rule: checked},
		{host: "sniffed.example.com", port: 8080, vip: "240.1.1.3", entry: object{
			"ports": list{object{"number": uint32(8080), "name": "any", "targetPort": uint32(443)}}, "resolution": "DNS",
		}, rule: simple},
	}
}

// Attack makes a mesh of victims and one to four writes of a tenant.
func (g *Generator) Attack() Attack {
	a := Attack{}
	chosen := victimsOf()
	g.rand.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	chosen = chosen[:1+g.rand.IntN(3)]
	g.world = tenantWorld(chosen)
	for i, v := range chosen {
		a.Victims = append(a.Victims, v.objects(i)...)
	}
	var written []Document
	for range 1 + g.rand.IntN(4) {
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
		namespaces: []string{tenantNamespace}, exports: []string{victimNamespace, "shop"},
		hosts: []string{victims[0].host, "evil.example.net", "*.example.com"}, vips: []string{"240.9.9.9"},
	}
	for _, v := range victims {
		w.hosts = append(w.hosts, v.host)
		if !slices.Contains(w.ports, v.port) {
			w.ports = append(w.ports, v.port)
		}
		if v.vip != "" {
			w.vips = append(w.vips, v.vip, "240.1.1.0/24")
		}
	}
	return w
}

// objects returns the victim's ServiceEntry and DestinationRule, older than all that a tenant writes.
func (v victim) objects(i int) Mesh {
	created := "2023-01-01T00:00:0" + string(rune('0'+i)) + "Z"
	meta := func() object {
		return object{"name": v.host, "namespace": victimNamespace, "creationTimestamp": created}
	}
	entry := cloneValue(v.entry).(object)
	entry["hosts"] = list{v.host}
	if v.vip != "" {
		entry["addresses"] = list{v.vip}
	}
	rule := object{"host": v.host, "trafficPolicy": cloneValue(v.rule)}
	return Mesh{
		{"apiVersion": networkingAPI, "kind": "ServiceEntry", "metadata": meta(), "spec": entry},
		{"apiVersion": networkingAPI, "kind": "DestinationRule", "metadata": meta(), "spec": rule},
	}
}

// write makes a write; ok is false where there is nothing to write.
func (g *Generator) write(written []Document) (w Write, ok bool) {
	if len(written) > 0 && g.chance(0.35) {
		d := pick(g, written...)
		if g.chance(0.3) {
			return Write{Operation: "DELETE", Object: d}, true
		}
		return Write{Operation: "UPDATE", Object: g.variant(d)}, true
	}
	make := []func() Document{g.serviceEntry, g.destinationRule, g.virtualService, g.gateway, g.sidecar, g.workloadEntry, g.service}
	d := make[weighted(g, 10, 8, 6, 1, 2, 2, 1)]()
	if d == nil {
		return w, false
	}
	delete(d.metadata(), "creationTimestamp")
	if g.chance(0.1) {
		d.metadata()["finalizers"] = list{"example.com/stay"}
	}
	return Write{Operation: "CREATE", Object: d}, true
}

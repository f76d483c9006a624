package oracle

import (
	"maps"
	"slices"
)

// Landing is a configuration of several objects, by the patterns of Istio's documentation.
type Landing struct {
	// Given is what is there before: the Service of an egress gateway.
	Given Mesh
	// Objects is what is written, in the order of the documentation; Better has some of them otherwise, or others beside.
	Objects, Better Mesh
}

// landingPattern makes the objects for one external host. Called again it makes others of the same names.
type landingPattern func(*landingHost) Mesh

// landingPatterns are the patterns by name, where each page of the documentation has one.
func landingPatterns() map[string]landingPattern {
	return map[string]landingPattern{
		"sidecar HTTP":         (*landingHost).sidecarHTTP,
		"sidecar redirect":     (*landingHost).sidecarRedirect,
		"sidecar passthrough":  (*landingHost).passthrough,
		"sidecar TCP":          (*landingHost).sidecarTCP,
		"sidecar selector":     (*landingHost).sidecarSelector,
		"sidecar route":        (*landingHost).sidecarRoute,
		"sidecar workloads":    (*landingHost).sidecarWorkloads,
		"sidecar wildcard":     (*landingHost).wildcard,
		"wildcard rule":        (*landingHost).wildcardRule,
		"private entries":      (*landingHost).privateEntries,
		"gateway origination":  (*landingHost).gatewayOrigination,
		"gateway passthrough":  (*landingHost).gatewayPassthrough,
		"gateway TCP":          (*landingHost).gatewayTCP,
		"gateway for wildcard": (*landingHost).gatewayWildcard,
	}
}

// landingHost is an external host, and where the objects for it lie.
type landingHost struct {
	*Generator
	host, vip string
	// namespace is that of the entry, rules that of the objects beside it.
	namespace, rules string
	exported         list
}

// The egress gateway of every landing.
const (
	egressName    = "istio-egressgateway"
	egressHost    = egressName + "." + rootNamespace + ".svc." + clusterDomain
	egressAddress = "203.0.113.9"
)

// landingHosts are the external hosts, with an address of each.
var landingHosts = []struct{ host, vip string }{
	{"edition.cnn.com", "240.2.0.1"}, {"api.partner.example", "240.2.0.2"}, {"db.partner.example", "240.2.0.3"},
	{"storage.googleapis.com", "240.2.0.4"},
}

// Landing makes a configuration for one to three external hosts. The names of its patterns are counted as constructs.
func (g *Generator) Landing(only ...string) Landing {
	l := Landing{Given: Mesh{egressService()}}
	patterns, names := landingPatterns(), only
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(patterns))
	}
	hosts := slices.Clone(landingHosts)
	g.rand.Shuffle(len(hosts), func(i, j int) { hosts[i], hosts[j] = hosts[j], hosts[i] })
	for _, h := range hosts[:1+weighted(g, 5, 2, 1)] {
		name := pick(g, names...)
		g.Coverage[name]++
		target := landingHost{Generator: g, host: h.host, vip: h.vip, namespace: pick(g, "default", "shop", rootNamespace)}
		target.rules = target.namespace
		if g.chance(0.2) {
			target.exported = pick(g, list{"*"}, list{"."}, list{"default", "shop"}, list{".", "istio-system"})
			if target.namespace == rootNamespace && len(target.exported) == 2 {
				target.exported = list{"."}
			}
		}
		make := patterns[name]
		l.Objects = append(l.Objects, make(&target)...)
		l.Better = append(l.Better, make(&target)...)
	}
	return l
}

// egressService is the Service of the egress gateway, as Istio installs it.
func egressService() Document {
	labels := object{"istio": "egressgateway", "app": egressName}
	return Document{"apiVersion": "v1", "kind": "Service",
		"metadata": object{"name": egressName, "namespace": rootNamespace, "labels": labels, "creationTimestamp": "2020-01-01T00:00:00Z"},
		"spec": object{"type": "ClusterIP", "clusterIP": "10.96.0.9", "selector": cloneValue(labels), "ports": list{
			object{"name": "http2", "port": 80, "protocol": "TCP"}, object{"name": "https", "port": 443, "protocol": "TCP"},
			object{"name": "tls", "port": 15443, "protocol": "TCP"},
		}},
	}
}

// made returns an object that is named after the host.
func (h *landingHost) made(kind, name, namespace string, spec object) Document {
	return Document{"apiVersion": pick(h.Generator, networkingAPI, networkingAPI, "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"),
		"kind": kind, "metadata": object{"name": name + "-" + dashed(h.host), "namespace": namespace}, "spec": spec}
}

func (h *landingHost) export(spec object) object {
	if h.exported != nil {
		spec["exportTo"] = slices.Clone(h.exported)
	}
	return spec
}

func portNamed(number uint32, name, protocol string) object {
	return object{"number": number, "name": name, "protocol": protocol}
}

// entry returns a ServiceEntry with these ports, where they are as the documentation has them or as people write them.
func (h *landingHost) entry(ports ...object) Document {
	spec := object{"hosts": list{h.host}, "resolution": "DNS"}
	if h.chance(0.8) {
		spec["location"] = "MESH_EXTERNAL"
	}
	listed := list{}
	for _, p := range ports {
		listed = append(listed, p)
	}
	spec["ports"] = listed
	switch weighted(h.Generator, 6, 1, 2, 1) {
	case 1:
		spec["resolution"] = "DNS_ROUND_ROBIN"
	case 2:
		spec["resolution"] = "STATIC"
		spec["endpoints"] = list{object{"address": "192.0.2.1"}, object{"address": "192.0.2.2"}}
	case 3:
		spec["endpoints"] = list{object{"address": "eu." + h.host}}
	}
	if h.chance(0.3) {
		spec["addresses"] = list{h.vip}
	}
	return h.made("ServiceEntry", "entry", h.namespace, h.export(spec))
}

// originated returns a tls setting for HTTP.
func (h *landingHost) originated() object {
	switch weighted(h.Generator, 6, 2, 2, 1) {
	case 1:
		return object{"mode": "SIMPLE", "sni": h.host, "subjectAltNames": list{h.host}}
	case 2:
		return object{"mode": "MUTUAL", "clientCertificate": "/etc/certs/cert.pem", "privateKey": "/etc/certs/key.pem", "caCertificates": "/etc/certs/ca.pem"}
	case 3:
		return object{"mode": "SIMPLE", "caCertificates": "/etc/certs/ca.pem"}
	}
	return object{"mode": "SIMPLE"}
}

// rule returns a DestinationRule that starts TLS, on all ports or on one.
func (h *landingHost) rule(tls object, onPort uint32) Document {
	policy := object{}
	if onPort == 0 {
		policy["tls"] = tls
	} else {
		policy["portLevelSettings"] = list{object{"port": object{"number": onPort}, "tls": tls}}
	}
	if h.chance(0.3) {
		policy["loadBalancer"] = object{"simple": "ROUND_ROBIN"}
	}
	if h.chance(0.2) {
		policy["connectionPool"] = object{"tcp": object{"connectTimeout": "3s"}}
	}
	return h.made("DestinationRule", "tls", h.rules, h.export(object{"host": h.host, "trafficPolicy": policy}))
}

// httpPorts are the ports of an entry for HTTP whose TLS the proxy starts, and the port of them on which it does, 0 for all.
func (h *landingHost) httpPorts() (ports []object, onPort uint32) {
	first := portNamed(80, "http", pick(h.Generator, "HTTP", "HTTP", "HTTP2", "http", "GRPC"))
	if h.chance(0.8) {
		first["targetPort"] = uint32(443)
	}
	ports = []object{first}
	if h.chance(0.4) {
		return append(ports, portNamed(443, "https", pick(h.Generator, "HTTPS", "TLS"))), 80
	}
	return ports, pick[uint32](h.Generator, 0, 80)
}

func (h *landingHost) sidecarHTTP() Mesh {
	ports, onPort := h.httpPorts()
	m := Mesh{h.entry(ports...), h.rule(h.originated(), onPort)}
	if h.chance(0.15) {
		m = append(m, h.sidecar())
	}
	return m
}

// sidecar returns a Sidecar that imports what its namespace and Istio's own declare.
func (h *landingHost) sidecar() Document {
	hosts := list{"./*", rootNamespace + "/*"}
	if h.namespace != rootNamespace {
		hosts = append(hosts, h.namespace+"/*")
	}
	d := h.made("Sidecar", "default", pick(h.Generator, "default", "shop"), object{"egress": list{object{"hosts": hosts}}})
	if h.chance(0.5) {
		d.Spec()["outboundTrafficPolicy"] = object{"mode": "REGISTRY_ONLY"}
	}
	return d
}

// sidecarRedirect is TLS origination by a route from port 80 to port 443, as the documentation had it before targetPort.
func (h *landingHost) sidecarRedirect() Mesh {
	secure := portNamed(443, "https-port-for-tls-origination", pick(h.Generator, "HTTPS", "HTTP"))
	destination := object{"host": h.host, "port": object{"number": uint32(443)}}
	policy := object{"portLevelSettings": list{object{"port": object{"number": uint32(443)}, "tls": h.originated()}}}
	rule := object{"host": h.host}
	if h.chance(0.5) {
		destination["subset"] = "tls-origination"
		rule["subsets"] = list{object{"name": "tls-origination", "trafficPolicy": policy}}
	} else {
		rule["trafficPolicy"] = policy
	}
	return Mesh{
		h.entry(portNamed(80, "http-port", "HTTP"), secure),
		h.made("VirtualService", "redirect", h.rules, h.export(object{"hosts": list{h.host}, "http": list{
			object{"match": list{object{"port": uint32(80)}}, "route": list{object{"destination": destination}}},
		}})),
		h.made("DestinationRule", "tls", h.rules, h.export(rule)),
	}
}

// passthrough is TLS by the application.
func (h *landingHost) passthrough() Mesh {
	m := Mesh{h.entry(portNamed(443, "tls", pick(h.Generator, "TLS", "HTTPS")))}
	if h.chance(0.4) {
		m = append(m, h.made("VirtualService", "route", h.rules, h.export(object{"hosts": list{h.host}, "tls": list{object{
			"match": list{object{"port": uint32(443), "sniHosts": list{h.host}}},
			"route": list{object{"destination": object{"host": h.host, "port": object{"number": uint32(443)}}, "weight": 100}},
		}}})))
	}
	if h.chance(0.3) {
		policy := object{"connectionPool": object{"tcp": object{"maxConnections": 100}}}
		if h.chance(0.3) {
			policy["tls"] = object{"mode": "DISABLE"}
		}
		m = append(m, h.made("DestinationRule", "pool", h.rules, h.export(object{"host": h.host, "trafficPolicy": policy})))
	}
	return m
}

// named is a tls setting for bytes that are not HTTP: only these names say whose certificate it must be.
func (h *landingHost) named() object {
	tls := h.originated()
	tls["sni"], tls["subjectAltNames"] = h.host, list{h.host}
	return tls
}

func (h *landingHost) sidecarTCP() Mesh {
	entry := h.entry(portNamed(3306, "tcp", pick(h.Generator, "TCP", "MYSQL", "TCP", "MONGO", "REDIS")))
	entry.Spec()["addresses"] = list{h.vip}
	tls := h.named()
	if h.chance(0.2) {
		entry.Spec()["subjectAltNames"] = list{h.host}
		delete(tls, "subjectAltNames")
	}
	return Mesh{entry, h.rule(tls, pick[uint32](h.Generator, 0, 3306))}
}

// sidecarSelector is a client certificate from a Secret for some pods, and TLS without one for the others.
func (h *landingHost) sidecarSelector() Mesh {
	ports, onPort := h.httpPorts()
	selected := h.rule(object{"mode": "MUTUAL", "credentialName": "client-credential"}, onPort)
	selected.metadata()["name"] = "mutual-" + dashed(h.host)
	selected.Spec()["workloadSelector"] = object{"matchLabels": object{"app": "curl"}}
	delete(selected.Spec(), "exportTo")
	return Mesh{h.entry(ports...), selected, h.rule(h.originated(), onPort)}
}

// sidecarRoute is TLS origination for a host with a route of its own, such as a timeout.
func (h *landingHost) sidecarRoute() Mesh {
	ports, onPort := h.httpPorts()
	route := object{"timeout": "3s", "route": list{object{"destination": object{"host": h.host}, "weight": 100}}}
	if len(ports) > 1 || h.chance(0.5) {
		route["match"] = list{object{"port": uint32(80)}}
		route["route"] = list{object{"destination": object{"host": h.host, "port": object{"number": uint32(80)}}}}
	}
	return Mesh{
		h.entry(ports...), h.rule(h.originated(), onPort),
		h.made("VirtualService", "route", h.rules, h.export(object{"hosts": list{h.host}, "http": list{route}})),
	}
}

// sidecarWorkloads is an external host on machines that WorkloadEntries name.
func (h *landingHost) sidecarWorkloads() Mesh {
	ports, onPort := h.httpPorts()
	entry := h.entry(ports...)
	entry.Spec()["resolution"], entry.Spec()["location"] = "STATIC", "MESH_EXTERNAL"
	delete(entry.Spec(), "endpoints")
	entry.Spec()["workloadSelector"] = object{"labels": object{"host": dashed(h.host)}}
	workload := object{"address": "192.0.2.8", "labels": object{"host": dashed(h.host)}}
	if h.chance(0.4) {
		workload["ports"] = object{"http": uint32(443)}
	}
	return Mesh{entry, h.rule(h.originated(), onPort), h.made("WorkloadEntry", "vm", h.namespace, workload)}
}

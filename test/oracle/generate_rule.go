package oracle

import "strings"

func (g *Generator) destinationRule() Document {
	namespace := g.namespace()
	spec := object{"host": g.ruleHost()}
	set(spec, "exportTo", g.exportTo("DestinationRule", namespace))
	switch weighted(g, 12, 4, 1) {
	case 1:
		g.cover("DestinationRule workloadSelector")
		spec["workloadSelector"] = object{"matchLabels": g.labels()}
	case 2:
		g.cover("DestinationRule empty workloadSelector")
		spec["workloadSelector"] = object{}
	}
	if g.chance(0.85) {
		spec["trafficPolicy"] = g.trafficPolicy("")
	} else {
		g.cover("DestinationRule no trafficPolicy")
	}
	if g.chance(0.35) {
		spec["subsets"] = g.subsets()
	}
	return g.document(networkingAPI, "DestinationRule", namespace, spec)
}

func (g *Generator) ruleHost() string {
	if g.chance(0.06) {
		g.cover("DestinationRule short host")
		return "web"
	}
	h := g.host()
	if strings.HasPrefix(h, "*") {
		g.cover("DestinationRule wildcard host")
	} else {
		g.cover("DestinationRule exact host")
	}
	return h
}

func (g *Generator) subsets() list {
	subsets := list{}
	for _, name := range []string{"v1", "v2"} {
		if len(subsets) > 0 && g.chance(0.5) {
			continue
		}
		g.cover("DestinationRule subset")
		s := object{"name": name}
		if g.chance(0.5) {
			s["labels"] = object{"version": name}
		}
		if g.chance(0.6) {
			s["trafficPolicy"] = g.trafficPolicy("subset ")
		}
		subsets = append(subsets, s)
	}
	return subsets
}

// trafficPolicy makes a policy for a rule or, with the prefix "subset ", for a subset.
func (g *Generator) trafficPolicy(where string) object {
	p := object{}
	if g.chance(0.55) {
		if where == "" {
			g.cover("DestinationRule top-level tls")
		} else {
			g.cover("DestinationRule subset tls")
		}
		p["tls"] = g.tls()
	}
	g.components(p)
	if !g.chance(0.45) {
		return p
	}
	entries := list{}
	for range 1 + g.rand.IntN(2) {
		e := object{"port": object{"number": g.port()}}
		if g.chance(0.75) {
			e["tls"] = g.tls()
		}
		switch _, has := e["tls"]; {
		case where != "":
			g.cover("DestinationRule subset port-level")
		case has:
			g.cover("DestinationRule port-level tls")
		default:
			g.cover("DestinationRule port-level without tls")
		}
		g.components(e)
		entries = append(entries, e)
	}
	p["portLevelSettings"] = entries
	return p
}

// components sets what is not TLS: it must survive a mutation.
func (g *Generator) components(p object) {
	if g.chance(0.2) {
		g.cover("DestinationRule connectionPool")
		p["connectionPool"] = object{"tcp": object{"maxConnections": 1 + g.rand.IntN(90), "connectTimeout": pick(g, "3s", "7s")}}
	}
	if g.chance(0.15) {
		g.cover("DestinationRule outlierDetection")
		p["outlierDetection"] = object{"consecutive5xxErrors": 1 + g.rand.IntN(9), "baseEjectionTime": pick(g, "30s", "1m0s")}
	}
	if g.chance(0.15) {
		g.cover("DestinationRule loadBalancer")
		p["loadBalancer"] = object{"simple": pick(g, "RANDOM", "ROUND_ROBIN", "LEAST_REQUEST", "PASSTHROUGH")}
	}
}

func (g *Generator) tls() object {
	t := object{}
	switch weighted(g, 2, 3, 10, 4, 2, 3) {
	case 0:
		g.cover("tls without mode")
	case 1:
		g.cover("tls DISABLE")
		t["mode"] = "DISABLE"
	case 2:
		g.cover("tls SIMPLE")
		t["mode"] = "SIMPLE"
	case 3:
		g.cover("tls MUTUAL with files")
		t["mode"], t["clientCertificate"], t["privateKey"] = "MUTUAL", "/etc/certs/cert.pem", "/etc/certs/key.pem"
	case 4:
		g.cover("tls MUTUAL without files")
		t["mode"] = "MUTUAL"
	case 5:
		g.cover("tls ISTIO_MUTUAL")
		t["mode"] = "ISTIO_MUTUAL"
	}
	if g.chance(0.25) {
		g.cover("tls sni")
		t["sni"] = pick(g, "api.example.com", "other.example.net")
	}
	if g.chance(0.25) {
		g.cover("tls subjectAltNames")
		t["subjectAltNames"] = pick(g, list{"api.example.com"}, list{"z.example.net", "y.example.net"}, list{})
	}
	if g.chance(0.12) {
		g.cover("tls insecureSkipVerify")
		t["insecureSkipVerify"] = g.chance(0.8)
	}
	switch weighted(g, 12, 2, 1, 1) {
	case 1:
		g.cover("tls credentialName")
		t["credentialName"] = pick(g, "client-cert", "kubernetes-secret://default/client-cert")
	case 2:
		g.cover("tls configmap credential")
		t["credentialName"] = pick(g, "configmap://default/ca", "configmap://apps/ca")
	case 3:
		g.cover("tls caCertificates")
		t["caCertificates"] = pick(g, "/etc/certs/ca.pem", "system")
	}
	return t
}

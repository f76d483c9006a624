package oracle

// writeMetadata sets a label or an annotation that Istio obeys on some kind, or takes all of them away.
func (g *Generator) writeMetadata(d Document) {
	label := func(key, value string) { setMetadata(d, "labels", key, value) }
	annotation := func(key, value string) { setMetadata(d, "annotations", key, value) }
	switch weighted(g, 4, 2, 4, 2, 2, 2) {
	case 0:
		g.cover("metadata istio.io/rev")
		label("istio.io/rev", pick(g, "canary", "canary", "default", ""))
	case 1:
		g.cover("metadata istio.io/use-waypoint")
		label("istio.io/use-waypoint", pick(g, waypointName, "none"))
	case 2:
		g.cover("metadata internal.istio.io")
		annotation(pick(g, "internal.istio.io/route-semantics", "internal.istio.io/gateway-semantics"), pick(g, "gateway", "ingress"))
	case 3:
		g.cover("metadata networking.istio.io/exportTo")
		annotation("networking.istio.io/exportTo", pick(g, ".", "*", "~", victimNamespace))
	case 4:
		g.cover("metadata security.istio.io/tlsMode")
		label("security.istio.io/tlsMode", pick(g, "istio", "disabled"))
	default:
		g.cover("metadata taken away")
		delete(d.metadata(), "labels")
		delete(d.metadata(), "annotations")
	}
}

func setMetadata(d Document, field, key, value string) {
	keys, _ := d.metadata()[field].(object)
	if keys == nil {
		keys = object{}
		d.metadata()[field] = keys
	}
	keys[key] = value
}

// tenantNamespaceObject returns the tenant's Namespace.
func tenantNamespaceObject(labels object) Document {
	meta := object{"name": tenantNamespace, "creationTimestamp": "2020-01-01T00:00:00Z"}
	if labels == nil {
		labels = object{"istio-injection": "enabled"}
	}
	meta["labels"] = labels
	return Document{"apiVersion": "v1", "kind": "Namespace", "metadata": meta}
}

// tenantNamespaceLabelled returns the tenant's Namespace with other labels.
func (g *Generator) tenantNamespaceLabelled() Document {
	labels := object{"istio-injection": "enabled"}
	switch weighted(g, 1, 1, 1, 1) {
	case 0:
		g.cover("Namespace istio-injection")
		labels["istio-injection"] = "disabled"
	case 1:
		g.cover("Namespace istio.io/rev")
		labels = object{"istio.io/rev": pick(g, "canary", "default")}
	case 2:
		g.cover("Namespace istio.io/dataplane-mode")
		labels["istio.io/dataplane-mode"] = "ambient"
	default:
		g.cover("Namespace istio.io/use-waypoint")
		labels["istio.io/use-waypoint"] = waypointName
		labels["istio.io/use-waypoint-namespace"] = victimNamespace
	}
	return tenantNamespaceObject(labels)
}

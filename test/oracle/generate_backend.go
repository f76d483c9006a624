package oracle

// certificatesName is the ConfigMap with CA certificates that each namespace with a BackendTLSPolicy has.
const certificatesName = "ca"

// BackendMesh makes a mesh with BackendTLSPolicies for its ServiceEntries and Services.
func (g *Generator) BackendMesh() Mesh {
	m := g.Mesh()
	var targets []Document
	for _, d := range m {
		if d.Kind() == "ServiceEntry" || d.Kind() == "Service" {
			targets = append(targets, d)
		}
	}
	for range 1 + g.rand.IntN(4) {
		m = append(m, g.backendTLSPolicy(pick(g, targets...), targets))
	}
	return m
}

// backendTLSPolicy makes a policy for a target, and perhaps for others of its namespace.
func (g *Generator) backendTLSPolicy(target Document, all []Document) Document {
	g.cover("BackendTLSPolicy")
	refs := list{g.policyTarget(target)}
	for _, other := range all {
		if other.Namespace() == target.Namespace() && other.Name() != target.Name() && g.chance(0.2) {
			g.cover("BackendTLSPolicy for several targets")
			refs = append(refs, g.policyTarget(other))
		}
	}
	d := g.document(gatewayAPI+"/v1", "BackendTLSPolicy", target.Namespace(), object{"targetRefs": refs, "validation": g.backendValidation()})
	switch weighted(g, 12, 1, 1) {
	case 1:
		g.cover("BackendTLSPolicy ignored")
		d.metadata()["annotations"] = object{"istio.io/ignore-policy-attachment": pick(g, "true", "True")}
	case 2:
		g.cover("BackendTLSPolicy of another revision")
		d.metadata()["labels"] = object{"istio.io/rev": "canary"}
	}
	return d
}

// backendValidation makes what a policy says of the server's certificate.
func (g *Generator) backendValidation() object {
	validation := object{"hostname": pick(g, "api.example.com", "server.example.net")}
	switch weighted(g, 4, 3, 1) {
	case 0:
		validation["wellKnownCACertificates"] = "System"
	case 1:
		g.cover("BackendTLSPolicy ConfigMap")
		validation["caCertificateRefs"] = list{object{"group": "", "kind": "ConfigMap", "name": certificatesName}}
	case 2:
		g.cover("BackendTLSPolicy Secret")
		validation["caCertificateRefs"] = list{object{"group": "", "kind": "Secret", "name": certificatesName}}
	}
	if g.chance(0.4) {
		g.cover("BackendTLSPolicy subjectAltNames")
		validation["subjectAltNames"] = list{
			object{"type": "Hostname", "hostname": "api.example.com"}, object{"type": "URI", "uri": "spiffe://example.net/server"},
		}
	}
	return validation
}

// policyTarget makes a reference to a target, or to one of its ports.
func (g *Generator) policyTarget(target Document) object {
	ref := object{"group": "", "kind": target.Kind(), "name": target.Name()}
	if target.Kind() == "ServiceEntry" {
		ref["group"] = "networking.istio.io"
	} else {
		g.cover("BackendTLSPolicy for a Service")
	}
	if g.chance(0.05) {
		g.cover("BackendTLSPolicy for a target that is not there")
		ref["name"] = "none"
	}
	if !g.chance(0.35) {
		return ref
	}
	ports, _ := target.Spec()["ports"].(list)
	if len(ports) == 0 || g.chance(0.1) {
		g.cover("BackendTLSPolicy for a port that is not there")
		ref["sectionName"] = "none"
		return ref
	}
	g.cover("BackendTLSPolicy for a port")
	ref["sectionName"] = pick(g, ports...).(object)["name"]
	return ref
}

package oracle

import (
	"fmt"
	"slices"
)

// wildcard is TLS by the application to any host of a domain, or TLS for HTTP on its own port.
func (h *landingHost) wildcard() Mesh {
	whole := *h
	whole.host = "*." + h.host
	entry := whole.entry(portNamed(443, "https", pick(h.Generator, "HTTPS", "TLS")))
	delete(entry.Spec(), "endpoints")
	delete(entry.Spec(), "addresses")
	entry.Spec()["resolution"] = "NONE"
	if h.chance(0.3) {
		entry.Spec()["ports"] = list{portNamed(443, "http", "HTTP")}
		entry.Spec()["resolution"] = pick(h.Generator, "NONE", "DYNAMIC_DNS")
		return Mesh{entry, whole.rule(object{"mode": "SIMPLE"}, pick[uint32](h.Generator, 0, 443))}
	}
	return Mesh{entry}
}

// wildcardRule is one rule for all hosts of a domain, in the mesh's root namespace or beside the entries.
func (h *landingHost) wildcardRule() Mesh {
	ports, onPort := h.httpPorts()
	domain := *h
	domain.rules = pick(h.Generator, rootNamespace, h.namespace)
	rule := domain.rule(object{"mode": "SIMPLE"}, onPort)
	rule.Spec()["host"] = "*." + afterDot(h.host)
	return Mesh{h.entry(ports...), rule}
}

// privateEntries are entries for one host in several namespaces, each for its own clients.
func (h *landingHost) privateEntries() Mesh {
	var m Mesh
	for _, namespace := range []string{"default", "shop"} {
		own := *h
		own.namespace, own.rules, own.exported = namespace, namespace, list{"."}
		ports, onPort := own.httpPorts()
		m = append(m, own.entry(ports...), own.rule(own.originated(), onPort))
	}
	return m
}

func dashed(host string) string {
	out := []byte(host)
	for i, b := range out {
		if b == '.' || b == '*' {
			out[i] = '-'
		}
	}
	if out[0] == '-' {
		return fmt.Sprintf("any%s", out[1:])
	}
	return string(out)
}

func afterDot(host string) string {
	i := slices.Index([]byte(host), '.')
	return host[i+1:]
}

package mesh

import (
	"strings"

	"github.com/tlsward/tlsward/mesh/host"
)

// importsHost reports whether a list of egress hosts takes in a service (pilot/pkg/model/sidecar.go
// convertIstioListenerToWrapper, selectServices).
func importsHost(hosts []string, clientNamespace, namespace, hostname string) bool {
	imported := false
	for _, entry := range hosts {
		where, pattern, excluded, ok := parseEgressHost(entry, clientNamespace)
		if !ok || where != "*" && where != namespace || !host.Covers(pattern, hostname) {
			continue
		}
		if excluded {
			return false
		}
		imported = true
	}
	return imported
}

// parseEgressHost reads "namespace/host": "." is the client's namespace, "*" any, and "~" before it excludes. No object is
// in the namespace of clients that stand for all other namespaces.
func parseEgressHost(entry, clientNamespace string) (namespace, host string, excluded, ok bool) {
	namespace, host, ok = strings.Cut(entry, "/")
	if !ok || strings.Contains(host, "/") {
		return "", "", false, false
	}
	namespace, excluded = strings.CutPrefix(namespace, "~")
	switch {
	case excluded && namespace == "":
		namespace = "*"
	case namespace == "." && clientNamespace != AnyNamespace:
		namespace = clientNamespace
	}
	return namespace, host, excluded, true
}

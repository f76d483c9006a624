package mesh

import (
	"slices"
	"strings"

	"github.com/tlsward/tlsward/mesh/host"
)

// importsHost reports whether egress hosts import a service (pilot/pkg/model/sidecar.go convertIstioListenerToWrapper,
// selectServices). One that excludes it goes before all that import it.
//
//	egress:
//	- hosts: ["istio-system/*", "./*", "shop/*.cnn.com", "~shop/video.cnn.com"]
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

// egressHosts returns the egress hosts that mean something to a version.
func (v Version) egressHosts(hosts []string) []string {
	if v.excludesEgressHosts() {
		return hosts
	}
	return slices.DeleteFunc(slices.Clone(hosts), func(entry string) bool { return strings.HasPrefix(entry, "~") })
}

// parseEgressHost returns the parts of an egress host "namespace/host". The namespace is "*" for any, and that of the
// client for "."; before it, "~" excludes. AnyNamespace as a client stays ".", which is no object's namespace. ok is
// false for what cannot be read.
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

// importedFrom returns a function that reports whether the egress hosts that are for one namespace, "*" for those that are for any, import a
// host. It knows nothing of those that exclude.
func importedFrom(hosts []string, clientNamespace, namespace string) func(hostname string) bool {
	return func(hostname string) bool {
		return slices.ContainsFunc(hosts, func(entry string) bool {
			where, pattern, excluded, ok := parseEgressHost(entry, clientNamespace)
			return ok && !excluded && where == namespace && host.Covers(pattern, hostname)
		})
	}
}

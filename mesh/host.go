package mesh

import (
	"net/netip"
	"strings"
)

// isWildcard tells "*", "*.example.com" and "*-api.example.com" from exact hosts
// (istio.io/istio pkg/config/host/name.go IsWildCarded).
func isWildcard(host string) bool { return strings.HasPrefix(host, "*") }

// HostMatches tells whether pattern covers host: an exact host only itself, a wildcard all that ends as it does.
// A wildcard host is covered by a wildcard that is at least as wide (pkg/config/host/name.go Matches, SubsetOf).
func HostMatches(pattern, host string) bool {
	if !isWildcard(pattern) {
		return pattern == host
	}
	if isWildcard(host) {
		return strings.HasSuffix(host[1:], pattern[1:])
	}
	return strings.HasSuffix(host, pattern[1:])
}

// qualify completes a host without a dot as Istio does with the namespace of the object that names it
// (pilot/pkg/model/config.go ResolveShortnameToFQDN).
func (s Settings) qualify(host, namespace string) string {
	if host == "" || host == "*" || strings.Contains(host, ".") {
		return host
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	return host + "." + namespace + ".svc." + s.ClusterDomain
}

// clusterService splits the host of a Kubernetes Service into its name and namespace.
func (s Settings) clusterService(host string) (name, namespace string, ok bool) {
	rest, found := strings.CutSuffix(host, ".svc."+s.ClusterDomain)
	if !found {
		return "", "", false
	}
	name, namespace, ok = strings.Cut(rest, ".")
	return name, namespace, ok && !strings.Contains(namespace, ".")
}

// stripNamespace takes the "ns/" off a Gateway server's host.
func stripNamespace(host string) string {
	if _, rest, found := strings.Cut(host, "/"); found {
		return rest
	}
	return host
}

// reversed is the key under which hosts of one domain lie side by side.
func reversed(host string) string {
	b := []byte(host)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

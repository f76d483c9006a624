package mesh

import (
	"net/netip"
	"strings"
)

// Settings are the mesh-wide facts that Istio takes from its MeshConfig.
type Settings struct {
	RootNamespace      string   `json:"rootNamespace,omitempty"`
	TrustDomain        string   `json:"trustDomain,omitempty"`
	TrustDomainAliases []string `json:"trustDomainAliases,omitempty"`
	ClusterDomain      string   `json:"clusterDomain,omitempty"`
}

// DefaultSettings returns those of an Istio installed with its defaults.
func DefaultSettings() Settings {
	return Settings{RootNamespace: "istio-system", TrustDomain: "cluster.local", ClusterDomain: "cluster.local"}
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

// parseServiceHost splits the host of a Kubernetes Service into its name and namespace.
func (s Settings) parseServiceHost(host string) (name, namespace string, ok bool) {
	rest, found := strings.CutSuffix(host, ".svc."+s.ClusterDomain)
	if !found {
		return "", "", false
	}
	name, namespace, ok = strings.Cut(rest, ".")
	return name, namespace, ok && !strings.Contains(namespace, ".")
}

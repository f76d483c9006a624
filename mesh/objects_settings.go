package mesh

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// Settings are the mesh-wide facts that Istio takes from its MeshConfig.
type Settings struct {
	RootNamespace      string   `json:"rootNamespace,omitempty"`
	TrustDomain        string   `json:"trustDomain,omitempty"`
	TrustDomainAliases []string `json:"trustDomainAliases,omitempty"`
	ClusterDomain      string   `json:"clusterDomain,omitempty"`
	// InternalAddresses are those of endpoints inside the mesh, for entries with location MESH_INTERNAL; nil is private,
	// shared, unique local and link-local addresses.
	InternalAddresses []netip.Prefix `json:"internalAddresses,omitempty"`
	// IngressGateways are the gateways whose clients come from outside; nil where the facts of the mesh tell.
	IngressGateways []IngressGateway `json:"ingressGateways,omitempty"`
	// Version is the control plane's minor version of Istio; "" is Version131.
	Version Version `json:"version,omitempty"`
	// Revision is the revision of the control plane (istiod's REVISION); "" is DefaultRevision.
	Revision string `json:"revision,omitempty"`
	// Flags are those of the control plane's environment.
	Flags Flags `json:"flags,omitzero"`
	// RegistryOnly reports whether outboundTrafficPolicy is REGISTRY_ONLY: nothing goes to hosts that nobody declares.
	RegistryOnly bool `json:"registryOnly,omitempty"`
	// NoAutoMTLS reports whether enableAutoMtls is false: Istio starts no mutual TLS where nothing sets TLS.
	NoAutoMTLS bool `json:"noAutoMTLS,omitempty"`
	// DNSCapture reports whether sidecars resolve the names that their pods ask for (defaultConfig.proxyMetadata ISTIO_META_DNS_CAPTURE).
	DNSCapture bool `json:"dnsCapture,omitempty"`
	// ServiceExportTo, VirtualServiceExportTo and DestinationRuleExportTo are the exportTo of Services and ServiceEntries, of
	// VirtualServices and of DestinationRules that have none; nil is everywhere. Of a DestinationRule's only "." counts.
	ServiceExportTo         []string `json:"serviceExportTo,omitempty"`
	VirtualServiceExportTo  []string `json:"virtualServiceExportTo,omitempty"`
	DestinationRuleExportTo []string `json:"destinationRuleExportTo,omitempty"`
	// DiscoverySelectors select the namespaces whose objects the control plane reads; all if there are none.
	DiscoverySelectors []LabelSelector `json:"discoverySelectors,omitempty"`
	// IstiodNamespace is that of the control planes themselves, whose Services are theirs and their tags'. It is that of Others, too.
	IstiodNamespace string `json:"istiodNamespace,omitempty"`
	// Others are those of the other control planes that read the same objects, each of another revision and without Others.
	Others []Settings `json:"others,omitempty"`
	// Tags are the revisions for which tags stand that are webhook configurations. They are those of Others, too.
	Tags map[string]string `json:"tags,omitempty"`
}

// revisions returns the revisions of the control planes, nil where there is one alone.
func (s Settings) revisions() []string {
	if len(s.Others) == 0 {
		return nil
	}
	list := []string{cmp.Or(s.Revision, DefaultRevision)}
	for _, other := range s.Others {
		list = append(list, cmp.Or(other.Revision, DefaultRevision))
	}
	return list
}

// DefaultRevision is the revision of a control plane that is given none.
const DefaultRevision = "default"

// revisionLabel names the one control plane for which an object exists.
const revisionLabel = "istio.io/rev"

// inRevision reports whether the control plane reads an object: one without the label, or with exactly its revision; tags
// do not count (pkg/config/model.go LabelsInRevision). The label of a Namespace says which sidecar its pods get, and
// Services and waypoints are read by every control plane (pilot/pkg/serviceregistry/ambient/ambientindex.go).
func (s Settings) inRevision(o *Object) bool {
	revision, labelled := o.Labels[revisionLabel]
	return !labelled || slices.Contains([]string{KindNamespace, KindService, KindKubernetesGateway, KindGatewayClass}, o.Kind) || revision == cmp.Or(s.Revision, DefaultRevision)
}

// IngressGateway names gateways whose clients come from outside: pods of a namespace with these labels.
type IngressGateway struct {
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
}

// DefaultSettings returns the settings of an Istio installed with its defaults.
func DefaultSettings() Settings {
	return Settings{RootNamespace: "istio-system", IstiodNamespace: "istio-system", TrustDomain: "cluster.local", ClusterDomain: "cluster.local"}
}

// qualify returns a host without a dot as the Kubernetes Service of that name in the namespace of the object that
// names it; any other host as it is (pilot/pkg/model/config.go ResolveShortnameToFQDN).
//
//	reviews              reviews.default.svc.cluster.local
//	edition.cnn.com      edition.cnn.com
//	*, 10.0.0.1          as they are
func (s Settings) qualify(host, namespace string) string {
	if host == "" || host == "*" || strings.Contains(host, ".") {
		return host
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	return host + "." + namespace + ".svc." + s.ClusterDomain
}

// parseServiceHost returns the name and the namespace of the Kubernetes Service that a host stands for, by its form
// alone; ok is false for any other host.
func (s Settings) parseServiceHost(host string) (name, namespace string, ok bool) {
	rest, found := strings.CutSuffix(host, ".svc."+s.ClusterDomain)
	if !found {
		return "", "", false
	}
	name, namespace, ok = strings.Cut(rest, ".")
	return name, namespace, ok && !strings.Contains(namespace, ".")
}

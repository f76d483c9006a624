package mesh

import (
	"maps"
	"slices"
)

// Which objects a control plane reads. The others stay in Snapshot.unread, for the labels of their namespace may change.

// namespaceNameLabel is the label that Kubernetes gives every Namespace, with its name.
const namespaceNameLabel = "kubernetes.io/metadata.name"

// isRead reports whether the control plane reads an object:
//  1. one of its own revision (inRevision); and
//  2. where MeshConfig has discoverySelectors, one in a namespace that any of them selects
//     (pkg/kube/namespace/filter.go). A Namespace that is not known has only the label that each has.
func (s *Snapshot) isRead(o *Object) bool {
	return s.settings.inRevision(o) && (o.Namespace == "" || s.isDiscovered(o.Namespace))
}

// isDiscovered reports whether the discoverySelectors, where there are any, select a namespace.
func (s *Snapshot) isDiscovered(namespace string) bool {
	if len(s.settings.DiscoverySelectors) == 0 {
		return true
	}
	labels := s.labelsOfNamespace(namespace)
	for _, selector := range s.settings.DiscoverySelectors {
		if selector.selects(labels) {
			return true
		}
	}
	return false
}

// labelsOfNamespace returns the labels of a namespace, that of its name among them.
func (s *Snapshot) labelsOfNamespace(namespace string) map[string]string {
	labels := map[string]string{namespaceNameLabel: namespace}
	if o := s.Get(Ref{Kind: KindNamespace, Name: namespace}); o != nil {
		maps.Copy(labels, o.Labels)
	}
	return labels
}

// rediscover reads, or no longer reads, the objects of a namespace whose Namespace has changed.
func (s *Snapshot) rediscover(namespace string) {
	if len(s.settings.DiscoverySelectors) == 0 {
		return
	}
	var moved []*Object
	from := s.unread
	if !s.isDiscovered(namespace) {
		from = s.objects
	}
	for _, kind := range namespacedKinds() {
		for _, o := range from.Prefix(kind + "\x00" + namespace + "\x00") {
			moved = append(moved, o)
		}
	}
	for _, o := range moved {
		s.add(o)
	}
}

// namespacedKinds returns the kinds of objects that are in a namespace.
func namespacedKinds() []string {
	return []string{
		KindServiceEntry, KindDestinationRule, KindVirtualService, KindGateway, KindSidecar, KindWorkloadEntry, KindEnvoyFilter, KindAuthorizationPolicy,
		KindPeerAuthentication, KindRequestAuthentication, KindProxyConfig, KindWasmPlugin, KindTrafficExtension, KindService, KindKubernetesGateway, KindIngress,
		KindHTTPRoute, KindGRPCRoute, KindTLSRoute, KindTCPRoute, KindBackendTLSPolicy,
		KindListenerSet, KindReferenceGrant,
	}
}

// Kinds returns the kinds of objects that are read, by their names in Ref, sorted.
func Kinds() []string {
	return slices.Sorted(slices.Values(slices.Concat(namespacedKinds(), []string{KindNamespace, KindGatewayClass},
		slices.Collect(maps.Keys(workloadKinds())))))
}

package mesh

import (
	"maps"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// sidecarFor returns the Sidecar that configures a client, nil if none does (pilot/pkg/model/push_context.go
// doGetSidecarScope):
//  1. the oldest of its namespace whose workloadSelector selects it;
//  2. the oldest of its namespace without a selector;
//  3. the oldest of the root namespace without a selector.
func (s *Snapshot) sidecarFor(client Client) *Object {
	if client.Kind != ClientSidecar {
		return nil
	}
	if own := s.sidecarIn(client.Namespace, client.Labels); own != nil {
		return own
	}
	if client.Namespace == s.settings.RootNamespace {
		return nil
	}
	var chosen *Object
	for _, o := range s.sidecarsBySelector.Prefix(s.settings.RootNamespace + sidecarOfAllPods) {
		if sidecarSpec(o).WorkloadSelector == nil {
			chosen = firstSidecar(chosen, o)
		}
	}
	return chosen
}

// sidecarOfAllPods is what stands behind the namespace in the keys of Sidecars that ask for no label.
const sidecarOfAllPods = "\x00\x00"

// sidecarKey returns the key of a Sidecar in sidecarsBySelector: its namespace, one of the labels that it asks for, its name.
func sidecarKey(o *Object) string {
	labels := sidecarSpec(o).GetWorkloadSelector().GetLabels()
	if len(labels) == 0 {
		return o.Namespace + sidecarOfAllPods + o.Name
	}
	first := slices.Min(slices.Collect(maps.Keys(labels)))
	return sidecarLabelKey(o.Namespace, first, labels[first]) + o.Name
}

func sidecarLabelKey(namespace, label, value string) string {
	return namespace + "\x00" + label + "\x01" + value + "\x00"
}

// sidecarIn returns the Sidecar of a namespace that configures pods with these labels, of those without a workloadSelector and
// those whose selector selects them; an empty one selects all pods.
func (s *Snapshot) sidecarIn(namespace string, labels map[string]string) *Object {
	var chosen *Object
	for _, o := range s.sidecarsBySelector.Prefix(namespace + sidecarOfAllPods) {
		chosen = firstSidecar(chosen, o)
	}
	for k, v := range labels {
		for _, o := range s.sidecarsBySelector.Prefix(sidecarLabelKey(namespace, k, v)) {
			if selectorMatches(sidecarSpec(o).WorkloadSelector.Labels, labels) {
				chosen = firstSidecar(chosen, o)
			}
		}
	}
	return chosen
}

// firstSidecar returns the Sidecar that goes before the other, if both configure a client. The first may be nil; of the same age, that
// comes first whose name does.
func firstSidecar(a, b *Object) *Object {
	if a == nil || sidecarBefore(b, a) || !sidecarBefore(a, b) && b.Name < a.Name {
		return b
	}
	return a
}

// sidecarBefore reports whether a goes before b, if both configure a client.
func sidecarBefore(a, b *Object) bool {
	selects := func(o *Object) bool { return sidecarSpec(o).WorkloadSelector != nil }
	if selects(a) != selects(b) {
		return selects(a)
	}
	return compareAge(a.Created, b.Created) < 0
}

// hiddenBySidecar reports whether the egress hosts of the client's Sidecar leave the service out.
func (s *Snapshot) hiddenBySidecar(client Client, svc *service) bool {
	return !slices.ContainsFunc(s.egressListeners(client), func(l egressListener) bool {
		return importsHost(l.hosts, client.Namespace, svc.namespace, svc.host)
	})
}

// isImported reports whether a client sees a service and its Sidecar imports it. A service that the client knows only
// because a route leads there is not imported.
func (s *Snapshot) isImported(client Client, svc scopedService) bool {
	return visible(svc.exportTo, svc.namespace, client.Namespace) &&
		(client.Kind != ClientSidecar || !s.hiddenBySidecar(client, svc.service))
}

// allowsAny reports whether a client's proxy passes on what is meant for hosts that it does not know
// (pilot/pkg/model/sidecar.go convertToSidecarScope): by its Sidecar's outboundTrafficPolicy, whose mode is REGISTRY_ONLY
// where it is not set, or, where there is none, by the mesh's.
func (s *Snapshot) allowsAny(client Client) bool {
	o := s.sidecarFor(client)
	if o == nil || sidecarSpec(o).OutboundTrafficPolicy == nil {
		return !s.settings.RegistryOnly
	}
	return sidecarSpec(o).OutboundTrafficPolicy.Mode == networking.OutboundTrafficPolicy_ALLOW_ANY
}

// PassesOn reports whether what a client sends to hosts that its proxy does not know leaves the mesh as it was written. ztunnel
// has no outboundTrafficPolicy and passes everything on; a gateway and a waypoint have no way for what they do not know.
func (s *Snapshot) PassesOn(client Client) bool {
	return client.Kind == ClientZtunnel || client.Kind == ClientSidecar && s.allowsAny(client)
}

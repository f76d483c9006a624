package mesh

import (
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
	selected := func(selector *networking.WorkloadSelector) bool {
		return selectorMatches(selector.GetLabels(), client.Labels)
	}
	if own := s.sidecarIn(client.Namespace, selected); own != nil {
		return own
	}
	if client.Namespace == s.settings.RootNamespace {
		return nil
	}
	return s.sidecarIn(s.settings.RootNamespace, func(*networking.WorkloadSelector) bool { return false })
}

// sidecarIn returns the Sidecar of a namespace that configures a client, of those without a workloadSelector and those
// whose selector selects it; an empty one selects all pods.
func (s *Snapshot) sidecarIn(namespace string, selects func(*networking.WorkloadSelector) bool) *Object {
	var chosen *Object
	for _, o := range s.objects.Prefix(KindSidecar + "\x00" + namespace + "\x00") {
		selector := sidecarSpec(o).WorkloadSelector
		if selector != nil && !selects(selector) {
			continue
		}
		if chosen == nil || sidecarBefore(o, chosen) {
			chosen = o
		}
	}
	return chosen
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

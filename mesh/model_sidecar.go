package mesh

import "slices"

// sidecarFor returns the Sidecar that configures a client: one whose selector selects it before one without, the
// oldest first, then the root namespace's default (pilot/pkg/model/push_context.go doGetSidecarScope).
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
	return s.sidecarIn(s.settings.RootNamespace, nil)
}

// sidecarIn picks among one namespace's Sidecars; labels nil considers only those without a selector.
func (s *Snapshot) sidecarIn(namespace string, labels map[string]string) *Object {
	var chosen *Object
	for _, o := range s.objects.Prefix(KindSidecar + "\x00" + namespace + "\x00") {
		selector := sidecarSpec(o).WorkloadSelector
		if selector != nil && (labels == nil || !selectorMatches(selector.Labels, labels)) {
			continue
		}
		if chosen == nil || sidecarBefore(o, chosen) {
			chosen = o
		}
	}
	return chosen
}

func sidecarBefore(a, b *Object) bool {
	selects := func(o *Object) bool { return sidecarSpec(o).WorkloadSelector != nil }
	if selects(a) != selects(b) {
		return selects(a)
	}
	return compareAge(a.Created, b.Created) < 0
}

// hiddenBySidecar reports whether the client's Sidecar leaves the service out of its egress hosts.
func (s *Snapshot) hiddenBySidecar(client Client, svc *service) bool {
	return !slices.ContainsFunc(s.egressListeners(client), func(l egressListener) bool {
		return importsHost(l.hosts, client.Namespace, svc.namespace, svc.host)
	})
}

// isImported reports whether a client listens for a service: one that it knows only because a route leads there is none.
func (s *Snapshot) isImported(client Client, svc scopedService) bool {
	return visible(svc.exportTo, svc.namespace, client.Namespace) &&
		(client.Kind != ClientSidecar || !s.hiddenBySidecar(client, svc.service))
}

package mesh

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// sidecarFor gives the Sidecar that configures a client: one whose selector selects it before one without, the
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
	for _, o := range s.objects.prefix(KindSidecar + "\x00" + namespace + "\x00") {
		selector := sidecarSpec(o).WorkloadSelector
		if selector != nil && (labels == nil || !subsetOf(selector.Labels, labels)) {
			continue
		}
		if chosen == nil || sidecarBefore(o, chosen) {
			chosen = o
		}
	}
	return chosen
}

func sidecarSpec(o *Object) *networking.Sidecar { return o.Spec.(*networking.Sidecar) }

func sidecarBefore(a, b *Object) bool {
	selects := func(o *Object) bool { return sidecarSpec(o).WorkloadSelector != nil }
	if selects(a) != selects(b) {
		return selects(a)
	}
	return compareAge(a.Created, b.Created) < 0
}

// hiddenBySidecar tells whether the client's Sidecar leaves the service out of its egress hosts.
func (s *Snapshot) hiddenBySidecar(client Client, svc *service) bool {
	o := s.sidecarFor(client)
	if o == nil || len(sidecarSpec(o).Egress) == 0 {
		return false
	}
	for _, listener := range sidecarSpec(o).Egress {
		if listener != nil && imports(listener.Hosts, client.Namespace, svc) {
			return false
		}
	}
	return true
}

// imports reads the "namespace/host" list of an egress listener: "." is the client's namespace, "*" any, "~" before
// it excludes (pilot/pkg/model/sidecar.go convertIstioListenerToWrapper).
func imports(hosts []string, clientNamespace string, svc *service) bool {
	imported := false
	for _, entry := range hosts {
		namespace, host, ok := strings.Cut(entry, "/")
		if !ok || strings.Contains(host, "/") {
			continue
		}
		namespace, excluded := strings.CutPrefix(namespace, "~")
		if excluded && namespace == "" {
			namespace = "*"
		}
		if namespace == "." {
			namespace = clientNamespace
		}
		if namespace != "*" && namespace != svc.namespace || !HostMatches(host, svc.host) {
			continue
		}
		if excluded {
			return false
		}
		imported = true
	}
	return imported
}

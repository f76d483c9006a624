package mesh

import (
	"slices"
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
	return !slices.ContainsFunc(s.listeners(client), func(l listener) bool {
		return imports(l.hosts, client.Namespace, svc.namespace, svc.host)
	})
}

// imports tells whether a list of egress hosts takes in a service (pilot/pkg/model/sidecar.go
// convertIstioListenerToWrapper, selectServices).
func imports(hosts []string, clientNamespace, namespace, host string) bool {
	imported := false
	for _, entry := range hosts {
		where, pattern, excluded, ok := importEntry(entry, clientNamespace)
		if !ok || where != "*" && where != namespace || !within(host, pattern) {
			continue
		}
		if excluded {
			return false
		}
		imported = true
	}
	return imported
}

// importEntry reads "namespace/host": "." is the client's namespace, "*" any, and "~" before it excludes. No object is
// in the namespace of clients that stand for all other namespaces.
func importEntry(entry, clientNamespace string) (namespace, host string, excluded, ok bool) {
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

// within tells whether a host lies within a pattern (pkg/config/host/name.go SubsetOf).
func within(host, pattern string) bool {
	if isWildcard(pattern) && isWildcard(host) && len(host) < len(pattern) {
		return false
	}
	return HostMatches(pattern, host)
}

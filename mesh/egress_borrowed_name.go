package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// borrowedName returns the host for whose name a hop's server is checked in place of its own, "" for none: a rule for several
// hosts names some that are declared, and the one that is asked for is not among them. A name that nobody declares, that of a
// parent or one which is a wildcard may be on a certificate that the hosts share.
//
//	ServiceEntry: {hosts: [a1.vendor.example, a2.vendor.example]}
//	DestinationRule: {host: "*.vendor.example", trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: [a1.vendor.example]}}}
func (s *Snapshot) borrowedName(h hop) string {
	if !h.hasRule() || !h.cluster.Hop.Verified || h.cluster.lookup.endedAt == nil {
		return ""
	}
	pattern, names := h.cluster.lookup.endedAt.host, h.tlsSetting().settings.GetSubjectAltNames()
	if pattern == h.host || len(names) == 0 || h.ownsAny(names) {
		return ""
	}
	for _, name := range names {
		if host.IsWildcard(name) || !host.Covers(pattern, name) || !s.isExternal(name) {
			return ""
		}
	}
	return names[0]
}

// ownsAny reports whether one of some names is the hop's host, or one that its entry gives to the servers.
func (h hop) ownsAny(names []string) bool {
	own := []string{h.host}
	if entry := h.cluster.service.serviceEntry(); entry != nil {
		own = slices.Concat(own, entry.SubjectAltNames, endpointHosts(entry))
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return slices.ContainsFunc(own, func(known string) bool { return host.Covers(strings.ToLower(known), strings.ToLower(name)) })
	})
}

// endpointHosts returns the DNS names among the addresses of a ServiceEntry's endpoints.
func endpointHosts(entry *networking.ServiceEntry) []string {
	var list []string
	for _, e := range entry.Endpoints {
		if a := e.GetAddress(); strings.ContainsAny(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") &&
			!strings.Contains(a, ":") && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}

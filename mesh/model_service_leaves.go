package mesh

import (
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// internalAddresses are the addresses that are inside unless Config says otherwise: private (RFC 1918), shared (RFC 6598),
// unique local (RFC 4193) and link-local ones (RFC 3927, RFC 4291).
func internalAddresses() []netip.Prefix {
	var list []netip.Prefix
	for _, cidr := range []string{
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "169.254.0.0/16", "fe80::/10",
	} {
		list = append(list, netip.MustParsePrefix(cidr))
	}
	return list
}

// isExternal reports whether what is sent to a service of this host may leave the mesh.
func (s *Snapshot) isExternal(host string) bool {
	return slices.ContainsFunc(s.services.At(host), s.leavesMesh)
}

// LeavesMesh reports whether what is sent to a host of a ServiceEntry may leave the mesh.
func (s *Snapshot) LeavesMesh(entry Ref) bool {
	o := s.Get(entry)
	return o != nil && slices.ContainsFunc(s.settings.servicesOf(o), s.leavesMesh)
}

// leavesMesh reports whether what is sent to a service leaves the mesh. Its location does not say so: Istio takes it for
// mutual TLS alone. Where the endpoints are does:
//  1. Sockets (unix://), loopback addresses and endpoints by a name of the cluster's domain are inside, but for that of a Service of
//     type ExternalName, which is where that leads.
//  2. Of an entry with location MESH_EXTERNAL everything else is outside, its host too where that is of the cluster's
//     domain: so do Istio's own pages name a server without a sidecar.
//  3. Of an entry with location MESH_INTERNAL the addresses are inside that Settings.InternalAddresses hold; other
//     addresses and names are outside.
//
// The endpoints are those written in the entry, or the WorkloadEntries that it selects (pods are inside; where it selects
// none yet, its location says what it is for), or, where names are resolved, its host. With resolution NONE they are where
// the client itself connects to: its addresses, if it has any.
//
//	spec: {hosts: [api.bank.example], location: MESH_INTERNAL, resolution: DNS, ...}   # leaves
//	spec: {hosts: [authz.local], resolution: STATIC, endpoints: [{address: 127.0.0.1}], ...}   # does not
func (s *Snapshot) leavesMesh(svc *service) bool {
	if svc.entry == nil {
		return svc.meshExternal || s.selectsOutside(svc)
	}
	outside := func(address string) bool { return s.isOutside(address, svc.meshExternal) }
	switch resolution := svc.entry.Resolution; {
	case resolution == networking.ServiceEntry_NONE && len(svc.entry.Addresses) > 0:
		return slices.ContainsFunc(svc.entry.Addresses, outside)
	case resolution == networking.ServiceEntry_NONE:
		return svc.meshExternal || outside(svc.host) // whatever it selects
	case svc.entry.WorkloadSelector != nil || len(svc.entry.Endpoints) > 0:
		workloads := s.entryWorkloads(svc)
		return len(workloads) == 0 && svc.meshExternal ||
			slices.ContainsFunc(workloads, func(w *networking.WorkloadEntry) bool { return outside(w.Address) })
	case resolution == networking.ServiceEntry_STATIC:
		return svc.meshExternal // nothing is behind it
	}
	return svc.meshExternal || outside(svc.host)
}

// selectsOutside reports whether a Kubernetes Service selects WorkloadEntries outside the mesh
// (pilot/pkg/serviceregistry/kube/controller/controller.go WorkloadInstanceHandler).
func (s *Snapshot) selectsOutside(svc *service) bool { return len(s.selectedOutside(svc)) > 0 }

// outsideAcceptsMTLS reports whether a Kubernetes Service selects WorkloadEntries outside the mesh that all take its mutual TLS,
// as virtual machines do that are part of it.
func (s *Snapshot) outsideAcceptsMTLS(svc *service) bool {
	outside := s.selectedOutside(svc)
	return len(outside) > 0 && !slices.ContainsFunc(outside, func(w *networking.WorkloadEntry) bool { return !acceptsMTLS(w) })
}

// selectedOutside returns the WorkloadEntries outside the mesh that a Kubernetes Service selects. One whose address is a name gives it
// no endpoint, but keeps the one that it had by an address before, as long as Istio runs (see formerAddress).
func (s *Snapshot) selectedOutside(svc *service) []*networking.WorkloadEntry {
	if !svc.kubernetes || len(svc.selector) == 0 {
		return nil
	}
	return slices.DeleteFunc(s.selectedWorkloads(svc.namespace, svc.selector, true), func(w *networking.WorkloadEntry) bool {
		return w.Address == "" || !s.isOutside(w.Address, false)
	})
}

// maxAliases is how many Services of type ExternalName are followed from one to the next.
const maxAliases = 8

// isOutside reports whether an endpoint's address, a range of them or a name lies outside the mesh, or is the name of a Service of
// type ExternalName that leads there.
func (s *Snapshot) isOutside(address string, meshExternal bool) bool {
	for range maxAliases {
		services := s.services.At(resolvedName(address))
		i := slices.IndexFunc(services, isExternalName)
		if i < 0 {
			return s.settings.isOutside(address, meshExternal)
		}
		address = services[i].externalName
	}
	return true
}

// namesLeadingTo returns a host and the hosts of the Services of type ExternalName that lead to it.
func (s *Snapshot) namesLeadingTo(host string) []string {
	names := []string{host}
	for i := 0; i < len(names) && i < maxAliases; i++ {
		for _, alias := range s.aliases.Prefix(resolvedName(names[i]) + "\x00") {
			names = append(names, alias)
		}
	}
	return names
}

// resolvedName returns a name as DNS compares it: in lower case, and without the dot that ends an absolute one.
func resolvedName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// isOutside reports whether an endpoint's address, a range of them or a name lies outside the mesh.
func (s Settings) isOutside(address string, meshExternal bool) bool {
	if strings.HasPrefix(address, unixPrefix) || strings.HasSuffix(resolvedName(address), ".svc."+s.ClusterDomain) {
		return false
	}
	prefix, err := netip.ParsePrefix(address)
	if err != nil {
		ip, err := netip.ParseAddr(address)
		if err != nil {
			return true // a name
		}
		prefix = netip.PrefixFrom(ip, ip.BitLen())
	}
	if prefix.Addr().IsLoopback() {
		return false
	}
	return meshExternal || !slices.ContainsFunc(s.internal(), func(p netip.Prefix) bool {
		return p.Bits() <= prefix.Bits() && p.Contains(prefix.Addr())
	})
}

func (s Settings) internal() []netip.Prefix {
	if s.InternalAddresses == nil {
		return internalAddresses()
	}
	return s.InternalAddresses
}

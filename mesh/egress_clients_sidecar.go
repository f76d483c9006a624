package mesh

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
)

// sidecarNamespaces returns namespaces, beside the known ones, whose Sidecars make their clients see another service
// of host than clients of AnyNamespace do, or other routes for it: one namespace for each difference. Where host has
// one service that all see, and no routes, there can be none.
func (s *Snapshot) sidecarNamespaces(host string, known map[string]bool) []string {
	anybody := Client{Kind: ClientSidecar, Namespace: AnyNamespace}
	usual, sees := s.clientConfigKey(anybody, host)
	if sees && len(s.services.At(host)) == 1 && len(s.virtualServicesForHost(host)) == 0 {
		return nil
	}
	var list []string
	found, alike, sources := map[string]bool{usual: true}, map[uint64]bool{}, s.namespacesOf(host)
	for _, o := range s.objects.Prefix(KindSidecar + "\x00") {
		if known[o.Namespace] || !s.Configures(Client{Kind: ClientSidecar, Namespace: o.Namespace}) {
			continue
		}
		if digest := s.egressDigest(o, sources); !alike[digest] {
			alike[digest] = true
		} else {
			continue
		}
		client := Client{Kind: ClientSidecar, Namespace: o.Namespace, Labels: sidecarSpec(o).GetWorkloadSelector().GetLabels()}
		if view, sees := s.clientConfigKey(client, host); sees && !found[view] {
			found[view] = true
			list = append(list, o.Namespace)
		}
	}
	return list
}

// namespacesOf returns the namespaces of the services of host, and of the routes for it or to it.
func (s *Snapshot) namespacesOf(host string) []string {
	var list []string
	for _, svc := range s.services.At(host) {
		list = append(list, svc.namespace)
	}
	for _, v := range append(s.virtualServicesForHost(host), s.virtualServicesWithDestination(host)...) {
		list = append(list, v.Namespace)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// egressDigest returns a hash that is equal for Sidecars that import alike from the sources, none of which is their own
// namespace. A large mesh has a Sidecar in each namespace, and nearly all say the same.
func (s *Snapshot) egressDigest(o *Object, sources []string) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, e := range sidecarSpec(o).Egress {
		if e == nil {
			continue
		}
		maphash.WriteComparable(&h, e.GetPort().GetNumber())
		_, _ = h.WriteString(e.GetPort().GetProtocol())
		maphash.WriteComparable(&h, egressListener{hosts: e.Hosts}.hasExactHostsOnly(o.Namespace))
		for _, entry := range e.Hosts {
			namespace, _, _, ok := parseEgressHost(entry, o.Namespace)
			if ok && (namespace == "*" || slices.Contains(sources, namespace)) {
				_, _ = h.WriteString(entry)
				_ = h.WriteByte(0)
			}
		}
	}
	listeners := s.sidecarListeners.At(o.key())
	for i := range listeners {
		if l := &listeners[i]; l.port != 0 && i < len(listeners)-1 {
			maphash.WriteComparable(&h, s.makesListener(Client{Kind: ClientSidecar, Namespace: o.Namespace}, l))
		}
	}
	return h.Sum64()
}

// clientConfigKey returns a string that is equal for clients that see the same service of host, and the same routes
// for each of its ports. sees is false for a client that sees none.
func (s *Snapshot) clientConfigKey(client Client, host string) (key string, sees bool) {
	svc, ok := s.serviceFor(client, host)
	if !ok {
		return "", false
	}
	var b strings.Builder
	b.WriteString(svc.ref.String())
	for _, p := range svc.ports {
		l, heard := s.egressListenerFor(client, svc, p)
		if !heard {
			continue
		}
		fmt.Fprintf(&b, "\x00%d %s", p.number, l.parsedAs(p))
		for _, v := range s.selectVirtualServices(client, host, l) {
			b.WriteString("\x00" + v.key())
		}
	}
	return b.String(), true
}

package mesh

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
)

// sidecarNamespaces returns namespaces, beside those that are known already, whose Sidecars let them see another service of
// host, or other routes for it, than clients of any other namespace: one for each. Where all see the host's only service,
// and no routes, there is nothing to look for.
func (s *Snapshot) sidecarNamespaces(host string, known map[string]bool) []string {
	anybody := Client{Kind: ClientSidecar, Namespace: AnyNamespace}
	usual, sees := s.clientConfigKey(anybody, host)
	if sees && len(s.services.At(host)) == 1 && len(s.virtualServicesForHost(host)) == 0 {
		return nil
	}
	var list []string
	found, alike, sources := map[string]bool{usual: true}, map[uint64]bool{}, s.namespacesOf(host)
	for _, o := range s.objects.Prefix(KindSidecar + "\x00") {
		if known[o.Namespace] {
			continue
		}
		if digest := egressDigest(o, sources); !alike[digest] {
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

// namespacesOf returns the namespaces from which host comes, and the routes that have to do with it.
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

// egressDigest is equal for Sidecars that import alike from these namespaces, none of which is their own: a large mesh has
// one in each namespace, and nearly all say the same.
func egressDigest(o *Object, sources []string) uint64 {
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
	return h.Sum64()
}

// clientConfigKey is equal for clients who see the same service of host, and the same routes for each of its ports.
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

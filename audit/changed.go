package audit

import (
	"maps"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh"
)

// scope is what has to be judged again after a change.
type scope struct {
	refs  map[mesh.Ref]bool
	hosts map[string]bool
	// whole reports whether something has changed that may move any connection.
	whole bool
}

// maxScope is how many hosts are looked at one by one.
const maxScope = 2000

// changedBetween returns what has to be judged again in after, which before has become: the objects that differ, the hosts that they
// have to do with, and what else has to do with those.
func changedBetween(before, after *mesh.Snapshot) scope {
	s := scope{refs: map[mesh.Ref]bool{}, hosts: map[string]bool{}}
	for was, is := range mesh.Changed(before, after) {
		if was != nil && is != nil && mesh.Alike(was, is) {
			s.refs[is.Ref] = true // a policy may read more of it than the model does
			continue
		}
		if was != nil {
			s.add(was, before)
		}
		if is != nil {
			s.add(is, after)
		}
	}
	s.addRelated(before, after)
	return s
}

// addRelated adds what has to do with the hosts, and with those to which routes lead from there and that lead there.
func (s *scope) addRelated(meshes ...*mesh.Snapshot) {
	for known := -1; known != len(s.hosts); {
		if known = len(s.hosts); s.whole || known > maxScope {
			s.whole = true
			return
		}
		for host := range maps.Clone(s.hosts) {
			for _, m := range meshes {
				for _, ref := range m.RefsOf(host) {
					s.refs[ref] = true
					if o := m.Get(ref); o.Kind == mesh.KindVirtualService {
						s.add(o, m)
					}
				}
			}
		}
	}
}

// add adds an object of a mesh that was changed.
func (s *scope) add(o *mesh.Object, in *mesh.Snapshot) {
	s.refs[o.Ref] = true
	switch spec := o.Spec.(type) {
	case *networking.ServiceEntry:
		s.addHosts(spec.Hosts)
	case *networking.DestinationRule:
		s.addHosts(in.HostsOf(o))
	case *networking.VirtualService:
		if len(spec.Hosts) == 0 { // it is part of others
			s.whole = true
		}
		for _, host := range spec.Hosts {
			s.addHosts(in.Hosts(host))
		}
		s.addHosts(destinationsOf(spec))
	default:
		s.whole = s.whole || movesOthers(o.Kind)
	}
}

// destinationsOf returns the hosts to which routes lead.
func destinationsOf(spec *networking.VirtualService) []string {
	var list []string
	for _, route := range spec.Http {
		for _, to := range route.GetRoute() {
			list = append(list, to.GetDestination().GetHost())
		}
	}
	for _, route := range spec.Tls {
		for _, to := range route.GetRoute() {
			list = append(list, to.GetDestination().GetHost())
		}
	}
	for _, route := range spec.Tcp {
		for _, to := range route.GetRoute() {
			list = append(list, to.GetDestination().GetHost())
		}
	}
	return list
}

func (s *scope) addHosts(hosts []string) {
	for _, host := range hosts {
		s.hosts[host] = true
	}
}

// movesOthers reports whether an object of a kind may move connections that it does not name.
func movesOthers(kind string) bool {
	switch kind {
	case mesh.KindAuthorizationPolicy, mesh.KindPeerAuthentication, mesh.KindRequestAuthentication, mesh.KindProxyConfig, mesh.KindWasmPlugin,
		mesh.KindTrafficExtension, mesh.KindEnvoyFilter:
		return false
	}
	return true
}

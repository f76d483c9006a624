package mesh

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// view is a host as one client sees it: the chosen service, with ports that services of its namespace add.
type view struct {
	*service
	ports []port
	// inbound is true at the waypoint that stands for the service.
	inbound bool
}

// serviceFor picks what a client's proxy knows of host.
func (s *Snapshot) serviceFor(client Client, host string) (view, bool) {
	all := s.services.at(host)
	if len(all) == 0 {
		return view{}, false
	}
	if client.Kind == ClientWaypoint {
		if served, ok := s.servedAt(client, all); ok {
			return served, true
		}
	}
	if client.Kind == ClientGateway || client.Kind == ClientWaypoint {
		return combine(exported(all, client.Namespace))
	}
	var found scope
	for _, listener := range s.listeners(client) {
		imported := listener.services(all, client.Namespace)
		for _, v := range imported {
			found.add(v)
		}
		found.view.dispute(imported)
		if svc := pickNamespace(firsts(all), client.Namespace); svc != nil && !found.whole(svc) {
			if v, ok := s.routedTo(client, svc, listener); ok {
				found.add(v)
			}
		}
	}
	return found.view, found.some
}

// exported lists the services that a namespace sees, as its proxies list them: those exported to it by name before
// the public ones, each the oldest first (pilot/pkg/model/push_context.go servicesExportedToNamespace).
func exported(all []*service, namespace string) []*service {
	var seen []*service
	for _, svc := range all {
		if visible(svc.exportTo, svc.namespace, namespace) {
			seen = append(seen, svc)
		}
	}
	slices.SortStableFunc(seen, func(a, b *service) int {
		return cmp.Compare(rank(public(a.exportTo)), rank(public(b.exportTo)))
	})
	return seen
}

func rank(late bool) int {
	if late {
		return 1
	}
	return 0
}

// scope collects what a proxy knows of one host (pilot/pkg/model/sidecar.go appendSidecarServices).
type scope struct {
	view view
	some bool
}

// add merges one more service in: a Kubernetes Service takes the place of a ServiceEntry, the ports of a service
// much like the first are added to it, others count for nothing.
func (f *scope) add(v view) {
	switch have := f.view; {
	case !f.some:
		f.view, f.some = v, true
	case have.kube && !v.kube:
	case v.kube && !have.kube:
		f.view = v
	case mergeable(have.service, v.service):
		for _, p := range v.ports {
			if !slices.ContainsFunc(f.view.ports, func(have port) bool { return have.number == p.number }) {
				f.view.ports = append(slices.Clip(f.view.ports), p)
			}
		}
	}
}

// whole tells whether all of a service is known already.
func (f *scope) whole(svc *service) bool {
	return f.view.service == svc && len(f.view.ports) >= len(svc.ports)
}

// dispute marks the ports for which services that a listener imports do not declare the same family. Clusters are made
// of the services as merged, listeners of each of them (pilot/pkg/networking/core/listener.go
// buildSidecarOutboundListeners).
func (v *view) dispute(imported []view) {
	if len(imported) < 2 {
		return
	}
	v.ports = slices.Clone(v.ports)
	for i, p := range v.ports {
		v.ports[i].disputed = p.disputed || slices.ContainsFunc(imported, func(other view) bool {
			declared, ok := other.port(p.number)
			return ok && FamilyOf(declared.protocol) != FamilyUDP && FamilyOf(declared.protocol) != FamilyOf(p.protocol)
		})
	}
}

// combine merges services in their order.
func combine(services []*service) (view, bool) {
	var found scope
	for _, svc := range services {
		found.add(view{service: svc, ports: svc.ports})
	}
	return found.view, found.some
}

func mergeable(a, b *service) bool {
	return a.namespace == b.namespace && a.entry.GetResolution() == b.entry.GetResolution() &&
		maps.Equal(a.labels, b.labels) && maps.Equal(a.selector, b.selector) && sameSet(a.exportTo, b.exportTo)
}

// listener is one egress listener of a client's Sidecar.
type listener struct {
	hosts []string
	// port limits the listener to services with this port, 0 does not.
	port uint32
	// on is the port on which it listens, with a protocol of its own; 0 stands for all ports that services have.
	on       uint32
	protocol string
}

// listeners gives the egress listeners of a client: its Sidecar's, or the one that imports everything.
func (s *Snapshot) listeners(client Client) []listener {
	o := s.sidecarFor(client)
	if o == nil || len(sidecarSpec(o).Egress) == 0 {
		return []listener{{hosts: []string{"*/*"}}}
	}
	var list []listener
	for _, e := range sidecarSpec(o).Egress {
		if e == nil {
			continue
		}
		l := listener{hosts: e.Hosts, port: e.GetPort().GetNumber(), on: e.GetPort().GetNumber(), protocol: e.GetPort().GetProtocol()}
		if l.forwards() {
			l.port = 0
		}
		list = append(list, l)
	}
	return list
}

// services lists what the listener imports of a host's services: those of one namespace
// (pilot/pkg/model/sidecar.go selectServices).
func (l listener) services(all []*service, namespace string) []view {
	candidates := exported(all, namespace)
	if l.exact(namespace) {
		candidates = l.named(all, namespace)
	}
	var imported []view
	for _, svc := range candidates {
		v := view{service: svc, ports: svc.ports}
		if imports(l.hosts, namespace, svc.namespace, svc.host) && l.trim(&v) {
			imported = append(imported, v)
		}
	}
	if len(imported) == 0 {
		return nil
	}
	chosen := imported[0].service
	for _, v := range imported[1:] {
		if v.namespace == namespace || !chosen.kube && v.kube && chosen.namespace != namespace {
			chosen = v.service
		}
	}
	return slices.DeleteFunc(imported, func(v view) bool { return v.namespace != chosen.namespace })
}

// trim leaves only the listener's port; it tells whether there is one.
func (l listener) trim(v *view) bool {
	if l.port == 0 {
		return true
	}
	p, ok := v.port(l.port)
	if ok && len(v.ports) > 1 {
		v.ports = []port{p}
	}
	return ok
}

// exact is true of a listener that names only exact hosts of named namespaces: there one service of a namespace
// stands for all that it has of a host (pilot/pkg/model/sidecar.go servicesForExactHosts).
func (l listener) exact(clientNamespace string) bool {
	for _, entry := range l.hosts {
		namespace, host, excluded, ok := importEntry(entry, clientNamespace)
		if ok && !excluded && (namespace == "*" || isWildcard(host)) {
			return false
		}
	}
	return true
}

func (l listener) named(all []*service, namespace string) []*service {
	var list []*service
	for _, svc := range firsts(all) {
		if visible(svc.exportTo, svc.namespace, namespace) {
			list = append(list, svc)
		}
	}
	return list
}

// firsts gives the service of each namespace that stands for it: the oldest, or a Kubernetes Service.
func firsts(all []*service) []*service {
	if len(all) == 1 {
		return all
	}
	var list []*service
	for _, svc := range all {
		i := slices.IndexFunc(list, func(have *service) bool { return have.namespace == svc.namespace })
		switch {
		case i < 0:
			list = append(list, svc)
		case svc.kube && !list[i].kube:
			list[i] = svc
		}
	}
	slices.SortStableFunc(list, olderService)
	return list
}

// routedTo is the service that a client knows only because a VirtualService that it sees leads there
// (pilot/pkg/model/sidecar.go collectImportedServices). A service of the client's own namespace need not even be
// exported to it.
func (s *Snapshot) routedTo(client Client, svc *service, l listener) (view, bool) {
	ports, ok := s.routedPorts(client, svc.host, l)
	if !ok {
		return view{}, false
	}
	v := view{service: svc, ports: svc.ports}
	if l.port != 0 {
		return v, l.trim(&v)
	}
	if slices.Contains(ports, 0) {
		return v, true
	}
	v.ports = slices.DeleteFunc(slices.Clone(svc.ports), func(p port) bool { return !slices.Contains(ports, p.number) })
	return v, len(v.ports) > 0
}

// pickNamespace picks among the services of several namespaces: the client's own, a Kubernetes Service, the oldest.
func pickNamespace(list []*service, namespace string) *service {
	var best *service
	for _, svc := range list {
		if svc.namespace == namespace {
			return svc
		}
		if visible(svc.exportTo, svc.namespace, namespace) && (best == nil || svc.kube && !best.kube) {
			best = svc
		}
	}
	return best
}

// routedPorts lists the ports of host to which the VirtualServices that the listener imports lead; 0 is all of them.
func (s *Snapshot) routedPorts(client Client, host string, l listener) ([]uint32, bool) {
	var ports []uint32
	for _, v := range s.routesTo(host) {
		if !slices.Contains(v.gateways, meshGateway) || !visible(v.spec.ExportTo, v.Namespace, client.Namespace) ||
			!l.importsRoute(v, client.Namespace) {
			continue
		}
		for d := range s.allDestinations(v, client.Namespace) {
			if s.settings.qualify(d.Host, v.Namespace) == host {
				ports = append(ports, d.GetPort().GetNumber())
			}
		}
	}
	return ports, len(ports) > 0
}

// routesTo lists the VirtualServices with a destination host, their own or a delegate's.
func (s *Snapshot) routesTo(host string) []*virtualService {
	var list []*virtualService
	for _, v := range s.routes.prefix(byDestination + host + "\x00") {
		if len(v.hosts) > 0 {
			list = append(list, v)
			continue
		}
		for _, root := range s.routes.prefix(byDelegate + v.key() + "\x00") {
			list = append(list, root)
		}
	}
	return list
}

// allDestinations walks where v sends clients of a namespace, mirrors and delegates included.
func (s *Snapshot) allDestinations(v *virtualService, namespace string) iter.Seq[*networking.Destination] {
	return func(yield func(*networking.Destination) bool) {
		for _, r := range s.httpRoutes(v) {
			if !fromNamespace(r, namespace) {
				continue
			}
			for d := range httpTargets(r) {
				if !yield(d) {
					return
				}
			}
		}
		for d := range streamTargets(v.spec) {
			if !yield(d) {
				return
			}
		}
	}
}

// fromNamespace tells whether some match of a route is for clients of this namespace.
func fromNamespace(r *networking.HTTPRoute, namespace string) bool {
	matched := true
	for _, m := range r.Match {
		switch m.GetSourceNamespace() {
		case "":
		case namespace:
			return true
		default:
			matched = false
		}
	}
	return matched
}

// importsRoute tells whether the listener imports a VirtualService: one of its hosts need only overlap with what is
// imported (pilot/pkg/model/virtualservice.go SelectVirtualServices).
func (l listener) importsRoute(v *virtualService, clientNamespace string) bool {
	return slices.ContainsFunc(v.hosts, func(h string) bool {
		imported := false
		for _, entry := range l.hosts {
			namespace, host, excluded, ok := importEntry(entry, clientNamespace)
			switch {
			case !ok, namespace != "*" && namespace != v.Namespace:
			case excluded && within(h, host):
				return false
			case !excluded && (within(h, host) || within(host, h)):
				imported = true
			}
		}
		return imported
	})
}

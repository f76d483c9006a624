package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// egressListener is one egress listener of a client's Sidecar (pilot/pkg/model/sidecar.go IstioEgressListenerWrapper).
type egressListener struct {
	hosts []string
	// version is that of the control plane.
	version Version
	// servicePort is the only port whose services it imports, 0 for any.
	servicePort uint32
	// port is the port on which it listens, as protocol; 0 stands for the ports of all services that it imports.
	port     uint32
	protocol string
	// sidecar is whose listener it is, index that in its spec.egress; bind is the address on which it listens, "" for that of each service.
	sidecar Ref
	index   int
	bind    string
	// uncaptured reports whether it has a socket of its own (captureMode NONE): it takes what pods send to it by their own choice.
	uncaptured bool
}

// captures reports whether the listener takes what iptables redirect on its way to a service.
func (l egressListener) captures(svc scopedService) bool {
	return !l.uncaptured && (l.bind == "" || l.bind == "0.0.0.0" || l.bind == "::" || slices.Contains(svc.entry.GetAddresses(), l.bind))
}

// isHTTPProxy reports whether the listener is an HTTP proxy, which is asked for hosts on all ports.
func (l egressListener) isHTTPProxy() bool { return strings.EqualFold(l.protocol, "HTTP_PROXY") }

// egressListeners returns the egress listeners of a client's Sidecar; without one, a listener that imports everything.
// The caller must not change them.
func (s *Snapshot) egressListeners(client Client) []egressListener {
	o := s.sidecarFor(client)
	if o == nil || len(sidecarSpec(o).Egress) == 0 {
		return s.everything
	}
	return s.sidecarListeners.At(o.key())
}

// egressListenersOf returns the egress listeners of a Sidecar.
func (v Version) egressListenersOf(o *Object) []egressListener {
	var list []egressListener
	for i, e := range sidecarSpec(o).Egress {
		if e == nil {
			continue
		}
		l := egressListener{
			hosts: v.egressHosts(e.Hosts), version: v, servicePort: e.GetPort().GetNumber(), port: e.GetPort().GetNumber(), protocol: e.GetPort().GetProtocol(),
			sidecar: o.Ref, index: i, bind: e.Bind, uncaptured: e.CaptureMode == networking.CaptureMode_NONE,
		}
		if l.isHTTPProxy() {
			l.servicePort = 0
		}
		list = append(list, l)
	}
	return list
}

// selectServices returns the services of a host that the listener imports, all of one namespace: the client's own,
// else that of the first Kubernetes Service, else that of the first service (pilot/pkg/model/sidecar.go
// selectServices). With these hosts, clients of namespace shop import edition.cnn.com of shop where that namespace has
// an entry for it, and else that of external:
//
//	egress:
//	- hosts: ["./*", "external/*"]
func (l egressListener) selectServices(all []*service, namespace string) []scopedService {
	if !l.mayImport(all) {
		return nil
	}
	candidates := l.version.servicesExportedToNamespace(all, namespace)
	if l.version.looksUpExactHosts() && l.hasExactHostsOnly(namespace) {
		candidates = l.servicesForExactHosts(all, namespace)
	}
	var imported []scopedService
	for _, svc := range candidates {
		v := scopedService{service: svc, ports: svc.ports}
		if importsHost(l.hosts, namespace, svc.namespace, svc.host) && l.matchListenerPort(&v) {
			imported = append(imported, v)
		}
	}
	if len(imported) == 0 {
		return nil
	}
	chosen := imported[0].service
	for _, v := range imported[1:] {
		if v.namespace == namespace || !chosen.kubernetes && v.kubernetes && chosen.namespace != namespace {
			chosen = v.service
		}
	}
	return slices.DeleteFunc(imported, func(v scopedService) bool { return v.namespace != chosen.namespace })
}

// mayImport reports whether any of the services of a host has the listener's port: most of a Sidecar's listeners import none.
func (l *egressListener) mayImport(all []*service) bool {
	if l.servicePort == 0 {
		return true
	}
	for _, svc := range all {
		for i := range svc.ports {
			if svc.ports[i].number == l.servicePort {
				return true
			}
		}
	}
	return false
}

// matchListenerPort leaves only the listener's own port in a service, and reports whether it has that port
// (pilot/pkg/model/sidecar.go serviceMatchingListenerPort).
func (l egressListener) matchListenerPort(v *scopedService) bool {
	if l.servicePort == 0 {
		return true
	}
	p, ok := v.port(l.servicePort)
	if ok && len(v.ports) > 1 {
		v.ports = []port{p}
	}
	return ok
}

// hasExactHostsOnly reports whether the listener imports only exact hosts of named namespaces. Then
// servicePerNamespace stands for all services of a namespace (pilot/pkg/model/sidecar.go servicesForExactHosts).
func (l egressListener) hasExactHostsOnly(clientNamespace string) bool {
	for _, entry := range l.hosts {
		namespace, hostname, excluded, ok := parseEgressHost(entry, clientNamespace)
		if ok && !excluded && (namespace == "*" || host.IsWildcard(hostname)) {
			return false
		}
	}
	return true
}

// servicesForExactHosts returns the services of a host from which such a listener imports.
func (l egressListener) servicesForExactHosts(all []*service, namespace string) []*service {
	var list []*service
	for _, svc := range servicePerNamespace(all) {
		if visible(svc.exportTo, svc.namespace, namespace) {
			list = append(list, svc)
		}
	}
	return list
}

// importsVirtualService reports whether the listener imports a VirtualService: one of its hosts need only match one
// that is imported and, with gateway semantics, must be covered by it (pilot/pkg/model/virtualservice.go
// SelectVirtualServices, pilot/pkg/model/sidecar.go VSMatches).
func (l egressListener) importsVirtualService(v *virtualService, clientNamespace string) bool {
	matches := host.Matches
	if v.gatewaySemantics {
		matches = func(h, imported string) bool { return host.Covers(imported, h) }
	}
	return slices.ContainsFunc(v.hosts, func(h string) bool {
		imported := false
		for _, entry := range l.hosts {
			namespace, hostname, excluded, ok := parseEgressHost(entry, clientNamespace)
			switch {
			case !ok, namespace != "*" && namespace != v.Namespace:
			case excluded && host.Covers(hostname, h):
				return false
			case !excluded && matches(h, hostname):
				imported = true
			}
		}
		return imported
	})
}

// importsService reports whether the client sees a service and the listener imports it.
func (l egressListener) importsService(client Client, svc scopedService) bool {
	return visible(svc.exportTo, svc.namespace, client.Namespace) &&
		(client.Kind != ClientSidecar || importsHost(l.hosts, client.Namespace, svc.namespace, svc.host))
}

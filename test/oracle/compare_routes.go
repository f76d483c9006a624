package oracle

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/serviceregistry/provider"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/host"
	"istio.io/istio/pkg/config/protocol"

	"github.com/tlsward/tlsward/mesh"
)

// CompareRoutes asks Istio and the model where every sidecar sends what is meant for each port of each service that it
// knows: by Envoy's listeners and routes, and by mesh.Destinations.
func (f *Farm) CompareRoutes(m Mesh) (Result, error) {
	return f.each(m, sidecars(), func(r *Result, snapshot *mesh.Snapshot, istio *Istio, client mesh.Client) error {
		tables, err := istio.Tables(client)
		if err != nil {
			return err
		}
		return compareRoutes(r, snapshot, client, tables)
	})
}

func compareRoutes(r *Result, snapshot *mesh.Snapshot, client mesh.Client, tables *Tables) error {
	asked := client
	if asked.Namespace == emptyNamespace {
		asked.Namespace = mesh.AnyNamespace
	}
	for _, q := range tables.servicePorts() {
		targets, err := tables.answer(q)
		if err != nil {
			return err
		}
		model, known := snapshot.Destinations(asked, q.name, uint32(q.port.Port))
		r.Compared++
		istio, modelled := sidecarTargets(targets), brieflyTargets(targetsOf(model))
		if len(model) == 0 && !q.port.Protocol.IsHTTPOrSniffed() {
			modelled = noService // no chain is for it
		}
		if istio != fmt.Sprintf("[%s:%d]", q.service.Hostname, q.port.Port) {
			r.Routed++
		}
		if !known {
			modelled = noService
			if istio == "[]" {
				istio = noService // REGISTRY_ONLY: the proxy answers what is for no service
			}
		}
		if istio != modelled {
			key := Key{Host: q.name, Port: uint32(q.port.Port)}
			r.Found = append(r.Found, Disagreement{Client: client, Key: key, Routes: &[2]string{istio, modelled}, Protocol: q.port.Protocol.String()})
			return nil
		}
	}
	return nil
}

func targetsOf(destinations []mesh.Destination) []Target {
	var targets []Target
	for _, d := range destinations {
		if d.Host == "" {
			continue
		}
		targets = append(targets, Target{Key: Key{Host: d.Host, Port: d.Port, Subset: d.Subset}, Authority: d.Authority})
	}
	return targets
}

// noService is where everything goes that is for no service: on to wherever the client wanted to connect, or nowhere,
// which the Sidecar says.
const noService = "[elsewhere]"

// sidecarTargets is brieflyTargets, and distinguishes what is for no service from what ends in the proxy.
func sidecarTargets(targets []Target) string {
	if len(targets) > 0 && !slices.ContainsFunc(targets, func(w Target) bool { return w != (Target{}) }) {
		return noService
	}
	return brieflyTargets(targets)
}

// brieflyTargets returns a set of targets on one line. Whatever leads to no service at all is left out.
func brieflyTargets(targets []Target) string {
	var names []string
	for _, w := range targets {
		if w.Host != "" {
			names = append(names, w.String())
		}
	}
	slices.Sort(names)
	return "[" + strings.Join(slices.Compact(names), ", ") + "]"
}

// servicePort is one port of one service of which a proxy knows.
type servicePort struct {
	// name is the service's host or, for a wildcard, a name that it covers.
	name    string
	service *model.Service
	// port is the service's or, where the Sidecar has a listener for the port, that listener's, which has a protocol of
	// its own.
	port     *model.Port
	listener *model.IstioEgressListenerWrapper
	// address is what the client connects to; "" where Istio has no listener for it that could be asked about.
	address string
}

// unlisted is an address that no listener names.
const unlisted = "203.0.113.99"

// servicePorts lists the ports that can be asked about: those where Istio's listeners can tell whose bytes come. HTTP
// tells by its authority, TLS by its SNI; of all else there must be one service on the port.
func (t *Tables) servicePorts() []servicePort {
	var all []servicePort
	taken := map[string]bool{} // addresses on which an earlier egress listener listens
	for _, e := range t.proxy.SidecarScope.EgressListeners {
		for _, list := range t.heardBy(e, taken) {
			if !distinct(list, routesTLS(e)) {
				continue
			}
			for _, q := range list {
				if t.known(q.service, q.port.Port) && q.address != "" {
					all = append(append(all, q), t.covered(q, list)...)
				}
			}
		}
		if own := e.IstioListener.GetPort(); own != nil {
			taken[place(unlisted, int(own.Number))] = true
			for _, svc := range e.Services() {
				taken[place(listed(svc.GetAddressForProxy(t.proxy)), int(own.Number))] = true
				taken[string(svc.Hostname)+place(unlisted, int(own.Number))] = true
			}
		}
	}
	slices.SortFunc(all, func(a, b servicePort) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// heardBy lists by their port the services for which an egress listener listens. One without a port leaves the ports of
// earlier ones to them, but for services with an address of their own of which it does not read requests; those where
// connections go to the endpoints by themselves are left out. So is a forward proxy (HTTP_PROXY), which is asked about
// the ports of others.
func (t *Tables) heardBy(e *model.IstioEgressListenerWrapper, taken map[string]bool) map[int][]servicePort {
	own := e.IstioListener.GetPort()
	declared := protocol.Parse(own.GetProtocol())
	if own != nil && declared == protocol.HTTP_PROXY {
		return nil
	}
	byPort := map[int][]servicePort{}
	for _, svc := range e.Services() {
		for _, p := range svc.Ports {
			q := servicePort{name: string(svc.Hostname), service: svc, port: p, listener: e}
			switch {
			case svc.Resolution == model.Alias || own == nil && p.Protocol == protocol.UDP || own != nil && p.Port != int(own.Number):
				continue
			case own == nil:
				q.address = t.address(svc, p)
			default:
				q.port = &model.Port{Name: own.Name, Port: p.Port, Protocol: declared}
				q.address = listed(svc.GetAddressForProxy(t.proxy))
				if declared.IsHTTP() && !p.Protocol.IsHTTPOrSniffed() && (svc.Resolution == model.Passthrough || q.address != unlisted) {
					q.address = "" // another listener may be on its addresses, or those of its endpoints
				}
			}
			port := place(unlisted, p.Port)
			addressed := listed(svc.GetAddressForProxy(t.proxy)) != unlisted && !p.Protocol.IsHTTPOrSniffed()
			if taken[place(q.address, p.Port)] || taken[port] && (!addressed || taken[q.name+port]) {
				continue
			}
			byPort[p.Port] = append(byPort[p.Port], q)
		}
	}
	return byPort
}

func place(address string, number int) string { return fmt.Sprintf("%s:%d", address, number) }

// listed returns an address to which a client can connect.
func listed(address string) string {
	if address == "0.0.0.0" {
		return unlisted
	}
	return address
}

// address returns what a client connects to: the service's address, one of its endpoints where connections follow the
// client's, or one that nobody knows.
func (t *Tables) address(svc *model.Service, p *model.Port) string {
	switch address := listed(svc.GetAddressForProxy(t.proxy)); {
	case address != unlisted:
		return address
	case svc.Resolution != model.Passthrough || p.Protocol.IsHTTP():
		return unlisted
	case svc.Attributes.ServiceRegistry == provider.Kubernetes || svc.Attributes.LabelSelectors != nil:
		return ""
	}
	instances := t.push.ServiceEndpointsByPort(svc, p.Port, nil)
	if len(instances) == 0 {
		return unlisted
	}
	if _, err := netip.ParseAddr(instances[0].FirstAddressOrNil()); err != nil {
		return ""
	}
	return instances[0].FirstAddressOrNil()
}

// covered lists ports of names that the wildcard host of a port covers, and that are hosts of no service:
// one of nobody's, and those that VirtualServices name. A narrower wildcard would take them.
func (t *Tables) covered(q servicePort, list []servicePort) []servicePort {
	rest, wild := strings.CutPrefix(q.name, "*")
	if declared, ok := q.service.Ports.GetByPort(q.port.Port); !wild || q.port.Protocol.IsUnsupported() && q.address != unlisted ||
		ok && q.port.Protocol.IsHTTP() && !declared.Protocol.IsHTTPOrSniffed() {
		return nil
	}
	names := []string{"unnamed" + rest}
	for _, c := range q.listener.VirtualServices() {
		names = append(names, c.Spec.(*networking.VirtualService).Hosts...)
	}
	var covered []servicePort
	for _, name := range names {
		taken := slices.ContainsFunc(list, func(other servicePort) bool {
			rest, wild := strings.CutPrefix(other.name, "*")
			return strings.EqualFold(other.name, name) || wild && other.name != q.name && strings.HasSuffix(name, rest)
		})
		if !taken && t.proxy.SidecarScope.GetService(host.Name(name)) == nil && strings.HasSuffix(name, rest) &&
			!strings.HasPrefix(name, "*") && name == strings.ToLower(name) {
			other := q
			other.name = name
			covered = append(covered, other)
		}
	}
	return covered
}

// known reports whether the proxy has a cluster for a port: a listener may stand for a service that was not merged in,
// or in whose place another is known because a route leads there.
func (t *Tables) known(svc *model.Service, number int) bool {
	merged := t.proxy.SidecarScope.GetService(svc.Hostname)
	if merged == nil || merged.Resolution == model.Alias || number == 0 ||
		merged.Attributes.Namespace != svc.Attributes.Namespace || merged.Attributes.ServiceRegistry != svc.Attributes.ServiceRegistry {
		return false
	}
	_, has := merged.Ports.GetByPort(number)
	return has
}

func (q servicePort) String() string { return fmt.Sprintf("%s:%d", q.name, q.port.Port) }

// routesTLS reports whether a VirtualService has tls routes: those may be for the SNI of any service on the port.
func routesTLS(e *model.IstioEgressListenerWrapper) bool {
	return slices.ContainsFunc(e.VirtualServices(), func(c *config.Config) bool {
		return len(c.Spec.(*networking.VirtualService).Tls) > 0
	})
}

// distinct reports whether Istio can tell the services of one port apart. It does not tell upper case from lower case
// in an authority, of a host that is also another's alias it takes the one or the other as a map has them, and Envoy
// reads an SNI in lower case.
func distinct(list []servicePort, routesTLS bool) bool {
	hosts := map[string]bool{}
	for _, q := range list {
		names := []string{string(q.service.Hostname)}
		for _, alias := range q.service.Attributes.Aliases {
			names = append(names, string(alias.Hostname))
		}
		for _, name := range names {
			lower := strings.ToLower(name)
			if hosts[lower] || lower != name && (q.port.Protocol.IsTLS() || q.port.Protocol.IsUnsupported()) {
				return false
			}
			hosts[lower] = true
		}
	}
	return len(list) == 1 || all(list, func(q servicePort) bool { return q.port.Protocol.IsHTTP() }) ||
		!routesTLS && all(list, func(q servicePort) bool { return q.port.Protocol.IsTLS() && q.address == unlisted })
}

func all(list []servicePort, is func(servicePort) bool) bool {
	return !slices.ContainsFunc(list, func(q servicePort) bool { return !is(q) })
}

// answer returns where the proxy sends the port leads. A wildcard host stands for a name of its own below
// it.
func (t *Tables) answer(q servicePort) ([]Target, error) {
	host, number, sni := q.name, uint32(q.port.Port), q.name
	if rest, wild := strings.CutPrefix(host, "*"); wild {
		sni = "unnamed" + rest
	}
	switch {
	case q.port.Protocol.IsHTTP():
		return t.HTTP(q.address, number, strings.ToLower(host))
	case q.port.Protocol.IsTLS():
		return t.Stream(q.address, number, sni)
	case q.port.Protocol.IsUnsupported():
		requests, err := t.HTTP(q.address, number, host)
		if err != nil {
			return nil, err
		}
		others, err := t.Stream(q.address, number, "")
		return append(requests, others...), err
	}
	return t.Stream(q.address, number, "")
}

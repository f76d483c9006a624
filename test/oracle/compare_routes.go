package oracle

import (
	"errors"
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
	"istio.io/istio/pkg/test"

	"github.com/tlsward/tlsward/mesh"
)

// CompareRoutes asks Istio and the model where every sidecar sends what is meant for each port of each service that it
// knows: by Envoy's listeners and routes, and by mesh.Destinations.
func (f *Farm) CompareRoutes(m Mesh) (Result, error) {
	var r Result
	snapshot, err := Decode(m)
	if err != nil {
		return r, err
	}
	err = test.Wrap(func(t test.Failer) {
		istio := f.Load(t, m)
		for _, client := range sidecars() {
			tables, err := istio.Tables(client)
			if errors.Is(err, errCrashed) {
				r.Crashed++
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := compareRoutes(&r, snapshot, client, tables); err != nil {
				t.Fatal(err)
			}
		}
	})
	return r, err
}

func compareRoutes(r *Result, snapshot *mesh.Snapshot, client mesh.Client, tables *Tables) error {
	asked := client
	if asked.Namespace == emptyNamespace {
		asked.Namespace = mesh.AnyNamespace
	}
	for _, q := range tables.questions() {
		ways, err := tables.answer(q)
		if err != nil {
			return err
		}
		model, known := snapshot.Destinations(asked, q.name, uint32(q.port.Port))
		r.Questions++
		istio, ours := brieflyWays(ways), brieflyWays(waysOf(model))
		if istio != fmt.Sprintf("[%s:%d]", q.service.Hostname, q.port.Port) {
			r.Routed++
		}
		if !known {
			ours = "no such service"
		}
		if istio != ours {
			key := Key{Host: q.name, Port: uint32(q.port.Port)}
			r.Found = append(r.Found, Disagreement{Client: client, Key: key, Routes: &[2]string{istio, ours}, Protocol: q.port.Protocol.String()})
			return nil
		}
	}
	return nil
}

func waysOf(destinations []mesh.Destination) []Way {
	var ways []Way
	for _, d := range destinations {
		if d.Host == "" {
			continue
		}
		ways = append(ways, Way{Key: Key{Host: d.Host, Port: d.Port, Subset: d.Subset}, Authority: d.Authority})
	}
	return ways
}

// brieflyWays gives a set of ways on one line. Whatever leads to no service at all is left out.
func brieflyWays(ways []Way) string {
	var names []string
	for _, w := range ways {
		if w != (Way{}) {
			names = append(names, w.String())
		}
	}
	slices.Sort(names)
	return "[" + strings.Join(slices.Compact(names), ", ") + "]"
}

// question is one port of one service of which a proxy knows.
type question struct {
	// name is the service's host or, for a wildcard, a name that it covers.
	name    string
	service *model.Service
	port    *model.Port
	// address is what the client connects to; "" where Istio has no listener for it that could be asked about.
	address string
}

// unlisted is an address that no listener names.
const unlisted = "203.0.113.99"

// questions lists the ports that can be asked about: those where Istio's listeners can tell whose bytes come. HTTP tells
// by its authority, TLS by its SNI; of all else there must be one service on the port. Sidecars with several egress
// listeners, or with one for a port, are left out.
func (t *Tables) questions() []question {
	scope := t.proxy.SidecarScope
	if len(scope.EgressListeners) != 1 || scope.EgressListeners[0].IstioListener.GetPort() != nil {
		return nil
	}
	byPort := map[int][]question{}
	for _, svc := range scope.EgressListeners[0].Services() {
		for _, p := range svc.Ports {
			if svc.Resolution != model.Alias && p.Protocol != protocol.UDP {
				byPort[p.Port] = append(byPort[p.Port], question{name: string(svc.Hostname), service: svc, port: p, address: t.address(svc, p)})
			}
		}
	}
	var all []question
	for _, list := range byPort {
		if !distinct(list, routesTLS(scope)) {
			continue
		}
		for _, q := range list {
			if t.known(q.service, q.port.Port) && q.address != "" {
				all = append(append(all, q), t.covered(q, list)...)
			}
		}
	}
	slices.SortFunc(all, func(a, b question) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// address gives what a client connects to: the service's address, one of its endpoints where connections follow the
// client's, or one that nobody knows.
func (t *Tables) address(svc *model.Service, p *model.Port) string {
	switch address := svc.GetAddressForProxy(t.proxy); {
	case address != "0.0.0.0":
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

// covered lists questions about names that the wildcard host of a question covers, and that are hosts of no service: one of
// nobody's, and those that VirtualServices name. A narrower wildcard would take them.
func (t *Tables) covered(q question, list []question) []question {
	rest, wild := strings.CutPrefix(q.name, "*")
	if !wild || q.port.Protocol.IsUnsupported() && q.address != unlisted {
		return nil
	}
	names := []string{"unnamed" + rest}
	for _, c := range t.proxy.SidecarScope.EgressListeners[0].VirtualServices() {
		names = append(names, c.Spec.(*networking.VirtualService).Hosts...)
	}
	var covered []question
	for _, name := range names {
		taken := slices.ContainsFunc(list, func(other question) bool {
			rest, wild := strings.CutPrefix(other.name, "*")
			return other.name == name || wild && other.name != q.name && strings.HasSuffix(name, rest)
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

// known tells whether the proxy has a cluster for a port: a listener may stand for a service that was not merged in, or in
// whose place another is known because a route leads there.
func (t *Tables) known(svc *model.Service, number int) bool {
	merged := t.proxy.SidecarScope.GetService(svc.Hostname)
	if merged == nil || merged.Resolution == model.Alias || number == 0 ||
		merged.Attributes.Namespace != svc.Attributes.Namespace || merged.Attributes.ServiceRegistry != svc.Attributes.ServiceRegistry {
		return false
	}
	_, has := merged.Ports.GetByPort(number)
	return has
}

func (q question) String() string { return fmt.Sprintf("%s:%d", q.name, q.port.Port) }

// routesTLS tells whether a VirtualService has tls routes: those may be for the SNI of any service on the port.
func routesTLS(scope *model.SidecarScope) bool {
	return slices.ContainsFunc(scope.EgressListeners[0].VirtualServices(), func(c *config.Config) bool {
		return len(c.Spec.(*networking.VirtualService).Tls) > 0
	})
}

// distinct tells whether Istio can tell the services of one port apart. It does not tell upper case from lower case in an
// authority, so that hosts with capitals are not asked about, nor hosts that are also another's alias.
func distinct(list []question, routesTLS bool) bool {
	hosts := map[string]bool{}
	for _, q := range list {
		names := []string{string(q.service.Hostname)}
		for _, alias := range q.service.Attributes.Aliases {
			names = append(names, string(alias.Hostname))
		}
		for _, name := range names {
			if lower := strings.ToLower(name); hosts[lower] || lower != name {
				return false
			}
			hosts[name] = true
		}
	}
	return len(list) == 1 || all(list, func(q question) bool { return q.port.Protocol.IsHTTP() }) ||
		!routesTLS && all(list, func(q question) bool { return q.port.Protocol.IsTLS() && q.address == unlisted })
}

func all(list []question, is func(question) bool) bool {
	return !slices.ContainsFunc(list, func(q question) bool { return !is(q) })
}

// answer gives where the proxy sends what the question is about. A wildcard host stands for a name of its own below it.
func (t *Tables) answer(q question) ([]Way, error) {
	host, number, sni := q.name, uint32(q.port.Port), q.name
	if rest, wild := strings.CutPrefix(host, "*"); wild {
		sni = "unnamed" + rest
	}
	switch {
	case q.port.Protocol.IsHTTP():
		return t.HTTP(q.address, number, host)
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

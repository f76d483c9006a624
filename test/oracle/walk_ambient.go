package oracle

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"istio.io/istio/pkg/util/sets"
	"istio.io/istio/pkg/workloadapi"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/mesh"
)

// ambientWalker walks connections of ambient pods: through ztunnel, which obeys what Istio tells it of services, and through
// the waypoint that Istio configures.
type ambientWalker struct {
	istio    *Istio
	services []*workloadapi.Service
	// served has the services, as "namespace/host", that have any workload.
	served    map[string]bool
	waypoints map[string]*envoy.Config
}

func newAmbientWalker(istio *Istio) *ambientWalker {
	w := &ambientWalker{istio: istio, waypoints: map[string]*envoy.Config{}, served: map[string]bool{}}
	all, _ := istio.env.AddressInformation(sets.String{})
	for _, a := range all {
		if svc := a.GetService(); svc != nil {
			w.services = append(w.services, svc)
		}
		for service := range a.GetWorkload().GetServices() {
			w.served[service] = true
		}
	}
	return w
}

// serviceOf returns the service that ztunnel's DNS has for a name (ztunnel src/state/service.rs find_best_match): that of the
// client's own namespace, else the one that Istio marks.
func (w *ambientWalker) serviceOf(namespace, host string) *workloadapi.Service {
	var best *workloadapi.Service
	for _, svc := range w.services {
		switch {
		case svc.GetHostname() != host:
		case svc.GetNamespace() == namespace:
			return svc
		case best == nil || svc.GetCanonical():
			best = svc
		}
	}
	return best
}

// takers returns the services that ztunnel may have for the address of one: it keeps the last that it heard of.
func (w *ambientWalker) takers(svc *workloadapi.Service) (at netip.Addr, takers []*workloadapi.Service) {
	if len(svc.GetAddresses()) == 0 {
		return netip.Addr{}, []*workloadapi.Service{svc}
	}
	at, _ = netip.AddrFromSlice(svc.GetAddresses()[0].GetAddress())
	for _, other := range w.services {
		if slices.ContainsFunc(other.GetAddresses(), func(a *workloadapi.NetworkAddress) bool {
			have, _ := netip.AddrFromSlice(a.GetAddress())
			return have == at
		}) {
			takers = append(takers, other)
		}
	}
	return at, takers
}

// walk returns how what a pod of a namespace sends to a port of a host ends; ok is false where nothing declares the host.
func (w *ambientWalker) walk(namespace string, a arrival, p envoy.Payload) (outcomes []envoy.Outcome, ok bool, err error) {
	svc := w.serviceOf(namespace, a.host)
	if svc == nil {
		return nil, false, nil
	}
	at, takers := w.takers(svc)
	for _, taker := range takers {
		hasPort := slices.ContainsFunc(taker.GetPorts(), func(port *workloadapi.Port) bool { return port.GetServicePort() == a.port })
		passes := taker.GetLoadBalancing().GetMode() == workloadapi.LoadBalancing_PASSTHROUGH
		waypoint := taker.GetWaypoint().GetHostname().GetNamespace()
		switch {
		case !hasPort, waypoint == "" && !passes && !w.served[taker.GetNamespace()+"/"+taker.GetHostname()]:
			outcomes = append(outcomes, envoy.Outcome{End: envoy.EndReset})
		case waypoint == "":
			outcomes = append(outcomes, envoy.Outcome{
				End: envoy.EndUpstream, Path: []envoy.Hop{{Cluster: fmt.Sprintf("ztunnel to %s/%s", taker.GetNamespace(), taker.GetHostname())}},
			})
		default:
			config, err := w.waypoint(waypoint)
			if err != nil {
				return nil, false, err
			}
			outcomes = append(outcomes, config.Walk(outOfTunnel(netip.AddrPortFrom(at, uint16(a.port)), p))...)
		}
	}
	return outcomes, true, nil
}

// waypoint returns the configuration of the waypoint of a namespace.
func (w *ambientWalker) waypoint(namespace string) (*envoy.Config, error) {
	if w.waypoints[namespace] == nil {
		config, err := w.istio.Connections(mesh.Client{Kind: mesh.ClientWaypoint, Namespace: namespace})
		if err != nil {
			return nil, err
		}
		w.waypoints[namespace] = config
	}
	return w.waypoints[namespace], nil
}

// ambientClients are the clients whose connections are walked in an ambient mesh.
func ambientClients() []mesh.Client {
	var clients []mesh.Client
	for _, namespace := range []string{victimNamespace, "shop", tenantNamespace} {
		clients = append(clients, mesh.Client{Kind: mesh.ClientZtunnel, Namespace: namespace})
	}
	return clients
}

// walkAllAmbient walks all connections of the clients that are in ambient mode.
func walkAllAmbient(m Mesh, istio *Istio, all []arrival) (*walked, error) {
	through := newAmbientWalker(istio)
	var list walked
	for _, client := range ambientClients() {
		for _, a := range all {
			for _, p := range a.payloads {
				outcomes, declared, err := through.walk(client.Namespace, a, p)
				if err != nil && !errors.Is(err, errCrashed) {
					return nil, err
				}
				known := err == nil && declared && isAmbient(m, client.Namespace)
				list = append(list, walk{client: client, to: a, payload: p, outcomes: outcomes, unknown: !known})
			}
		}
	}
	return &list, nil
}

// isAmbient reports whether a mesh has a Namespace in ambient mode.
func isAmbient(m Mesh, namespace string) bool {
	return slices.ContainsFunc(m, func(d Document) bool {
		labels, _ := d.metadata()["labels"].(map[string]any)
		return d.Kind() == "Namespace" && d.Name() == namespace && labels["istio.io/dataplane-mode"] == "ambient"
	})
}

// byName returns one of the arrivals for each port of a host and what is sent there: ambient clients ask for the name, and
// ztunnel's DNS says where to connect to.
func byName(all []arrival) []arrival {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(all), func(a arrival) bool {
		key := fmt.Sprint(a.host, a.port, a.family)
		was := seen[key]
		seen[key] = true
		return was
	})
}

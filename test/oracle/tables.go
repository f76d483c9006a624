package oracle

import (
	"fmt"
	"slices"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"

	"istio.io/istio/pilot/pkg/model"

	"github.com/tlsward/tlsward/mesh"
)

// Target is where a proxy sends something: a cluster, and the authority that it sets on the way ("" for the client's own).
// The zero Target is none of the clusters that services have: on to wherever the client wanted to connect, or nowhere.
type Target struct {
	Key
	Authority string
}

// String returns "host:port/subset as authority".
func (w Target) String() string {
	s := w.Key.String()
	if w == (Target{}) {
		s = "elsewhere"
	}
	if w.Authority != "" {
		s += " as " + w.Authority
	}
	return s
}

// Tables are a proxy's listeners, and the routes to which they point.
type Tables struct {
	proxy     *model.Proxy
	push      *model.PushContext
	listeners []*listener.Listener
	routes    map[string]*route.RouteConfiguration
}

// Tables returns the listeners and routes of a client's proxy. The error wraps errCrashed where Istio panics.
func (i *Istio) Tables(c mesh.Client) (t *Tables, err error) {
	defer func() {
		if r := recover(); r != nil {
			t, err = nil, fmt.Errorf("%w: %v", errCrashed, r)
		}
	}()
	proxy := setUp(i.env, proxyFor(c))
	t = &Tables{proxy: proxy, push: i.env.PushContext(), routes: map[string]*route.RouteConfiguration{}}
	t.listeners = i.generator.BuildListeners(proxy, i.env.PushContext())
	var names []string
	for _, l := range t.listeners {
		for _, chain := range chainsOf(l) {
			manager, err := managerOf(chain)
			if err != nil {
				return nil, err
			}
			if name := manager.GetRds().GetRouteConfigName(); name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	resources, _ := i.generator.BuildHTTPRoutes(proxy, &model.PushRequest{Push: i.env.PushContext()}, names)
	for _, r := range resources {
		table := &route.RouteConfiguration{}
		if err := r.Resource.UnmarshalTo(table); err != nil {
			return nil, fmt.Errorf("read routes %s: %w", r.Name, err)
		}
		t.routes[r.Name] = table
	}
	return t, nil
}

// chainsOf lists a listener's filter chains, the default one last.
func chainsOf(l *listener.Listener) []*listener.FilterChain {
	chains := slices.Clone(l.GetFilterChains())
	if l.GetDefaultFilterChain() != nil {
		chains = append(chains, l.GetDefaultFilterChain())
	}
	return chains
}

// managerOf returns a chain's HTTP filter, nil for a chain that does not read HTTP.
func managerOf(chain *listener.FilterChain) (*hcm.HttpConnectionManager, error) {
	var manager hcm.HttpConnectionManager
	for _, f := range chain.GetFilters() {
		if !f.GetTypedConfig().MessageIs(&manager) {
			continue
		}
		if err := f.GetTypedConfig().UnmarshalTo(&manager); err != nil {
			return nil, fmt.Errorf("read HTTP filter of chain %s: %w", chain.GetName(), err)
		}
		return &manager, nil
	}
	return nil, nil
}

// outboundListener finds the listener that takes a connection to an address: that of the address, or that of all.
func (t *Tables) outboundListener(address string, port uint32) *listener.Listener {
	var any *listener.Listener
	for _, l := range t.listeners {
		at := l.GetAddress().GetSocketAddress()
		if l.GetTrafficDirection() != core.TrafficDirection_OUTBOUND || at.GetPortValue() != port {
			continue
		}
		switch at.GetAddress() {
		case address:
			return l
		case "0.0.0.0":
			any = l
		}
	}
	return any
}

// HTTP returns where requests with this authority are sent that come to an address and port.
func (t *Tables) HTTP(address string, port uint32, authority string) ([]Target, error) {
	l := t.outboundListener(address, port)
	for _, chain := range l.GetFilterChains() {
		if slices.Contains(chain.GetFilterChainMatch().GetApplicationProtocols(), "http/1.1") {
			return t.chainTargets(chain, authority)
		}
	}
	return t.unsniffed(l, "", authority)
}

// readsRequests reports whether a proxy looks for requests in what comes to an address and port.
func (t *Tables) readsRequests(address string, port uint32) (bool, error) {
	for _, chain := range chainsOf(t.outboundListener(address, port)) {
		if manager, err := managerOf(chain); manager != nil || err != nil {
			return err == nil, err
		}
	}
	return false, nil
}

// Stream returns where bytes are sent that are not HTTP and come to an address and port: TLS with this name, or bytes
// that are not TLS.
func (t *Tables) Stream(address string, port uint32, sni string) ([]Target, error) {
	return t.unsniffed(t.outboundListener(address, port), sni, "")
}

// unsniffed picks among the chains that are not for HTTP alone.
func (t *Tables) unsniffed(l *listener.Listener, sni, authority string) ([]Target, error) {
	if l == nil {
		return []Target{{}}, nil
	}
	best, length := l.GetDefaultFilterChain(), -1
	for _, chain := range l.GetFilterChains() {
		match := chain.GetFilterChainMatch()
		if len(match.GetApplicationProtocols()) > 0 || match.GetTransportProtocol() == "raw_buffer" && sni != "" {
			continue
		}
		if fits := fitting(match.GetServerNames(), sni); fits > length {
			best, length = chain, fits
		}
	}
	return t.chainTargets(best, authority)
}

// fitting returns how well a chain's names fit a name: the length of what is the same; 0 for a chain for any name, -1
// for one that does not fit.
func fitting(names []string, sni string) int {
	if len(names) == 0 {
		return 0
	}
	best := -1
	for _, name := range names {
		switch {
		case name == sni && sni != "":
			best = max(best, 1000)
		case strings.HasPrefix(name, "*.") && strings.HasSuffix(sni, name[1:]):
			best = max(best, len(name))
		}
	}
	return best
}

// chainTargets returns where a filter chain sends requests with this authority, or any bytes.
func (t *Tables) chainTargets(chain *listener.FilterChain, authority string) ([]Target, error) {
	manager, err := managerOf(chain)
	if err != nil {
		return nil, err
	}
	if manager != nil {
		return hostTargets(t.tableOf(manager), authority, chain.GetTransportSocket() != nil), nil
	}
	for _, f := range chain.GetFilters() {
		var proxy tcp.TcpProxy
		if !f.GetTypedConfig().MessageIs(&proxy) {
			continue
		}
		if err := f.GetTypedConfig().UnmarshalTo(&proxy); err != nil {
			return nil, fmt.Errorf("read TCP filter of chain %s: %w", chain.GetName(), err)
		}
		return tcpTargets(&proxy), nil
	}
	return []Target{{}}, nil
}

func tcpTargets(proxy *tcp.TcpProxy) []Target {
	if proxy.GetCluster() != "" {
		return addTarget(nil, proxy.GetCluster(), "")
	}
	var targets []Target
	for _, c := range proxy.GetWeightedClusters().GetClusters() {
		targets = addTarget(targets, c.GetName(), "")
	}
	return targets
}

// tableOf returns the routes of an HTTP filter, which carries them or names them.
func (t *Tables) tableOf(manager *hcm.HttpConnectionManager) *route.RouteConfiguration {
	if own := manager.GetRouteConfig(); own != nil {
		return own
	}
	return t.routes[manager.GetRds().GetRouteConfigName()]
}

// hostTargets returns where a table sends requests with this authority: by the host of that name, or the longest wildcard.
// Those that have not come in TLS may be sent back.
func hostTargets(table *route.RouteConfiguration, authority string, encrypted bool) []Target {
	var best *route.VirtualHost
	longest := -1
	for _, vhost := range table.GetVirtualHosts() {
		for _, domain := range vhost.GetDomains() {
			if domain == authority {
				best, longest = vhost, 1000
			}
			if suffix, wild := strings.CutPrefix(domain, "*"); wild && strings.HasSuffix(authority, suffix) && len(suffix) > longest {
				best, longest = vhost, len(suffix)
			}
		}
	}
	if best == nil || best.GetRequireTls() == route.VirtualHost_ALL && !encrypted {
		return []Target{{}}
	}
	return routesTargets(best.GetRoutes())
}

// routesTargets returns where some request is sent: by each route, up to the first that takes all that are left.
func routesTargets(routes []*route.Route) []Target {
	var targets []Target
	for _, r := range routes {
		targets = append(targets, actionTargets(r.GetRoute())...)
		if takesAll(r.GetMatch()) {
			break
		}
	}
	return targets
}

func takesAll(m *route.RouteMatch) bool {
	return len(m.GetHeaders())+len(m.GetQueryParameters()) == 0 && (m.GetPrefix() == "/" || m.GetSafeRegex().GetRegex() == ".*")
}

// actionTargets returns where one route sends; a redirect or a fixed answer sends nowhere.
func actionTargets(action *route.RouteAction) []Target {
	var targets []Target
	if action.GetCluster() != "" {
		targets = addTarget(targets, action.GetCluster(), action.GetHostRewriteLiteral())
	}
	for _, c := range action.GetWeightedClusters().GetClusters() {
		authority := action.GetHostRewriteLiteral() // Envoy applies the route's after the cluster's own
		if authority == "" {
			authority = c.GetHostRewriteLiteral()
		}
		targets = addTarget(targets, c.GetName(), authority)
	}
	for _, m := range action.GetRequestMirrorPolicies() {
		targets = addTarget(targets, m.GetCluster(), "")
	}
	return targets
}

// unknownCluster is where Istio sends what a route of the Gateway API means for a backend that cannot be: nobody has it
// (pilot/pkg/networking/core/route/route.go GetDestinationCluster).
const unknownCluster = "UnknownService"

// addTarget adds the target that a cluster's name stands for. A route to a host without a name leads to a cluster that nobody has.
func addTarget(targets []Target, cluster, authority string) []Target {
	key, ok := keyOf(cluster)
	switch {
	case cluster == unknownCluster:
		return targets
	case !ok:
		return append(targets, Target{})
	}
	return append(targets, Target{Key: key, Authority: authority})
}

// Uses says how a cluster is used.
type Uses struct {
	// Routed reports whether a VirtualService sends requests there, Direct whether what is meant for the cluster's own
	// host goes there, or bytes of which nothing is read.
	Routed, Direct bool
}

// Used lists the clusters to which listeners and routes lead, whatever it takes to come there.
func (t *Tables) Used() (map[Key]Uses, error) {
	used := map[Key]Uses{}
	for _, l := range t.listeners {
		for _, chain := range chainsOf(l) {
			manager, err := managerOf(chain)
			if err != nil {
				return nil, err
			}
			if manager != nil {
				tableUses(used, t.tableOf(manager))
				continue
			}
			targets, err := t.chainTargets(chain, "")
			if err != nil {
				return nil, err
			}
			for _, w := range targets {
				used[w.Key] = Uses{Routed: used[w.Key].Routed, Direct: true}
			}
		}
	}
	return used, nil
}

// tableUses adds all that a table leads to. Only routes that a VirtualService made carry metadata.
func tableUses(used map[Key]Uses, table *route.RouteConfiguration) {
	for _, vhost := range table.GetVirtualHosts() {
		for _, r := range vhost.GetRoutes() {
			routed := r.GetMetadata() != nil
			for _, w := range actionTargets(r.GetRoute()) {
				used[w.Key] = Uses{Routed: used[w.Key].Routed || routed, Direct: used[w.Key].Direct || !routed}
			}
		}
	}
}

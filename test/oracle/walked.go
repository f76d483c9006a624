package oracle

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"

	"istio.io/istio/pkg/config/host"
	"istio.io/istio/pkg/test"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/mesh"
)

// connectionKey is a connection of a client, by what it means.
type connectionKey struct {
	client, host, address, family string
	port                          uint32
	payload                       int
}

func (k connectionKey) String() string {
	return fmt.Sprintf("%s -> %s:%d at %s (%s)", k.client, k.host, k.port, k.address, k.family)
}

// Walked is where connections of a mesh end, through egress gateways and out.
type Walked map[connectionKey]walkedWay

// walkedWay is one connection's end.
type walkedWay struct {
	// wrong is how it leaves in plaintext or unchecked, "" where it does not.
	wrong string
	// plaintext reports whether it leaves in plaintext, rather than unchecked.
	plaintext bool
	// lost is how it does not leave at all, "" where it does.
	lost string
	// nameless reports whether a gateway has no server for the SNI that the proxy asks it for.
	nameless bool
	// plainHop reports whether it comes to an egress gateway in plaintext.
	plainHop bool
	// where lists the clusters, endpoints and TLS at which it leaves.
	where string
}

// Wrong lists the connections that leave in plaintext or unchecked.
func (w Walked) Wrong() []string {
	var all []string
	for k, way := range w {
		if way.wrong != "" {
			all = append(all, k.String()+": "+way.wrong)
		}
	}
	slices.Sort(all)
	return all
}

// Working counts the connections that leave under checked TLS.
func (w Walked) Working() int {
	n := 0
	for _, way := range w {
		n += count(way.works())
	}
	return n
}

func (way walkedWay) works() bool { return way.wrong == "" && way.lost == "" }

// Comparable returns the connections without those to ports that after has at other addresses, or with another protocol,
// alone: who writes an entry otherwise means other ones.
func (w Walked) Comparable(after Walked) Walked {
	ports := map[connectionKey]bool{}
	for k := range after {
		ports[connectionKey{client: k.client, host: k.host, port: k.port}] = true
	}
	same := Walked{}
	for k, way := range w {
		if _, known := after[k]; known || !ports[connectionKey{client: k.client, host: k.host, port: k.port}] {
			same[k] = way
		}
	}
	return same
}

// WithoutLost returns the connections without those that do not leave in other.
func (w Walked) WithoutLost(other Walked) Walked {
	kept := maps.Clone(w)
	maps.DeleteFunc(kept, func(k connectionKey, _ walkedWay) bool { return other[k].lost != "" })
	return kept
}

// Worse lists the connections that leave under checked TLS before and not after.
func (w Walked) Worse(after Walked) []string {
	var all []string
	for k, was := range w {
		is, known := after[k]
		switch {
		case !was.works():
		case !known:
			all = append(all, fmt.Sprintf("%s: is not known any more", k))
		case !is.works():
			all = append(all, fmt.Sprintf("%s: %s%s", k, is.wrong, is.lost))
		}
	}
	slices.Sort(all)
	return all
}

// Changed lists the connections that leave under checked TLS, and otherwise after.
func (w Walked) Changed(after Walked) []string {
	all := w.Worse(after)
	for k, was := range w {
		if is, known := after[k]; known && was.works() && is.works() && was.where != is.where {
			all = append(all, fmt.Sprintf("%s: %s, was %s", k, is.where, was.where))
		}
	}
	slices.Sort(all)
	return all
}

// WalkAll walks what sidecars open to what a mesh declares, at the addresses that the hosts resolve to, as far as their
// proxies know the host.
func (f *Farm) WalkAll(m Mesh) (walked Walked, err error) {
	all := dialled(m)
	err = test.Wrap(func(t test.Failer) {
		w, err := newWalker(f.Load(t, m))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.all(landingClients(m), all); err != nil {
			t.Fatal(err)
		}
		walked = w.walked
	})
	return walked, err
}

// dialled lists the connections that clients open by what a name resolves to: a VIP where the host has any, else an
// endpoint, or an address that DNS alone knows.
func dialled(m Mesh) []arrival {
	all := resolved(m)
	vips := map[string]bool{}
	for _, a := range all {
		vips[a.host] = vips[a.host] || a.whose == itsVIP
	}
	return slices.DeleteFunc(all, func(a arrival) bool { return vips[a.host] && a.whose != itsVIP })
}

// landingClients are the sidecars of each namespace with objects and of one without, of pods with labels and without.
func landingClients(m Mesh) []mesh.Client {
	namespaces := []string{emptyNamespace}
	for _, d := range m {
		if ns := d.Namespace(); ns != "" && !slices.Contains(namespaces, ns) {
			namespaces = append(namespaces, ns)
		}
	}
	slices.Sort(namespaces)
	var clients []mesh.Client
	for _, ns := range namespaces {
		for _, labels := range []map[string]string{{"app": "curl"}, {"app": "other"}} {
			clients = append(clients, mesh.Client{Kind: mesh.ClientSidecar, Namespace: ns, Labels: labels})
		}
	}
	return clients
}

type walker struct {
	istio  *Istio
	walked Walked
	// gateway is the configuration of the egress gateway.
	gateway *envoy.Config
}

// newWalker returns a walker with the configuration of the egress gateway of a mesh.
func newWalker(istio *Istio) (*walker, error) {
	w := &walker{istio: istio, walked: Walked{}}
	labels := map[string]string{"istio": "egressgateway", "app": egressName}
	var err error
	w.gateway, _, err = w.proxy(mesh.Client{Kind: mesh.ClientGateway, Namespace: rootNamespace, Labels: labels})
	return w, err
}

func (w *walker) all(clients []mesh.Client, all []arrival) error {
	for _, c := range clients {
		config, knows, err := w.proxy(c)
		if err != nil {
			return err
		}
		for _, a := range all {
			if !knows(a.host, a.port) {
				continue
			}
			for i, p := range a.payloads {
				key := connectionKey{client: c.String(), host: a.host, address: a.address.String(), family: a.family, port: a.port, payload: i}
				w.walked[key] = w.follow(config, a.connection(p))
			}
		}
	}
	return nil
}

// proxy returns the configuration of a client's proxy, in which the egress gateway has an endpoint, and whether it knows
// a port of a host.
func (w *walker) proxy(c mesh.Client) (config *envoy.Config, knows func(string, uint32) bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errCrashed, r)
		}
	}()
	tables, err := w.istio.Tables(c)
	if err != nil {
		return nil, nil, err
	}
	clusters, err := w.istio.build(tables.proxy)
	if err != nil {
		return nil, nil, err
	}
	var loads []*endpointv3.ClusterLoadAssignment
	for _, cl := range clusters {
		load := w.istio.load(tables.proxy, cl)
		if key, _ := keyOf(cl.GetName()); key.Host == egressHost {
			load = egressLoad(cl.GetName(), key.Port)
		}
		if load != nil {
			loads = append(loads, load)
		}
	}
	knows = func(name string, port uint32) bool {
		s := tables.proxy.SidecarScope.GetService(host.Name(name))
		if s == nil {
			return false
		}
		_, ok := s.Ports.GetByPort(int(port))
		return ok
	}
	return envoy.NewConfig(tables.listeners, slices.Collect(maps.Values(tables.routes)), clusters, loads), knows, nil
}

// egressLoad is a pod of the egress gateway. Gateways' pods have no label for the mesh's mutual TLS
// (manifests/charts/istio-control/istio-discovery/files/gateway-injection-template.yaml).
func egressLoad(cluster string, port uint32) *endpointv3.ClusterLoadAssignment {
	return &endpointv3.ClusterLoadAssignment{ClusterName: cluster, Endpoints: []*endpointv3.LocalityLbEndpoints{{
		LbEndpoints: []*endpointv3.LbEndpoint{{
			HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: &corev3.Address{
				Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
					Address: egressAddress, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
				}},
			}}},
		}},
	}}}
}

// follow walks a connection to where it leaves the mesh.
func (w *walker) follow(config *envoy.Config, c envoy.Connection) walkedWay {
	var way walkedWay
	var where []string
	for _, o := range config.Walk(c) {
		for _, end := range w.leave(o, c.Payload) {
			if end.wrong != "" && (way.wrong == "" || end.plaintext) {
				way.wrong, way.plaintext = end.wrong, end.plaintext
			}
			if end.lost != "" {
				way.lost = end.lost
			}
			way.nameless, way.plainHop = way.nameless || end.nameless, way.plainHop || end.plainHop
			where = append(where, end.where)
		}
	}
	slices.Sort(where)
	way.where = strings.Join(slices.Compact(where), " and ")
	return way
}

// leave returns how what a client sent leaves by one outcome.
func (w *walker) leave(o envoy.Outcome, p envoy.Payload) []walkedWay {
	if isAtGateway(o) {
		return w.atGateway(o, p)
	}
	way := walkedWay{where: whereOf(o)}
	switch {
	case o.End != envoy.EndUpstream:
		way.lost = fmt.Sprintf("%s %s", o.End, o.Reason)
	case p.TLS != nil: // the application's own, and the name is the application's to check
	case o.TLS == nil:
		way.wrong, way.plaintext = "in plaintext to "+o.Cluster(), true
	case o.TLS.Insecure || len(o.TLS.Names) == 0 && o.TLS.AutoName == nil:
		way.wrong = "unchecked to " + o.Cluster()
	}
	return []walkedWay{way}
}

// isAtGateway reports whether what a client sent goes to the egress gateway.
func isAtGateway(o envoy.Outcome) bool {
	key, _ := keyOf(o.Cluster())
	return key.Host == egressHost && o.End == envoy.EndUpstream && len(o.Endpoints) == 1
}

// atGateway walks on through the egress gateway.
func (w *walker) atGateway(o envoy.Outcome, p envoy.Payload) []walkedWay {
	outcomes, inside := w.beyond(o, p)
	var ways []walkedWay
	for _, next := range outcomes {
		if isAtGateway(next) {
			return []walkedWay{{lost: "goes round in the egress gateway"}}
		}
		for _, way := range w.leave(next, inside) {
			by := "the egress gateway in plaintext"
			if o.TLS != nil {
				by = "the egress gateway under " + o.TLS.String()
			}
			way.where = by + " by " + o.Cluster() + ", " + way.where
			way.nameless = o.TLS != nil && next.End == envoy.EndReset && strings.HasPrefix(next.Reason, "no filter chain of ")
			way.plainHop = o.TLS == nil && p.TLS == nil
			ways = append(ways, way)
		}
	}
	return ways
}

// beyond returns how what a client sent to the egress gateway ends there, and what it is inside the TLS of the way to it.
func (w *walker) beyond(o envoy.Outcome, p envoy.Payload) (outcomes []envoy.Outcome, inside envoy.Payload) {
	inside = p
	if p.HTTP != nil {
		request := *p.HTTP
		request.Host = o.Authority
		inside.HTTP = &request
	}
	sent := inside
	if o.TLS != nil {
		sent = envoy.Payload{TLS: &envoy.ClientHello{ServerName: o.TLS.ServerName, ALPN: o.TLS.ALPN, Inside: inside}}
	}
	at := netip.AddrPortFrom(netip.MustParseAddr(egressAddress), o.Endpoints[0].Port)
	return w.gateway.Walk(envoy.Connection{Destination: at, Payload: sent}), inside
}

// whereOf names the place at which an outcome leaves, and the TLS.
func whereOf(o envoy.Outcome) string {
	text := fmt.Sprintf("%s %v", o.Cluster(), o.Endpoints)
	if o.TLS != nil {
		text += " " + o.TLS.String()
	}
	if o.Rewritten {
		text += " as " + o.Authority
	}
	return text
}

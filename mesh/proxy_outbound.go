package mesh

import (
	"net/netip"
	"slices"
	"strings"
)

// Outbound is what a client sends.
type Outbound struct {
	// To is the address and port to which it connects.
	To netip.AddrPort
	// Request is the Host header of a request in plaintext, "" where it sends no request.
	Request string
	// TLS reports whether it sends a ClientHello, and ServerName is its SNI.
	TLS        bool
	ServerName string
	// DNSCapture reports whether the sidecar resolves its client's names (ISTIO_META_DNS_CAPTURE), so that it listens at the addresses
	// that Istio has allocated to hosts without any.
	DNSCapture bool
}

// Outcome is where a sidecar or waypoint sends what its client sends.
type Outcome struct {
	// Destinations are the clusters to which some of it goes, by routes or because nothing else takes it.
	Destinations []Destination
	// ReadsRequest reports whether the proxy reads what is sent as a request, so that a Host header decides; it passes on
	// other bytes as they are.
	ReadsRequest bool
	// PassesOn reports whether some goes on to where the client sent it, as it is.
	PassesOn bool
	// Unsure is why nobody can tell, "" where it is told.
	Unsure string
}

// The reasons for which it cannot be told where a connection ends.
const (
	// UnsureHTTPProxy is a listener of a Sidecar for HTTP_PROXY, which is asked for hosts on all ports.
	UnsureHTTPProxy = "a listener that is an HTTP proxy"
	// UnsureOneAddress is a Sidecar that names hosts exactly, of which one has several addresses: Istio takes any one of them.
	UnsureOneAddress = "one of several addresses, by a Sidecar with exact hosts"
	// UnsureWaypointAddress is a host of a waypoint's with several addresses: Istio has a service for each, and gives the waypoint any one.
	UnsureWaypointAddress = "one of several addresses, at a waypoint"
	// UnsureTwice are two filter chains for the same: Envoy refuses the listener.
	UnsureTwice = "two filter chains that match the same"
	// UnsureAll is a filter chain for all addresses, as 1.2.3.4/0: Envoy chooses between it and those without a range by chance.
	UnsureAll = "a filter chain for a range of all addresses"
	// UnsureName is a name in a filter chain that Envoy does not read.
	UnsureName = "a server name that Envoy refuses"
)

// Outbound returns where a sidecar sends what its client sends to an address and port, whosever address it is: by the listener
// for the address, else by that for all addresses of the port, in it by filter chains, and by the routes that all ports for HTTP
// share (pilot/pkg/networking/core/listener.go, httproute.go). Of a waypoint it is what comes out of the tunnel. Destinations
// answers for a host as if it were alone on its port.
func (s *Snapshot) Outbound(client Client, o Outbound) Outcome {
	if client.Kind == ClientWaypoint {
		return s.waypointOutcome(client, o)
	}
	listeners, unsure := s.outboundListeners(client, o)
	if unsure != "" {
		return Outcome{Unsure: unsure}
	}
	return s.outboundBy(listeners, client, o)
}

// outboundBy is Outbound by the listeners that the client has for the port.
func (s *Snapshot) outboundBy(listeners map[string]*outboundListener, client Client, o Outbound) Outcome {
	l := listeners[o.To.Addr().String()]
	if l == nil {
		l = listeners[anyAddress]
	}
	if l == nil {
		return Outcome{PassesOn: s.allowsAny(client)}
	}
	chain, unsure := l.chainFor(o)
	switch {
	case unsure != "":
		return Outcome{Unsure: unsure}
	case chain == nil:
		return Outcome{PassesOn: s.allowsAny(client)}
	case !chain.isHTTP:
		return Outcome{Destinations: chain.destinations}
	case o.Request == "":
		return Outcome{} // no HTTP: the proxy closes the connection
	}
	outcome := s.requestOutcome(client, uint32(o.To.Port()), o.Request, chain.only)
	outcome.ReadsRequest = true
	return outcome
}

// anyAddress is the address of listeners for all addresses.
const anyAddress = "0.0.0.0"

// outboundListener is the listener of one address and port.
type outboundListener struct {
	// family is HTTP, opaque for all that is not parsed, or unspecified where requests are looked for; protocol is that of the
	// port by which it became so, "" for the last.
	family   Family
	protocol string
	chains   []*outboundChain
	// locked is set once a Sidecar's listener for the port has made it.
	locked bool
}

// outboundListeners returns the listeners that a sidecar has for a port, by address
// (pilot/pkg/networking/core/listener.go buildSidecarOutboundListeners).
func (s *Snapshot) outboundListeners(client Client, o Outbound) (map[string]*outboundListener, string) {
	all, number := map[string]*outboundListener{}, uint32(o.To.Port())
	for _, l := range s.egressListeners(client) {
		if l.port != 0 && l.port != number {
			continue
		}
		if l.isHTTPProxy() { // it imports services whatever their ports (pilot/pkg/model/sidecar.go needsPortMatch)
			return nil, UnsureHTTPProxy
		}
		for _, built := range all {
			built.locked = built.locked || l.port == 0
		}
		for _, svc := range s.servicesOf(client, l, number) {
			p, has := svc.port(number)
			if !has || svc.alias {
				continue
			}
			if l.port != 0 {
				p.protocol = l.protocol
			}
			if unsure := s.addListeners(all, client, l, svc, p, listenerAddresses(svc.service, o)); unsure != "" {
				return nil, unsure
			}
		}
	}
	return all, ""
}

// servicesOf returns the services with a port that an egress listener of a client imports, in the order of Istio's.
func (s *Snapshot) servicesOf(client Client, l egressListener, number uint32) []scopedService {
	var list []scopedService
	imported := map[string][]scopedService{}
	for svc := range s.servicesOnPort(client.Namespace, number) {
		of, asked := imported[svc.host]
		if !asked {
			of = l.selectServices(s.services.At(svc.host), client.Namespace)
			imported[svc.host] = of
		}
		for _, v := range of {
			if v.service == svc {
				list = append(list, v)
			}
		}
	}
	if l.version.looksUpExactHosts() && l.hasExactHostsOnly(client.Namespace) {
		slices.SortStableFunc(list, func(a, b scopedService) int { return olderService(a.service, b.service) })
	}
	return list
}

// addListeners adds the listeners of one port of one service, at each of its addresses.
func (s *Snapshot) addListeners(all map[string]*outboundListener, client Client, l egressListener, svc scopedService, p port, addresses []listenerAddress) string {
	family := FamilyOf(p.protocol)
	switch {
	case family == FamilyUDP:
		return ""
	case family == FamilyHTTP:
		s.addListener(all, client, l, svc, p, listenerAddress{at: boundTo(l, anyAddress)})
		return ""
	case l.bind != "" || l.uncaptured:
		s.addListener(all, client, l, svc, p, listenerAddress{at: boundTo(l, "127.0.0.1")})
		return ""
	}
	if len(addresses) > 1 && l.version.looksUpExactHosts() && l.hasExactHostsOnly(client.Namespace) {
		return UnsureOneAddress
	}
	if l.port == 0 && svc.isOriginalDst() && addresses[0].at == anyAddress && addresses[0].cidr == "" {
		if ends := s.endpointsFor(svc.host, svc.namespace, func(other port) bool { return other.number == p.number }); len(ends) > 0 || svc.kubernetes || len(svc.selector) > 0 {
			addresses = nil
			for _, e := range ends {
				if at, err := netip.ParseAddr(e.address); err == nil {
					addresses = append(addresses, listenerAddress{at: at.String(), isEndpoint: true})
				}
			}
		}
	}
	for _, at := range addresses {
		s.addListener(all, client, l, svc, p, at)
	}
	return ""
}

// boundTo returns the address to which an egress listener is bound.
func boundTo(l egressListener, otherwise string) string {
	switch {
	case l.bind != "":
		return l.bind
	case l.uncaptured:
		return "127.0.0.1"
	}
	return otherwise
}

// listenerAddress is an address of a listener, and the range of its filter chains as it is written, "" for none.
type listenerAddress struct {
	at, cidr string
	// isEndpoint reports whether it is that of an endpoint, where the service has none.
	isEndpoint bool
}

// listenerAddresses returns the addresses at which proxies listen for a service, one for all where it has none; of those that are
// allocated one, of the family of the address that is asked about (pilot/pkg/model/service.go GetAddressForProxy).
func listenerAddresses(svc *service, o Outbound) []listenerAddress {
	var list []listenerAddress
	add := func(text string, prefix netip.Prefix) {
		if prefix.IsSingleIP() {
			list = append(list, listenerAddress{at: prefix.Addr().String()})
		} else {
			list = append(list, listenerAddress{at: anyAddress, cidr: text})
		}
	}
	sameFamily := func(a netip.Prefix) bool { return a.Addr().Is4() == o.To.Addr().Is4() }
	switch i := slices.IndexFunc(svc.allocated, sameFamily); {
	case o.DNSCapture && i >= 0:
		add(svc.allocated[i].String(), svc.allocated[i])
	case svc.kubernetes:
		for _, prefix := range svc.clusterIPs {
			add(prefix.String(), prefix)
		}
	default:
		for text, prefix := range svc.writtenAddresses() {
			add(text, prefix)
		}
	}
	switch {
	case len(list) == 0 && len(svc.entry.GetAddresses()) == 0:
		return []listenerAddress{{at: anyAddress}}
	case svc.kubernetes:
		return list[:1]
	}
	return list
}

// addListener makes the listener of one address, or adds to the one that is there
// (pilot/pkg/networking/core/listener.go buildSidecarOutboundListener):
//  1. What a Sidecar's listener for the port has made stays as it is.
//  2. Requests have one filter chain, which all ports for HTTP share.
//  3. MONGO and MYSQL share a listener with no other protocol.
//  4. Of filter chains that match the same the first stays.
//  5. HTTP_PROXY takes the place of all that was there, and parses all bytes.
func (s *Snapshot) addListener(all map[string]*outboundListener, client Client, l egressListener, svc scopedService, p port, to listenerAddress) {
	have, family := all[to.at], FamilyOf(p.protocol)
	isProxy := strings.EqualFold(p.protocol, "http_proxy")
	if have != nil && (have.locked || !isProxy && !have.takesMore(family, p.protocol)) {
		return
	}
	var chains []*outboundChain
	made := &outboundListener{family: FamilyOpaque, protocol: p.protocol}
	switch family {
	case FamilyHTTP:
		sniffs := to.at == anyAddress && !isProxy
		chains = []*outboundChain{{isHTTP: true, requests: sniffs}}
		made.family = FamilyHTTP
		if sniffs {
			made.family, made.protocol = FamilyUnspecified, ""
		}
	case FamilyUnspecified:
		requests := &outboundChain{isHTTP: true, requests: true}
		if to.at != anyAddress {
			requests.only = svc.host
		}
		chains = append(s.tcpChains(client, l, svc, p, to), requests)
		made.family, made.protocol = FamilyUnspecified, ""
	case FamilyTLS:
		chains = s.tlsChains(client, l, svc, p, to)
	default:
		chains = s.tcpChains(client, l, svc, p, to)
	}
	if have == nil || isProxy || family == FamilyUnspecified && have.family == FamilyHTTP {
		made.chains = chains
		all[to.at] = made
		return
	}
	have.merge(chains)
	if have.family != FamilyOpaque || family == FamilyHTTP || family == FamilyUnspecified {
		have.family, have.protocol = FamilyUnspecified, ""
	}
}

// takesMore reports whether a port of a family may be added to the listener.
func (l *outboundListener) takesMore(family Family, protocol string) bool {
	switch {
	case family == FamilyHTTP && l.family != FamilyOpaque, family == FamilyUnspecified && l.family == FamilyUnspecified:
		return false // it has a filter chain for requests already
	}
	added, there := port{protocol: protocol}, port{protocol: l.protocol}
	return !added.isServerFirst() && !there.isServerFirst() || strings.EqualFold(protocol, l.protocol)
}

// merge adds filter chains to those of the listener, each unless it has one that matches the same.
func (l *outboundListener) merge(chains []*outboundChain) {
	for _, c := range chains {
		if !slices.ContainsFunc(l.chains, c.conflictsWith) {
			l.chains = append(l.chains, c)
		}
	}
}

package oracle

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"

	"istio.io/istio/pkg/config/protocol"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/mesh"
)

// Connections returns the whole configuration of a client's proxy, to walk connections through. The error wraps
// errCrashed where Istio panics.
func (i *Istio) Connections(c mesh.Client) (_ *envoy.Config, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errCrashed, r)
		}
	}()
	tables, err := i.Tables(c)
	if err != nil {
		return nil, err
	}
	clusters, err := i.build(tables.proxy)
	if err != nil {
		return nil, err
	}
	var loads []*endpointv3.ClusterLoadAssignment
	for _, cl := range clusters {
		if load := i.load(tables.proxy, cl); load != nil {
			loads = append(loads, load)
		}
	}
	return envoy.NewConfig(tables.listeners, slices.Collect(maps.Values(tables.routes)), clusters, loads), nil
}

// arrival is what a client means for a port of a host, and the address to which it connects.
type arrival struct {
	host    string
	port    uint32
	address netip.Addr
	// whose is whose address it is.
	whose string
	// atWaypoint reports whether it comes out of a waypoint's tunnel.
	atWaypoint bool
	// payloads are what the client may send by the port's protocol; family names them.
	payloads []envoy.Payload
	family   string
	protocol protocol.Instance
}

// CompareConnections walks connections through the proxy that Istio configures, and asks the model where they go. What the two
// cannot tell is left out by its reason.
func (f *Farm) CompareConnections(m Mesh) (Result, error) {
	all, aliases := arrivals(m), aliasHosts(m)
	return f.each(m, sidecars(), func(r *Result, snapshot *mesh.Snapshot, istio *Istio, client mesh.Client) error {
		config, err := istio.Connections(client)
		if err != nil {
			return err
		}
		inModel := client
		if client.Namespace == emptyNamespace {
			inModel.Namespace = mesh.AnyNamespace
		}
		for _, a := range all {
			if aliases[a.host] {
				r.leaveOut("a host that is also another's alias")
				continue
			}
			for _, p := range a.payloads {
				a.compare(r, snapshot, inModel, config, p)
			}
		}
		return nil
	})
}

// leaveOut counts a connection that is not compared.
func (r *Result) leaveOut(why string) {
	if r.LeftOut == nil {
		r.LeftOut = map[string]int{}
	}
	r.LeftOut[why]++
}

// aliasHosts returns the hosts of Services of type ExternalName.
func aliasHosts(m Mesh) map[string]bool {
	hosts := map[string]bool{}
	for _, d := range m {
		if d.Kind() == "Service" && d.Spec()["externalName"] != nil {
			for _, host := range declaredHosts(d) {
				hosts[host] = true
			}
		}
	}
	return hosts
}

// compare compares where one payload ends.
func (a arrival) compare(r *Result, snapshot *mesh.Snapshot, client mesh.Client, config *envoy.Config, p envoy.Payload) {
	a.payloads = []envoy.Payload{p}
	walked := walkedTargets(config, a)
	modelled, why := modelledTargets(snapshot, client, a)
	if why == "" {
		why = walked.untold()
	}
	if why != "" {
		r.leaveOut(why)
		return
	}
	r.Compared++
	if walked.places() != modelled.places() {
		r.Found = append(r.Found, Disagreement{
			Client: client, Key: Key{Host: a.host, Port: a.port}, SNI: a.address.String(),
			Routes: &[2]string{walked.String(), modelled.String()}, Protocol: a.class(walked, modelled),
		})
	}
}

// The words for whose address a client connects to.
const (
	itsVIP      = "its VIP"
	itsEndpoint = "its endpoint"
	anothers    = "another's address"
	nobodys     = "an address of nobody's"
)

// arrivals lists the connections that clients may open by what the ServiceEntries of a mesh declare: to each port of each
// host, at its own addresses, at each of the others' and at one that nobody names.
func arrivals(m Mesh) []arrival {
	named, own := map[netip.Addr]bool{}, map[string]map[netip.Addr]string{}
	protocols := map[Key]map[protocol.Instance]bool{}
	for _, d := range m {
		for _, host := range declaredHosts(d) {
			if own[host] == nil {
				own[host] = map[netip.Addr]string{}
			}
			addresses(d, func(a netip.Addr, whose string) { named[a], own[host][a] = true, whose })
			for _, p := range declaredPorts(d) {
				key := Key{Host: host, Port: p.number}
				if protocols[key] == nil {
					protocols[key] = map[protocol.Instance]bool{}
				}
				protocols[key][p.protocol] = true
			}
		}
	}
	var all []arrival
	for key, of := range protocols {
		at := map[netip.Addr]string{netip.MustParseAddr(unlisted): nobodys}
		for a := range named {
			at[a] = anothers
		}
		maps.Copy(at, own[key.Host])
		for p := range of {
			if p == protocol.UDP {
				continue
			}
			for address, whose := range at {
				a := arrival{host: key.Host, port: key.Port, protocol: p, address: address, whose: whose}
				all = append(all, a.sending())
			}
		}
	}
	slices.SortFunc(all, func(a, b arrival) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return all
}

// The words for what a client sends to a port for bytes.
const (
	opaqueBytes    = "opaque bytes"
	bytesOfRequest = "HTTP to a port for bytes"
)

// name returns a name for which a client asks.
func (a arrival) name() string {
	name := strings.ToLower(a.host)
	if rest, wild := strings.CutPrefix(name, "*"); wild {
		name = "unnamed" + rest
	}
	return name
}

// sendingRequests returns the arrival with a request, whatever the port's protocol.
func (a arrival) sendingRequests() arrival {
	a.family, a.payloads = bytesOfRequest, []envoy.Payload{{HTTP: &envoy.Request{Host: a.name()}}}
	return a
}

// sending returns the arrival with what a client sends by the port's protocol.
func (a arrival) sending() arrival {
	name := a.name()
	request := envoy.Payload{HTTP: &envoy.Request{Host: name}}
	hello := envoy.Payload{TLS: &envoy.ClientHello{ServerName: name, ALPN: []string{"h2", "http/1.1"}}}
	switch p := a.protocol; {
	case p.IsHTTP():
		a.family, a.payloads = "HTTP", []envoy.Payload{request}
	case p.IsTLS():
		a.family, a.payloads = "TLS", []envoy.Payload{hello}
	case p.IsUnsupported():
		a.family, a.payloads = "any bytes", []envoy.Payload{request, hello, {}}
	default:
		a.family, a.payloads = opaqueBytes, []envoy.Payload{{}}
	}
	return a
}

// class names a kind of disagreement: what is sent, to whose address, and what the two say of it.
func (a arrival) class(walked, modelled ends) string {
	sent := "bytes"
	switch p := a.payloads[0]; {
	case p.HTTP != nil:
		sent = "a request"
	case p.TLS != nil:
		sent = "TLS"
	}
	return fmt.Sprintf("%s to a port for %s at %s: %s, the model says %s", sent, a.family, a.whose, walked.kind(a), modelled.kind(a))
}

// meant reports whether the entry that the client sees has the port with this protocol; where it sees none, it means any.
func (a arrival) meant(snapshot *mesh.Snapshot, client mesh.Client) bool {
	c, ok := snapshot.Cluster(client, a.host, a.port, "")
	return !ok || protocol.Parse(c.Protocol) == a.protocol
}

// connectionEnd is where a connection ends.
type connectionEnd struct {
	// place is a cluster, elsewhere or nothing; authority the Host header that is set; tls the TLS that is originated.
	place, authority, tls string
	// why is how a connection ends that is not taken.
	why string
	// unknown is what of the way is not understood, "" where all is.
	unknown string
}

// The places that are no cluster of a service: on to where the client wanted it, and nowhere.
const (
	passedOn = "elsewhere"
	notTaken = "nothing"
)

func (e connectionEnd) String() string {
	return strings.TrimSpace(strings.Join([]string{e.place, e.authority, e.tls}, " "))
}

// ends are all ways in which what a client sends may end.
type ends []connectionEnd

func (e ends) String() string {
	var lines []string
	for _, one := range e {
		lines = append(lines, one.String())
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "\n         ")
}

// kind says in a few words where a connection ends.
func (e ends) kind(a arrival) string {
	kinds := map[string]bool{}
	for _, one := range e {
		kinds[one.kind(a)] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(kinds)), " or ")
}

func (e connectionEnd) kind(a arrival) string {
	how := " in plaintext"
	if e.tls != "" {
		how = " under TLS"
	}
	switch key, own := strings.ToLower(e.place), strings.ToLower(Key{Host: a.host, Port: a.port}.String()); {
	case e.place == notTaken && e.why != "":
		return e.why
	case e.place == passedOn, e.place == notTaken:
		return e.place
	case key == own:
		return "its cluster" + how
	case strings.HasPrefix(key, own+"/"):
		return "a subset of it" + how
	}
	return "another's cluster" + how
}

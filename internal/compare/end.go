package compare

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/mesh"
)

// clusterKey is what a cluster of a service is for.
type clusterKey struct {
	host, subset string
	port         uint32
}

func (k clusterKey) String() string {
	if k.subset != "" {
		return fmt.Sprintf("%s:%d, subset %s", k.host, k.port, k.subset)
	}
	return fmt.Sprintf("%s:%d", k.host, k.port)
}

// keyOf reads a cluster's name: "outbound|80|v1|edition.cnn.com", with "_." for "|" towards SNI-routing gateways, and
// "inbound-vip|80|http/v1|edition.cnn.com" of a host for which a waypoint stands (pilot/pkg/model/service.go ParseSubsetKey). ok is
// false for any other.
func keyOf(name string) (key clusterKey, ok bool) {
	parts := strings.SplitN(name, "|", 4)
	if len(parts) != 4 {
		parts = strings.SplitN(name, "_.", 4)
	}
	if len(parts) != 4 {
		return key, false
	}
	port, err := strconv.ParseUint(strings.TrimSuffix(parts[1], "_"), 10, 16)
	if err != nil || parts[3] == "" {
		return key, false
	}
	key = clusterKey{host: parts[3], subset: strings.TrimSuffix(parts[2], "_"), port: uint32(port)}
	switch parts[0] {
	case "outbound", "outbound_":
		return key, true
	case "inbound-vip":
		_, key.subset, _ = strings.Cut(key.subset, "/")
		return key, true
	}
	return key, false
}

// clustersOf returns the clusters at which connections end, each once.
func clustersOf(ends []end) []clusterKey {
	var list []clusterKey
	for _, e := range ends {
		if e.cluster.host != "" && !slices.Contains(list, e.cluster) {
			list = append(list, e.cluster)
		}
	}
	return list
}

// end is where a connection ends, in the words of both sides.
type end struct {
	// place is a cluster's key, passedOn or notTaken; unknown is what lies on the way and is not understood.
	place, unknown string
	// cluster is the key of a place that is a cluster.
	cluster clusterKey
	// authority is the Host header that is set, "" for the client's own.
	authority string
	// tls is the TLS that the proxy starts, "" for none; names is what of the server's certificate it checks.
	tls, names string
	// ports are those of the endpoints; "" where there are none.
	ports string
	// some reports whether only some of the endpoints may be meant: each takes mutual TLS of the mesh, or leaves it.
	some bool
	// idle reports whether the cluster has no endpoints, so that nothing leaves, and no TLS is started.
	idle bool
	// why is how a connection ends that is not taken.
	why string
}

// The places that are no cluster of a service: on to where the client wanted it, and nowhere.
const (
	passedOn = "passed on as it is"
	notTaken = "nowhere"
)

// String returns the end as a person reads it.
func (e end) String() string {
	switch {
	case e.unknown != "":
		return e.unknown
	case e.place == notTaken && e.why != "":
		return notTaken + ": " + e.why
	case e.place == passedOn, e.place == notTaken:
		return e.place
	}
	text := "to " + e.place
	if e.ports != "" {
		text += " at port " + e.ports
	}
	if e.authority != "" {
		text += " as " + e.authority
	}
	switch {
	case e.idle:
		return text + ", which has no endpoints"
	case e.tls == "":
		return text + ", no TLS"
	}
	return text + ", " + e.tls + ", " + e.names
}

// endAt returns the end at a cluster.
func endAt(key clusterKey) end { return end{place: key.String(), cluster: key} }

// originated is the TLS that a proxy starts.
type originated struct {
	mode      string
	sni       string
	autoSNI   bool
	names     []string
	autoNames bool
	insecure  bool
}

func (t originated) String() string {
	text := "TLS " + t.mode
	switch {
	case t.autoSNI:
		text += ", SNI from the Host header"
	case t.sni == "":
		text += ", no SNI"
	default:
		text += ", SNI " + t.sni
	}
	return text
}

// checks returns what of the server's certificate is checked.
func (t originated) checks() string {
	names := slices.Clone(t.names)
	slices.Sort(names)
	switch names = slices.Compact(names); {
	case t.insecure:
		return "certificate not checked"
	case len(names) > 0:
		return checkedFor + strings.Join(names, ", ")
	case t.autoNames:
		return checkedFor + "the Host header's name"
	}
	return noNameChecked
}

const (
	checkedFor    = "checked for "
	noNameChecked = "no name checked"
)

// joined returns ports as text, each once, ascending.
func joined(ports []uint32) string {
	ports = slices.Clone(ports)
	slices.Sort(ports)
	var text []string
	for _, p := range slices.Compact(ports) {
		text = append(text, strconv.FormatUint(uint64(p), 10))
	}
	return strings.Join(text, ", ")
}

// among reports whether ports, as joined has them, are all among others.
func among(ports, others string) bool {
	all := strings.Split(others, ", ")
	return !slices.ContainsFunc(strings.Split(ports, ", "), func(p string) bool { return !slices.Contains(all, p) })
}

// leaving returns the ends at which something leaves or is not known, else one at which nothing does.
func leaving(ends []end) []end {
	left := slices.DeleteFunc(slices.Clone(ends), func(e end) bool { return e.place == notTaken && e.unknown == "" })
	switch {
	case len(left) > 0:
		return left
	case len(ends) > 0:
		return ends[:1]
	}
	return []end{{place: notTaken}}
}

// lines returns ends as text, each once, sorted.
func lines(ends []end) []string {
	var list []string
	for _, e := range ends {
		list = append(list, e.String())
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// meshCertificate is the secret that carries a workload's own identity.
const meshCertificate = "default"

// walkedEnd returns where a walk ended.
func walkedEnd(o envoy.Outcome, c Connection) end {
	p := c.inner()
	key, ok := keyOf(o.Cluster())
	switch {
	case len(o.Unknown) > 0:
		return end{unknown: o.Unknown[0].String() + " on the way to " + o.Cluster()}
	case o.End == envoy.EndUnknown:
		return end{unknown: "a way that is not understood: " + o.String()}
	case !ok && o.End == envoy.EndUpstream:
		return end{place: passedOn}
	case !ok, o.End != envoy.EndUpstream && o.End != envoy.EndNoEndpoint:
		return end{place: notTaken, why: strings.TrimSpace(string(o.End) + " " + o.Reason)}
	}
	e := endAt(key)
	e.idle = o.End == envoy.EndNoEndpoint
	if o.TLS != nil {
		t := walkedTLS(o.TLS)
		e.tls, e.names = t.String(), t.checks()
	}
	if p.HTTP != nil && !o.Mirror && o.Authority != p.HTTP.Host {
		e.authority = o.Authority
	}
	var ports []uint32
	for _, to := range o.Endpoints {
		if to.Kind == envoy.EndpointOriginal && to.Port == c.At.Port() { // the client's own port: the model has the cluster's
			to.Port = uint16(key.port)
		}
		ports = append(ports, uint32(to.Port))
	}
	e.ports = joined(ports)
	return e
}

func walkedTLS(t *envoy.TLS) originated {
	o := originated{mode: "SIMPLE", sni: t.ServerName, insecure: t.Insecure, autoNames: t.AutoName != nil}
	o.autoSNI = t.ServerNameFrom == envoy.NameAuthority
	switch t.ClientCertificate {
	case "":
	case meshCertificate:
		o.mode = "ISTIO_MUTUAL"
	default:
		o.mode = "MUTUAL"
	}
	for _, n := range t.Names {
		o.names = append(o.names, n.String())
	}
	return o
}

// answer is what the model says of one destination: the ends that what the client sends may have there.
type answer []end

// modelled returns the model's answers for a connection, or why it cannot tell.
func modelled(s *mesh.Snapshot, client mesh.Client, c Connection) (all []answer, untold string) {
	outcome := outcomeOf(s, client, c)
	if outcome.Unsure != "" {
		return nil, outcome.Unsure
	}
	for _, d := range outcome.Destinations {
		if a := destinationEnds(s, client, c, d, outcome.ReadsRequest); d.Host != "" && a != nil {
			all = append(all, a)
		}
	}
	if outcome.PassesOn {
		all = append(all, answer{{place: passedOn}})
	}
	if len(all) == 0 {
		return []answer{{{place: notTaken, why: "no route leads to a service"}}}, ""
	}
	return all, ""
}

// outcomeOf returns what the model says of a connection.
func outcomeOf(s *mesh.Snapshot, client mesh.Client, c Connection) mesh.Outcome {
	if client.Kind != mesh.ClientGateway {
		return s.Outbound(client, c.Outbound())
	}
	list, known := s.GatewayDestinations(client, c.Port, c.SNI, c.Authority)
	return mesh.Outcome{Destinations: list, ReadsRequest: c.inner().HTTP != nil, PassesOn: !known && s.PassesOn(client)}
}

// Outbound returns the connection as the model has it.
func (c Connection) Outbound() mesh.Outbound {
	sent := mesh.Outbound{To: c.At, DNSCapture: c.DNSCapture}
	if c.Payload.HTTP != nil {
		sent.Request = c.Payload.HTTP.Host
	}
	if c.Payload.TLS != nil {
		sent.TLS, sent.ServerName = true, c.Payload.TLS.ServerName
	}
	return sent
}

// destinationEnds returns the ends at one destination, nil where the proxy has no cluster for it.
func destinationEnds(s *mesh.Snapshot, client mesh.Client, c Connection, d mesh.Destination, isRequest bool) answer {
	cluster, ok := s.Cluster(client, d.Host, d.Port, d.Subset)
	if !ok {
		return nil
	}
	e := endAt(clusterKey{host: d.Host, port: d.Port, subset: d.Subset})
	e.ports = joined(cluster.TargetPorts)
	if isRequest && !strings.EqualFold(d.Authority, c.inner().HTTP.Host) {
		e.authority = d.Authority
	}
	if h := cluster.Hop; h.TLS != "" {
		t := originated{
			mode: h.TLS, sni: h.SNI, autoSNI: h.AutoSNI && isRequest, names: h.Names, autoNames: h.AutoNames && isRequest,
			insecure: h.Insecure,
		}
		e.tls, e.names = t.String(), t.checks()
	}
	e.some = cluster.AutoMTLS
	a := answer{e}
	if cluster.AutoMTLS {
		e.tls, e.names = anyMeshTLS, ""
		a = append(a, e)
	}
	return a
}

// anyMeshTLS stands for mutual TLS by identities of the mesh, which endpoints take or leave where nobody asks for it.
const anyMeshTLS = "TLS of the mesh, where the endpoint takes it"

// matches reports whether a walked end is this one of the model. Where Istio builds no endpoints the model has no ports, and
// the proxy may have the client's own. Where the proxy has no endpoints it starts no TLS. The identities of pods are not in the mesh: those that the proxy asks for are not compared.
func (e end) matches(walked end) bool {
	if e.ports == "" || e.some && among(walked.ports, e.ports) {
		walked.ports, e.ports = "", ""
	}
	e.some = false
	if walked.idle {
		walked.idle, e.tls, e.names = false, "", ""
	}
	if mutual := strings.HasPrefix(walked.tls, "TLS ISTIO_MUTUAL"); mutual && e.tls == anyMeshTLS {
		walked.tls, walked.names = anyMeshTLS, ""
	} else if mutual && e.names == noNameChecked && strings.HasPrefix(walked.names, checkedFor+"spiffe://") {
		walked.names = noNameChecked
	}
	if e.place == notTaken && walked.place == notTaken && walked.unknown == "" {
		return true
	}
	return e == walked
}

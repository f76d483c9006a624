//go:build proxies

package proxies

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/internal/compare"
	"github.com/tlsward/tlsward/mesh"
)

// way is one way in which something may leave the mesh, by the model or by a walk through the proxy's configuration.
type way struct {
	// to is the cluster, for people.
	to string
	// passed reports whether it goes on to where the client wanted it, as it was written.
	passed bool
	// ports and addresses are where it may arrive; any where they are nil.
	ports     []uint16
	addresses []netip.Addr
	// tls reports whether the proxy starts TLS, with this SNI. Of the certificate it checks one of the names, where there are any,
	// and the authority unless insecure.
	tls      bool
	sni      string
	names    []string
	insecure bool
	// host is the Host header that arrives, "" where it is not known.
	host string
}

// String returns the way in a few words.
func (w way) String() string {
	text := "to " + w.to
	if len(w.ports) > 0 {
		text += fmt.Sprintf(" at %v", w.ports)
	}
	if w.host != "" {
		text += " as " + w.host
	}
	if !w.tls {
		return text + ", no TLS"
	}
	return text + fmt.Sprintf(", TLS, SNI %q, %s", w.sni, w.check())
}

// The words for what of a server's certificate is checked.
const (
	checksName    = "the name checked"
	checksCA      = "no name checked"
	checksNothing = "nothing checked"
)

func (w way) check() string {
	switch {
	case w.insecure:
		return checksNothing
	case len(w.names) > 0:
		return checksName
	}
	return checksCA
}

// trial is what the servers show of themselves.
type trial int

// The trials: a certificate that is in order; one of another name; one of an authority that nobody trusts.
const (
	rightCertificate trial = iota
	anotherName
	unknownAuthority
)

// takes reports whether the client takes the certificate of a trial.
func (w way) takes(t trial) bool {
	switch t {
	case anotherName:
		return w.check() != checksName
	case unknownAuthority:
		return w.insecure
	}
	return true
}

// shows reports whether this way is what a server saw of a connection.
func (w way) shows(a Arrival, c compare.Connection, t trial) bool {
	to, err := netip.ParseAddrPort(a.At)
	switch {
	case err != nil:
		return false
	case w.passed:
		return to == c.At && asSent(a, c.Payload)
	case w.ports != nil && !slices.Contains(w.ports, to.Port()), w.addresses != nil && !slices.Contains(w.addresses, to.Addr()):
		return false
	case !w.tls:
		return asSent(a, c.Payload) && w.hasHost(a)
	case !a.TLS, !strings.EqualFold(a.SNI, w.sni), a.Shaken != w.takes(t):
		return false
	case !a.Shaken:
		return true
	case c.Payload.TLS != nil:
		return a.Inner != nil && *a.Inner == c.Payload.TLS.ServerName
	}
	return a.Inner == nil && w.hasHost(a)
}

// asSent reports whether what arrived is what was sent.
func asSent(a Arrival, sent envoy.Payload) bool {
	if sent.TLS != nil {
		return a.TLS && a.Inner == nil && a.SNI == sent.TLS.ServerName
	}
	return !a.TLS
}

func (w way) hasHost(a Arrival) bool {
	return w.host == "" || a.Host == "" || strings.EqualFold(w.host, a.Host)
}

// modelled returns the ways that the model has for a connection, none where nothing leaves; or why it cannot tell.
func (w *World) modelled(s *mesh.Snapshot, client mesh.Client, c compare.Connection) (ways []way, untold string) {
	outcome := s.Outbound(client, c.Outbound())
	if outcome.Unsure != "" {
		return nil, outcome.Unsure
	}
	if outcome.PassesOn {
		ways = append(ways, way{to: "wherever it was sent", passed: true})
	}
	for _, d := range outcome.Destinations {
		cluster, ok := s.Cluster(client, d.Host, d.Port, d.Subset)
		if d.Host == "" || !ok {
			continue
		}
		ways = append(ways, w.modelledWay(s, cluster, d, c, outcome.ReadsRequest))
	}
	return ways, ""
}

func (w *World) modelledWay(s *mesh.Snapshot, cluster mesh.Cluster, d mesh.Destination, c compare.Connection, isRequest bool) way {
	h := cluster.Hop
	one := way{
		to: fmt.Sprintf("%s:%d %s", d.Host, d.Port, d.Subset), tls: cluster.Originated(), sni: h.SNI, names: h.Names, insecure: h.Insecure,
	}
	for _, p := range cluster.TargetPorts {
		one.ports = append(one.ports, uint16(p))
	}
	if isRequest {
		one.host = cmp.Or(d.Authority, c.Payload.HTTP.Host)
		if h.AutoSNI {
			one.sni = one.host
		}
		if h.AutoNames {
			one.names = append(slices.Clone(one.names), one.host)
		}
	}
	names := []string{one.host, one.sni}
	if c.Payload.TLS != nil { // a cluster that resolves names itself takes this one (resolution DYNAMIC_DNS)
		names = append(names, c.Payload.TLS.ServerName)
	}
	one.addresses = append(w.addressesOf(s, d.Host, names...), c.At.Addr())
	return one
}

// addressesOf returns the addresses at which the servers of a host may be: those of its entries, and that to which the host's name and
// those for which a client asks lead.
func (w *World) addressesOf(s *mesh.Snapshot, host string, names ...string) []netip.Addr {
	var list []netip.Addr
	add := func(text string) {
		if a, err := netip.ParseAddr(text); err == nil {
			list = append(list, a)
		} else if a, ok := w.names.lookup(text); ok {
			list = append(list, a)
		}
	}
	for _, name := range append(names, host) {
		if name != "" {
			add(name)
		}
	}
	for o := range s.Objects() {
		switch spec := o.Spec.(type) {
		case *networking.ServiceEntry:
			if !slices.ContainsFunc(spec.Hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
				continue
			}
			for _, e := range spec.Endpoints {
				add(e.Address)
			}
		case *networking.WorkloadEntry:
			add(spec.Address)
		}
	}
	return list
}

// walked returns the ways that a proxy has for a connection by its own configuration; none where nothing leaves. ok is false where
// something on the way is not understood.
func (w *World) walked(config *envoy.Config, c compare.Connection) (ways []way, ok bool) {
	for _, o := range config.Walk(c.AtProxy()) {
		if len(o.Unknown) > 0 || o.End == envoy.EndUnknown {
			return nil, false
		}
		if o.End == envoy.EndUpstream {
			ways = append(ways, w.walkedWay(o))
		}
	}
	return ways, true
}

func (w *World) walkedWay(o envoy.Outcome) way {
	one := way{to: o.Cluster(), host: o.Authority}
	for _, e := range o.Endpoints {
		one.ports = append(one.ports, e.Port)
		if a, err := netip.ParseAddr(e.Host); err == nil {
			one.addresses = append(one.addresses, a)
		} else if a, found := w.names.lookup(e.Host); found {
			one.addresses = append(one.addresses, a)
		}
	}
	if t := o.TLS; t != nil {
		one.tls, one.sni, one.insecure = true, t.ServerName, t.Insecure
		for _, n := range t.Names {
			one.names = append(one.names, n.Value)
		}
		if t.AutoName != nil {
			one.names = append(one.names, *t.AutoName)
		}
	}
	return one
}

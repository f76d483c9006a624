package envoy

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"
)

// End is how a connection or request ends.
type End string

const (
	// EndUpstream goes to one of Outcome.Endpoints.
	EndUpstream End = "upstream"
	// EndNoEndpoint finds a cluster without endpoints, such as Istio's BlackHoleCluster: TCP is closed, HTTP gets
	// Outcome.Reply.
	EndNoEndpoint End = "no-endpoint"
	// EndNoCluster finds no cluster of the name that a filter or route has: TCP is closed, HTTP gets Outcome.Reply.
	EndNoCluster End = "no-cluster"
	// EndReply is a reply of the proxy itself: a redirect, a direct response, or 404 where no route matches.
	EndReply End = "local-reply"
	// EndReset is a connection that the proxy closes, or that no listener of it accepts.
	EndReset End = "reset"
	// EndStalled is a connection on which the proxy waits for the client's first bytes and the client for the server's.
	EndStalled End = "stalled"
	// EndUnknown is a way that cannot be followed; Outcome.Unknown says why.
	EndUnknown End = "unknown"
)

// Outcome is one way in which a connection may end.
type Outcome struct {
	End End
	// Path is what decided, one Hop for each listener; more than one where internal listeners follow one another.
	Path []Hop
	// Conditional reports that this way is taken only under a condition that the Connection leaves unspecified, or by
	// chance, such as by weight.
	Conditional bool
	// Mirror reports that this is a copy of the request, whose response nobody sees.
	Mirror bool
	// Endpoints are where an EndUpstream goes, all of them under the same TLS.
	Endpoints []Endpoint
	// TLS is the TLS that the proxy originates, nil where it sends the payload as it is.
	TLS *TLS
	// Tunnel is the target of the HTTP CONNECT with which the payload is sent through the endpoint, empty without one.
	Tunnel string
	// Authority is the Host header that leaves, after all rewrites; empty for TCP and where it is unspecified.
	Authority string
	// Rewritten reports that Authority is another than the client's own.
	Rewritten bool
	// Reply is the answer of an EndReply, or of an EndNoEndpoint or EndNoCluster for HTTP.
	Reply *Reply
	// Reason says in words why a connection ends without an upstream.
	Reason string
	// Unknown is what lies on the way and is not understood. Where it is not empty, the rest of the Outcome holds only if
	// these leave the connection as it is.
	Unknown []Unknown
}

// Cluster returns the name of the last cluster on the path, empty if there is none.
func (o Outcome) Cluster() string {
	if len(o.Path) == 0 {
		return ""
	}
	return o.Path[len(o.Path)-1].Cluster
}

// Hop is the decisions within one listener, by the names that the configuration has for them.
type Hop struct {
	Listener           string
	FilterChain        string
	RouteConfiguration string
	VirtualHost        string
	Route              string
	Cluster            string
}

// Reply is a response that the proxy makes itself.
type Reply struct {
	Status uint32
	// Location is the target of a redirect.
	Location string
}

// Unknown is something on the way that is not understood.
type Unknown struct {
	// Kind is what it is: "network filter", "HTTP filter", "cluster type".
	Kind string
	// Name is its name in the configuration.
	Name string
	// Detail is its type, or what is wrong with it.
	Detail string
}

// String returns the kind, name and detail on one line.
func (u Unknown) String() string { return fmt.Sprintf("unknown %s %s (%s)", u.Kind, u.Name, u.Detail) }

// EndpointKind is how the address of an Endpoint is found.
type EndpointKind string

const (
	// EndpointAddress has a fixed IP address.
	EndpointAddress EndpointKind = "address"
	// EndpointDNS has a name that the proxy resolves.
	EndpointDNS EndpointKind = "dns"
	// EndpointOriginal is the address that the client dialled.
	EndpointOriginal EndpointKind = "original-destination"
	// EndpointDynamic has a name that the client chose, by its Host header or SNI, and that the proxy resolves.
	EndpointDynamic EndpointKind = "dynamic"
	// EndpointPipe is a Unix domain socket.
	EndpointPipe EndpointKind = "pipe"
	// EndpointInternal is an internal listener of the same proxy that the configuration lacks.
	EndpointInternal EndpointKind = "internal-listener"
)

// Endpoint is one place where a connection may leave to.
type Endpoint struct {
	Kind EndpointKind
	// Host is an IP address, a DNS name, a path or the name of an internal listener. Of an EndpointDynamic it is empty
	// where the client's choice is unspecified.
	Host string
	// Port is zero for pipes and internal listeners, and where it is unspecified.
	Port uint16
	// Hostname is the name that the configuration gives the endpoint beside its address.
	Hostname string
	// Priority is zero for the endpoints that are used first.
	Priority uint32
	// Unhealthy reports that the control plane has called the endpoint unhealthy, draining or timed out.
	Unhealthy bool
}

// String returns host:port, or the path or name of an endpoint that has no port.
func (e Endpoint) String() string {
	if e.Port == 0 {
		return e.Host
	}
	if address, err := netip.ParseAddr(e.Host); err == nil {
		return netip.AddrPortFrom(address, e.Port).String()
	}
	return fmt.Sprintf("%s:%d", e.Host, e.Port)
}

// String returns the outcome in one line, for tests and people.
func (o Outcome) String() string {
	var b strings.Builder
	for i, h := range o.Path {
		if i > 0 {
			b.WriteString(" => ")
		}
		b.WriteString(h.String())
	}
	b.WriteString(" =>")
	if o.Conditional {
		b.WriteString(" maybe")
	}
	if o.Mirror {
		b.WriteString(" mirror")
	}
	fmt.Fprintf(&b, " %s", o.End)
	for _, e := range o.Endpoints {
		fmt.Fprintf(&b, " %s", e)
	}
	if o.TLS != nil {
		fmt.Fprintf(&b, " %s", o.TLS)
	}
	if o.Rewritten {
		fmt.Fprintf(&b, " as %s", cmp.Or(o.Authority, "?"))
	}
	if o.Reply != nil {
		fmt.Fprintf(&b, " %d %s", o.Reply.Status, o.Reply.Location)
	}
	if o.Reason != "" {
		fmt.Fprintf(&b, " (%s)", o.Reason)
	}
	for _, u := range o.Unknown {
		fmt.Fprintf(&b, " [%s]", u)
	}
	return b.String()
}

// String returns the names of the hop that are not empty, in the order of the decisions.
func (h Hop) String() string {
	var names []string
	for _, n := range []string{h.Listener, h.FilterChain, h.RouteConfiguration, h.VirtualHost, h.Route, h.Cluster} {
		if n != "" {
			names = append(names, n)
		}
	}
	return strings.Join(names, " > ")
}

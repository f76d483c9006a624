package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// gatewayServer is one server that the proxies of a Gateway's pods have.
type gatewayServer struct {
	gateway  string // "namespace/name"
	number   uint32
	protocol string // as written
	family   Family
	tls      *networking.ServerTLSSettings
	name     string   // of the port
	hosts    []string // "host" or, for VirtualServices of one namespace, "namespace/host"
}

// newGatewayServer returns a server of a Gateway with the namespaces of its hosts completed (pilot/pkg/model/gateway.go
// sanitizeServerHostNamespace).
func newGatewayServer(g *Object, srv *networking.Server) gatewayServer {
	out := gatewayServer{
		gateway: g.Namespace + "/" + g.Name, number: srv.GetPort().GetNumber(), protocol: srv.GetPort().GetProtocol(),
		family: FamilyOf(srv.GetPort().GetProtocol()), tls: srv.Tls, name: srv.GetPort().GetName(),
	}
	for _, h := range srv.Hosts {
		namespace, host, found := strings.Cut(h, "/")
		switch {
		case h == "*/*":
			out.hosts = []string{"*"} // Istio forgets the others
			return out
		case found && namespace == ".":
			h = g.Namespace + "/" + host
		case found && namespace == "*":
			h = host
		}
		out.hosts = append(out.hosts, h)
	}
	return out
}

// isHTTP reports whether the server is for HTTP in plaintext.
func (srv gatewayServer) isHTTP() bool { return srv.family == FamilyHTTP }

// isTLS reports whether clients speak TLS to the server (pkg/config/gateway/gateway.go IsTLSServer).
func (srv gatewayServer) isTLS() bool { return srv.tls != nil && !srv.isHTTP() }

// isTLSPassthrough reports whether the server passes TLS on without terminating it (mode PASSTHROUGH or
// AUTO_PASSTHROUGH).
func (srv gatewayServer) isTLSPassthrough() bool {
	return srv.tls != nil && (srv.tls.Mode == networking.ServerTLSSettings_PASSTHROUGH || srv.isAutoPassthrough())
}

// isAutoPassthrough reports whether TLS goes to the service of the mesh that its SNI names, without any route (mode
// AUTO_PASSTHROUGH).
func (srv gatewayServer) isAutoPassthrough() bool {
	return srv.tls != nil && srv.tls.Mode == networking.ServerTLSSettings_AUTO_PASSTHROUGH
}

// takesAnyCertificate reports whether the server asks its callers for a certificate and takes one that nobody has signed as well, with
// whatever identity it has (insecureSkipVerify, by which pilot/pkg/security/model/authentication.go sets ACCEPT_UNTRUSTED). Policies
// go by that identity.
func (srv gatewayServer) takesAnyCertificate() bool {
	return srv.isTLS() && !srv.isTLSPassthrough() && srv.tls.GetMode() != networking.ServerTLSSettings_SIMPLE && srv.tls.GetInsecureSkipVerify().GetValue()
}

// routesHTTP reports whether the server routes requests: HTTP, or HTTPS whose TLS it terminates.
func (srv gatewayServer) routesHTTP() bool {
	return srv.isHTTP() || strings.EqualFold(srv.protocol, "https") && srv.tls != nil && !srv.isTLSPassthrough()
}

// redirectsToHTTPS reports whether the server answers requests with a redirect to HTTPS.
func (srv gatewayServer) redirectsToHTTPS() bool { return srv.isHTTP() && srv.tls.GetHttpsRedirect() }

// hostsForNamespace returns the hosts that the server has for VirtualServices of a namespace (pkg/config/host/names.go
// NamesForNamespace).
func (srv gatewayServer) hostsForNamespace(namespace string) []string {
	var list []string
	for _, h := range srv.hosts {
		if where, host, found := strings.Cut(h, "/"); !found {
			list = append(list, h)
		} else if where == namespace || where == "*" {
			list = append(list, host)
		}
	}
	return list
}

// sniHosts returns the names by which the server is chosen for TLS (pilot/pkg/model/gateway.go GetSNIHostsForServer).
func (srv gatewayServer) sniHosts() []string {
	var list []string
	for _, h := range srv.hosts {
		list = append(list, stripNamespace(h))
	}
	return list
}

// intersection returns the hosts that a server and a VirtualService have in common, in lower case: of two that match, the
// narrower (pkg/config/host/names.go Intersection).
//
//	server hosts     VirtualService hosts     intersection
//	*.cnn.com        edition.cnn.com          edition.cnn.com
//	edition.cnn.com  "*"                      edition.cnn.com
//	*.cnn.com        edition.bbc.com          none
func (srv gatewayServer) intersection(v *virtualService) []string {
	var list []string
	for _, a := range srv.hostsForNamespace(v.Namespace) {
		for _, b := range v.hosts {
			var narrower string
			switch {
			case host.Covers(b, a):
				narrower = a
			case host.Covers(a, b):
				narrower = b
			default:
				continue
			}
			if narrower = strings.ToLower(narrower); !slices.Contains(list, narrower) {
				list = append(list, narrower)
			}
		}
	}
	return list
}

// matchesHostsOf reports whether a server and a VirtualService have a host in common
// (pilot/pkg/networking/core/gateway.go pickMatchingGatewayHosts).
func (srv gatewayServer) matchesHostsOf(v *virtualService) bool {
	return slices.ContainsFunc(srv.hostsForNamespace(v.Namespace), func(a string) bool {
		return slices.ContainsFunc(v.hosts, func(b string) bool { return host.Matches(a, b) })
	})
}

package mesh

import "slices"

// Destination is where a proxy sends requests or connections.
type Destination struct {
	Host   string
	Port   uint32
	Subset string
	// Authority is the Host header that a route sets, "" for the client's own.
	Authority string
}

// routeDestination is where a route sends. Its port is 0 where the route gives none.
type routeDestination struct {
	Destination
	// requested is the Host header that a request still has there, where the destination does not declare it.
	requested      string
	routeType      Family // http, tls, or opaque for tcp
	virtualService *virtualService
	// author is the object that says so: virtualService, one to which it delegates, or the route that it was made from.
	author Ref
}

// by returns the object that has the destination taken: the VirtualService or, where istiod made that, the route of the
// Gateway API.
func (d *routeDestination) by() Ref {
	if len(d.virtualService.sources) > 0 {
		return d.author
	}
	return d.virtualService.Ref
}

// matchContext is what the matches of routes are held against.
type matchContext struct {
	gateway string // meshGateway or "namespace/name"
	host    string
	port    uint32
	client  Client
}

// destinationsOf returns the destinations of v's routes of one type: of all that may match, up to the first that matches
// everything.
func (s *Snapshot) destinationsOf(v *virtualService, kind Family, r matchContext) []routeDestination {
	var list []routeDestination
	switch kind {
	case FamilyHTTP:
		list, _ = s.httpDestinationsOf(v, r)
	case FamilyTLS:
		list = tlsDestinationsOf(v, s.settings, r)
	default:
		list, _ = s.tcpDestinations([]*virtualService{v}, r)
	}
	return list
}

// routeTypes returns the types of routes that apply to a port of a family.
func routeTypes(f Family) []Family {
	switch f {
	case FamilyHTTP:
		return []Family{FamilyHTTP}
	case FamilyTLS:
		return []Family{FamilyTLS}
	case FamilyUnspecified:
		return []Family{FamilyHTTP, FamilyOpaque}
	default:
		return []Family{FamilyOpaque}
	}
}

// matchesGateway reports whether a match, of a VirtualService in namespace, is for a gateway. Without gateways it is
// for all of the VirtualService's.
func matchesGateway(gateways []string, namespace, gateway string) bool {
	return len(gateways) == 0 || slices.ContainsFunc(gateways, func(g string) bool { return qualifyGateway(g, namespace) == gateway })
}

// matchesSource reports whether a match is for a client by its namespace and labels.
func matchesSource(namespace string, labels map[string]string, client Client) bool {
	return (namespace == "" || namespace == client.Namespace) && selectorMatches(labels, client.Labels)
}

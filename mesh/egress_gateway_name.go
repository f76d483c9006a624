package mesh

import (
	"slices"
	"strings"

	"github.com/tlsward/tlsward/mesh/host"
)

// serverNameFor returns the SNI by which a gateway takes what a hop brings; "" where it takes any. Each of its servers for
// TLS has routes of its own, so it is a name of the one that has hosts of the VirtualService:
//
//	servers:                                     # VirtualService
//	- hosts: [www.cnn.com]                       hosts: [edition.cnn.com]
//	- hosts: ["*.cnn.com"]                       # edition.cnn.com
func (s *Snapshot) serverNameFor(h hop) string {
	var names []string
	if v := s.virtualServiceToGateway(h); v != nil {
		for _, srv := range h.servers {
			names = append(names, srv.intersection(v)...)
		}
	}
	names = append(names, h.servers.sniHosts()...)
	if i := slices.IndexFunc(names, func(name string) bool { return !host.IsWildcard(name) }); i >= 0 {
		return names[i]
	}
	if len(names) == 0 || names[0] == "*" {
		return ""
	}
	return strings.Replace(names[0], "*", "www", 1)
}

// MissingServer is a server that the pods of a gateway do not have, and without which nothing that a route sends there is taken
// by its name.
type MissingServer struct {
	// Gateway is the Gateway that is to have the server: the first that the VirtualService of the route names.
	Gateway Ref `json:"gateway"`
	// Selector are the labels of the gateway's pods where the Gateway does not exist yet; nil where it does.
	Selector map[string]string `json:"selector,omitempty"`
	// Hosts are those of the VirtualService.
	Hosts []string `json:"hosts"`
}

// missingServer returns the server that a hop to a gateway needs; nil where one of its port has a host of the VirtualService
// that leads there, or where the VirtualService names a Gateway for other pods:
//
//	# VirtualService                             # the only Gateway of the pods, somebody else's
//	hosts: [edition.cnn.com]                     servers: [{hosts: [api.partner.example]}]
//	gateways: [egress, mesh]                     # egress has not come yet
func (s *Snapshot) missingServer(h hop) *MissingServer {
	v := s.virtualServiceToGateway(h)
	if v == nil || slices.ContainsFunc(h.servers, func(srv gatewayServer) bool { return len(srv.intersection(v)) > 0 }) {
		return nil
	}
	i := slices.IndexFunc(v.gateways, func(name string) bool { return name != meshGateway })
	if i < 0 {
		return nil
	}
	missing := &MissingServer{Gateway: parseGatewayName(v.gateways[i]), Hosts: v.hosts}
	if g := s.Get(missing.Gateway); g != nil {
		if !slices.Contains(h.gateways, g) {
			return nil
		}
		return missing
	}
	labels, ok := s.podLabelsBehind(h.host)
	if !ok {
		return nil
	}
	missing.Selector = labels
	return missing
}

// virtualServiceToGateway returns the VirtualService whose route a hop to a gateway takes or, for a hop by no route, the
// first that leads to its subset; nil if there is none.
func (s *Snapshot) virtualServiceToGateway(h hop) *virtualService {
	if h.route != nil {
		return h.route.virtualService
	}
	for _, v := range s.virtualServicesWithDestination(h.host) {
		for d := range destinationsOfRoutes(s.httpRoutes(v), v.spec) {
			if s.settings.destinationHost(v, d) == h.host && d.GetSubset() == h.subset {
				return v
			}
		}
	}
	return nil
}

// gatewayServiceRef returns the Service of the gateway that a hop leads to, beside which clients of other namespaces look
// for rules; nil where the host names no Service.
func (s *Snapshot) gatewayServiceRef(h hop) *Ref {
	if svc, ok := s.serviceFor(h.client, h.host); ok {
		return &svc.ref
	}
	name, namespace, ok := s.settings.parseServiceHost(h.host)
	if !ok {
		return nil
	}
	return &Ref{Kind: KindService, Namespace: namespace, Name: name}
}

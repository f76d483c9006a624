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

// virtualServiceToGateway returns the VirtualService whose route a hop to a gateway takes or, for a hop by no route, the
// first that leads to its subset; nil if there is none.
func (s *Snapshot) virtualServiceToGateway(h hop) *virtualService {
	if h.route != nil {
		return h.route.virtualService
	}
	for _, v := range s.virtualServicesWithDestination(h.host) {
		for d := range destinationsOfRoutes(s.httpRoutes(v), v.spec) {
			if s.settings.qualify(d.GetHost(), v.Namespace) == h.host && d.GetSubset() == h.subset {
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

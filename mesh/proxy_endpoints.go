package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// endpoint is one endpoint of one port of a service (model.IstioEndpoint).
type endpoint struct {
	number         uint32 // of the service port
	name           string // of the service port
	address        string
	port           uint32
	labels         map[string]string
	acceptsMTLS    bool // labelled for, or by its service account capable of, mutual TLS of the mesh
	serviceAccount string
}

// endpointsFor returns the endpoints that the ServiceEntries of one namespace have for a host. They share them,
// whichever of them a client sees (pilot/pkg/serviceregistry/serviceentry/conversion.go
// mergeServicesInstancesByNamespaceHost). The pods behind a Service or a workloadSelector are not known here.
// Endpoints of ports that are not wanted are left out: a service may have thousands of ports, and asks for each of
// them alone. An entry with resolution DNS_ROUND_ROBIN adds none to a port that has one already.
//
// A client that sees one of these two entries of a namespace sends to both addresses:
//
//	hosts: [api.example.com]                        hosts: [api.example.com]
//	resolution: STATIC                              resolution: STATIC
//	ports: [{number: 80, name: http}]               ports: [{number: 80, name: http}]
//	endpoints: [{address: 192.0.2.1}]               endpoints: [{address: 192.0.2.2}]
func (s *Snapshot) endpointsFor(host, namespace string, wanted func(port) bool) []endpoint {
	var list []endpoint
	services := slices.DeleteFunc(slices.Clone(s.services.At(host)), func(svc *service) bool {
		return svc.namespace != namespace || svc.entry == nil
	})
	single := slices.ContainsFunc(services, (*service).isDNSRoundRobin)
	seen := map[uint32]bool{}
	for _, svc := range services {
		for _, w := range s.entryWorkloads(svc) {
			for _, p := range svc.ports {
				if single {
					if svc.isDNSRoundRobin() && seen[p.number] {
						continue
					}
					seen[p.number] = true
				}
				if wanted(p) {
					list = append(list, s.endpointAt(w, p, namespace))
				}
			}
		}
	}
	return list
}

// sameNumberOrName reports whether another port has the number or the name of p, so that its endpoints may belong to p.
func (p port) sameNumberOrName(other port) bool {
	return p.number == other.number || p.name == other.name
}

// anyPort wants the endpoints of all ports.
func anyPort(port) bool { return true }

// endpointAt returns a workload's endpoint for a port. Its port is the workload's own of that name, else the
// targetPort, else the number; 0 for a unix domain socket. Here it is 8443 at the first address, 443 at the second:
//
//	ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]
//	endpoints:
//	- {address: a.example.com, ports: {http: 8443}}
//	- {address: b.example.com}
func (s *Snapshot) endpointAt(w *networking.WorkloadEntry, p port, namespace string) endpoint {
	e := endpoint{number: p.number, name: p.name, address: w.Address, port: p.number, labels: w.Labels}
	switch own := w.Ports[p.name]; {
	case strings.HasPrefix(w.Address, unixPrefix):
		e.port = 0
	case own > 0:
		e.port = own
	case p.targetPort > 0:
		e.port = p.targetPort
	}
	e.acceptsMTLS = acceptsMTLS(w)
	if w.ServiceAccount != "" {
		e.serviceAccount = "spiffe://" + s.settings.TrustDomain + "/ns/" + namespace + "/sa/" + w.ServiceAccount
	}
	return e
}

// serviceAccounts returns the names that servers of a host may prove, ascending (pilot/pkg/model/push_context.go
// addServiceAccounts): the subjectAltNames of the youngest ServiceEntry of its namespace, and the identities of all its
// endpoints, in the trust domain and its aliases. A dynamic forward proxy uses none.
//
// For an entry of namespace shop they are spiffe://cluster.local/ns/bank/sa/api and spiffe://cluster.local/ns/shop/sa/web:
//
//	subjectAltNames: [spiffe://cluster.local/ns/bank/sa/api]
//	endpoints: [{address: 192.0.2.1, serviceAccount: web}]
func (s *Snapshot) serviceAccounts(svc scopedService) []string {
	var names []string
	if svc.usesDynamicForwardProxy() || svc.atWaypoint {
		return nil
	}
	for _, other := range s.services.At(svc.host) {
		if other.namespace == svc.namespace {
			names = other.entry.GetSubjectAltNames()
		}
	}
	names = slices.Clone(names)
	for _, e := range s.endpointsFor(svc.host, svc.namespace, anyPort) {
		if e.serviceAccount != "" {
			names = append(names, e.serviceAccount)
		}
	}
	for _, name := range slices.Clone(names) {
		rest, ok := strings.CutPrefix(name, "spiffe://")
		_, path, found := strings.Cut(rest, "/")
		for _, domain := range s.settings.TrustDomainAliases {
			if ok && found {
				names = append(names, "spiffe://"+domain+"/"+path)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

package mesh

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// discovery is where a proxy takes the endpoints of a cluster from (pilot/pkg/networking/core/cluster.go
// convertResolution).
type discovery int

const (
	// listed: the addresses that the control plane knows.
	listed discovery = iota
	// named: DNS names in the cluster itself, which is not built without one.
	named
	// dialed: wherever the client itself wanted to connect to.
	dialed
	// asked: whatever name the request carries (a dynamic forward proxy).
	asked
	// nowhere: no cluster is built.
	nowhere
)

// discovery tells how a proxy finds the service's endpoints. Gateways have no connection of a client's to follow.
func (svc *service) discovery(client Client) discovery {
	switch {
	case svc.alias:
		return nowhere
	case svc.forwards():
		return asked
	case svc.passthrough() && client.Kind == ClientGateway:
		return listed
	case svc.passthrough():
		return dialed
	}
	switch svc.entry.GetResolution() {
	case networking.ServiceEntry_DNS, networking.ServiceEntry_DNS_ROUND_ROBIN:
		return named
	default:
		return listed
	}
}

// passthrough is true for a ServiceEntry without resolution and for a headless Service.
func (svc *service) passthrough() bool {
	return svc.headless || svc.entry != nil && svc.entry.Resolution == networking.ServiceEntry_NONE
}

// forwards is true where a forward proxy resolves the name of each request.
func (svc *service) forwards() bool { return svc.dynamic() && isWildcard(svc.host) }

// forwards is true also at the waypoint that stands for an exact host with resolution DYNAMIC_DNS.
func (v view) forwards() bool { return v.service.forwards() || v.inbound && v.dynamic() }

// forwardable tells the protocols for which Istio builds a dynamic forward proxy (buildOutboundClusters).
func forwardable(protocol string) bool {
	switch strings.ToLower(protocol) {
	case "http", "http2", "grpc", "tls":
		return true
	}
	return false
}

// endpoint is one place behind one port of a service.
type endpoint struct {
	number  uint32 // of the service port
	name    string // of the service port
	address string
	port    uint32
	labels  map[string]string
	mutual  bool // it may take the mesh's own mutual TLS
	account string
}

// endpointsOf lists what the ServiceEntries of one namespace put behind a host: they share their endpoints, whichever
// of them a client sees (pilot/pkg/serviceregistry/serviceentry/conversion.go mergeServicesInstancesByNamespaceHost).
// The pods behind a Service or a workloadSelector are not known here. Only the ports that are wanted are listed: each
// port of a service asks for its own, and there may be thousands.
func (s *Snapshot) endpointsOf(host, namespace string, wanted func(port) bool) []endpoint {
	var list []endpoint
	services := slices.DeleteFunc(slices.Clone(s.services.at(host)), func(svc *service) bool {
		return svc.namespace != namespace || svc.entry == nil
	})
	single := slices.ContainsFunc(services, (*service).roundRobin)
	seen := map[uint32]bool{}
	for _, svc := range services {
		for _, w := range s.backends(svc) {
			for _, p := range svc.ports {
				if single {
					if svc.roundRobin() && seen[p.number] {
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

// roundRobin says whether a ServiceEntry's names give one endpoint only.
func (svc *service) roundRobin() bool {
	return svc.entry.GetResolution() == networking.ServiceEntry_DNS_ROUND_ROBIN
}

// alike says whether a port has the number or the name of p: nothing else of it is asked for.
func (p port) alike(other port) bool { return p.number == other.number || p.name == other.name }

func anyPort(port) bool { return true }

// endpointAt is a workload's endpoint for a port: its own port of that name, then targetPort, then the number.
func (s *Snapshot) endpointAt(w *networking.WorkloadEntry, p port, namespace string) endpoint {
	e := endpoint{number: p.number, name: p.name, address: w.Address, port: p.number, labels: w.Labels}
	switch own := w.Ports[p.name]; {
	case strings.HasPrefix(w.Address, unixPrefix):
		e.port = 0
	case own > 0:
		e.port = own
	case p.target > 0:
		e.port = p.target
	}
	if mode, ok := w.Labels["security.istio.io/tlsMode"]; ok {
		e.mutual = mode != "disabled"
	} else {
		e.mutual = w.ServiceAccount != ""
	}
	if w.ServiceAccount != "" {
		e.account = "spiffe://" + s.settings.TrustDomain + "/ns/" + namespace + "/sa/" + w.ServiceAccount
	}
	return e
}

const unixPrefix = "unix://"

// backends lists the workloads of a ServiceEntry: those that its selector selects, else those written in it, else,
// where names are resolved, its host.
func (s *Snapshot) backends(svc *service) []*networking.WorkloadEntry {
	byName := svc.discovery(Client{}) == named
	switch {
	case svc.entry.WorkloadSelector != nil:
		return s.workloads(svc.namespace, svc.selector, byName)
	case len(svc.entry.Endpoints) > 0:
		return slices.DeleteFunc(slices.Clone(svc.entry.Endpoints), func(w *networking.WorkloadEntry) bool { return w == nil })
	case byName:
		return []*networking.WorkloadEntry{{Address: svc.host}}
	}
	return nil
}

// workloads lists the WorkloadEntries of a namespace that a selector selects, with the labels of both of their
// places; names count only where names are resolved.
func (s *Snapshot) workloads(namespace string, selector map[string]string, byName bool) []*networking.WorkloadEntry {
	var list []*networking.WorkloadEntry
	for _, o := range s.objects.prefix(KindWorkloadEntry + "\x00" + namespace + "\x00") {
		entry := o.Spec.(*networking.WorkloadEntry)
		labels := maps.Clone(entry.Labels)
		if labels == nil {
			labels = map[string]string{}
		}
		maps.Copy(labels, o.Labels)
		if !subsetOf(selector, labels) || !byName && entry.Address != "" && !isAddress(entry.Address) {
			continue
		}
		list = append(list, &networking.WorkloadEntry{
			Address: entry.Address, Ports: entry.Ports, Labels: labels, ServiceAccount: entry.ServiceAccount,
		})
	}
	return list
}

func isAddress(address string) bool {
	_, err := netip.ParseAddr(address)
	return err == nil
}

// accounts lists the names that the servers of a host may prove, ascending: those of the newest ServiceEntry of its
// namespace and of all its endpoints (pilot/pkg/model/push_context.go addServiceAccounts). A forward proxy uses none.
func (s *Snapshot) accounts(svc view) []string {
	var names []string
	if svc.forwards() || svc.inbound {
		return nil
	}
	for _, other := range s.services.at(svc.host) {
		if other.namespace == svc.namespace {
			names = other.entry.GetSubjectAltNames()
		}
	}
	names = slices.Clone(names)
	for _, e := range s.endpointsOf(svc.host, svc.namespace, anyPort) {
		if e.account != "" {
			names = append(names, e.account)
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

// automatic tells whether Istio starts mutual TLS by itself where nothing sets TLS: towards a service inside the
// mesh, and where connections follow the client's own only if every endpoint takes it
// (pilot/pkg/model/push_context.go BestEffortInferServiceMTLSMode).
func (s *Snapshot) automatic(svc view, p port, rule *merged, subsetName string) bool {
	if svc.external || svc.inbound {
		return false
	}
	policy := rule.trafficPolicy(subsetName)
	if !svc.passthrough() && !passesThrough(policy.GetLoadBalancer()) {
		return true
	}
	known := false
	for _, e := range s.endpointsOf(svc.host, svc.namespace, p.alike) {
		if e.number != p.number {
			continue
		}
		if !e.mutual {
			return false
		}
		known = true
	}
	return known
}

// trafficPolicy is the policy of a rule, or of one of its subsets, as written.
func (m *merged) trafficPolicy(subsetName string) *networking.TrafficPolicy {
	if m == nil {
		return nil
	}
	if subsetName == "" {
		return m.policy
	}
	sub, _ := m.subset(subsetName)
	return sub.GetTrafficPolicy()
}

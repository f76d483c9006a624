package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// GovernedCluster is a cluster of one client whose TLS a DestinationRule decides, or would decide if it had any.
type GovernedCluster struct {
	Client Client
	Host   string
	// OtherHosts is how many further hosts have the same cluster but for the host: one stands for all of them.
	OtherHosts int

	Port    uint32
	Subset  string
	Cluster Cluster
	// EntrySubjectAltNames reports whether the ServiceEntry has subjectAltNames of its own.
	EntrySubjectAltNames bool
	// StaticEndpoints reports whether the endpoints are addresses that the ServiceEntry names.
	StaticEndpoints bool
	// WrittenPlaintextPort reports whether the ServiceEntry says that the server listens on port 80, or is a link-local one.
	WrittenPlaintextPort bool
	// HasBackendTLS reports whether a BackendTLSPolicy says what TLS the port has, whether or not the rule leaves it to that.
	HasBackendTLS bool
}

// GovernedClusters returns the clusters whose TLS a rule decides, by host and port, whether or not routes lead to
// them. Clusters of hosts inside the mesh are left out: inside by their location, or by their endpoints.
func (s *Snapshot) GovernedClusters(rule Ref) []GovernedCluster {
	o := s.Get(rule)
	if o == nil || o.Kind != KindDestinationRule {
		return nil
	}
	var list []GovernedCluster
	for class := range s.hostClasses(s.settings.qualify(ruleSpec(o).Host, o.Namespace), sniOf(ruleSpec(o)), nil) {
		host := class.host
		if !s.isExternal(host) {
			continue
		}
		for _, client := range s.Clients(host) {
			for _, g := range s.governedClustersOf(o, client, host) {
				g.OtherHosts = class.others
				list = append(list, g)
			}
		}
	}
	return list
}

// governedClustersOf returns the clusters of one client and host whose TLS a rule decides.
func (s *Snapshot) governedClustersOf(o *Object, client Client, host string) []GovernedCluster {
	svc, ok := s.serviceFor(client, host)
	if !ok || !svc.meshExternal || !s.leavesMesh(svc.service) || client.Kind == ClientZtunnel {
		return nil
	}
	rule := s.destinationRules(client, svc).ruleFor(client)
	if rule == nil || !slices.Contains(rule.from, o) {
		return nil
	}
	names := []string{""}
	for _, sub := range rule.subsets {
		names = append(names, sub.Name)
	}
	var list []GovernedCluster
	for _, p := range svc.ports {
		for _, name := range names {
			c, ok := s.cluster(client, svc, p.number, name)
			if !ok || !c.isGovernedBy(o, name) {
				continue
			}
			list = append(list, GovernedCluster{
				Client: client, Host: host, Port: p.number, Subset: name, Cluster: c,
				EntrySubjectAltNames: len(svc.entry.GetSubjectAltNames()) > 0,
				StaticEndpoints:      svc.entry.GetResolution() == networking.ServiceEntry_STATIC,
				WrittenPlaintextPort: svc.writesTargetPort(p) && slices.Contains(c.TargetPorts, plaintextPort) || IsLinkLocal(svc.entry),
				HasBackendTLS:        s.hasBackendTLS(host, p.number, Ref{}),
			})
		}
	}
	return list
}

// isGovernedBy reports whether a rule, which is part of the cluster's consolidated one, decides the TLS of the cluster. Where
// no rule has a trafficPolicy, each of them may get one for the host as a whole.
func (c Cluster) isGovernedBy(o *Object, subset string) bool {
	return c.Hop.DecidedBy != nil && (c.Hop.DecidedBy.Object == o.Ref || c.rule.policyFrom == nil && subset == "")
}

// plaintextPort is the port of HTTP in plaintext (RFC 9110, section 4.2.1).
const plaintextPort = 80

// writesTargetPort reports whether the entry says on which port a server of p listens.
func (svc *service) writesTargetPort(p port) bool {
	return p.targetPort > 0 || slices.ContainsFunc(svc.entry.GetEndpoints(), func(w *networking.WorkloadEntry) bool {
		return w.GetPorts()[p.name] > 0
	})
}

// TLSByRule returns the client TLS settings of the rule by which a client's proxy starts TLS towards a port of a host; nil where
// no rule has it do so.
func (s *Snapshot) TLSByRule(client Client, host string, number uint32) *networking.ClientTLSSettings {
	c, ok := s.Cluster(client, host, number, "")
	if !ok || c.Cause != CauseNone || c.rule == nil {
		return nil
	}
	return c.rule.tlsFor(number, "").settings
}

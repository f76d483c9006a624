package mesh

import (
	"cmp"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// CoveredPort is a port of a service that the host of a DestinationRule covers, as one of its clients has it.
type CoveredPort struct {
	Host   string
	Number uint32
	Family Family
	// Leaves reports whether it is outside the mesh by its location and by its endpoints, so that Istio starts no TLS by itself.
	Leaves bool
	// WrittenPlaintextPort is as in GovernedCluster.
	WrittenPlaintextPort bool
}

// AnyCovered reports whether what is true of a port that a rule's host covers, and to which some client's lookup for the
// rule may come. A rule for a more specific host of the same namespace does not keep it away: that may go, and what was
// written here stays. number is that of the ports to look at, 0 for all.
func (s *Snapshot) AnyCovered(rule Ref, number uint32, what func(CoveredPort) bool) bool {
	o := s.Get(rule)
	if o == nil || o.Kind != KindDestinationRule {
		return false
	}
	wanted := func(svc *service, p port) bool {
		return (number == 0 || p.number == number) && p.family() != FamilyUDP && !svc.alias && what(s.coveredPort(svc, p))
	}
	isOne := func(svc *service, ports []port) bool {
		return slices.ContainsFunc(ports, func(p port) bool { return wanted(svc, p) })
	}
	for host, all := range s.hostsCoveredBy(s.settings.qualify(ruleSpec(o).Host, o.Namespace)) {
		if len(all) == 1 && !isOne(all[0], all[0].ports) {
			continue // most hosts cost no more than this
		}
		for _, client := range s.Clients(host) {
			svc, ok := s.serviceFor(client, host)
			if ok && isOne(svc.service, svc.ports) && s.mayGovern(o, client, svc) {
				return true
			}
		}
	}
	return false
}

// coveredPort returns what is said of a port of a service.
func (s *Snapshot) coveredPort(svc *service, p port) CoveredPort {
	return CoveredPort{
		Host: svc.host, Number: p.number, Family: p.family(), Leaves: svc.meshExternal && s.leavesMesh(svc),
		WrittenPlaintextPort: svc.writesPlaintextPort(p),
	}
}

// mayGovern reports whether a client's lookup for a service may come to a rule.
func (s *Snapshot) mayGovern(o *Object, client Client, svc scopedService) bool {
	if client.Kind == ClientZtunnel || !s.lookupReaches(client, svc, o.Namespace) {
		return false
	}
	return client.Namespace == o.Namespace || ruleSpec(o).WorkloadSelector == nil && visible(ruleSpec(o).ExportTo, o.Namespace, client.Namespace)
}

// writesPlaintextPort reports whether the entry says that a server of p listens on port 80, or is a link-local one.
func (svc *service) writesPlaintextPort(p port) bool {
	if !svc.writesTargetPort(p) {
		return svc.entry != nil && IsLinkLocal(svc.entry)
	}
	target := cmp.Or(p.targetPort, p.number)
	listens := func(w *networking.WorkloadEntry) bool { return cmp.Or(w.GetPorts()[p.name], target) == plaintextPort }
	return slices.ContainsFunc(svc.entry.Endpoints, listens) || len(svc.entry.Endpoints) == 0 && target == plaintextPort || IsLinkLocal(svc.entry)
}

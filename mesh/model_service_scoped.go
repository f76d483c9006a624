package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// scopedService is a host as one client sees it: the chosen service, with ports that services of its namespace add.
type scopedService struct {
	*service
	ports []port
	// atWaypoint is true at the waypoint that stands for the service.
	atWaypoint bool
}

func (v scopedService) port(number uint32) (port, bool) {
	for _, p := range v.ports {
		if p.number == number {
			return p, true
		}
	}
	return port{}, false
}

// hasPort reports whether a client knows a service and this port of it.
func (v scopedService) hasPort(number uint32) bool {
	if v.service == nil {
		return false
	}
	_, ok := v.port(number)
	return ok
}

// declares reports whether an object declares the service, or a port that was merged into it.
func (v scopedService) declares(number uint32, object Ref) bool {
	p, ok := v.port(number)
	return v.ref == object || ok && p.owner.ref == object
}

func (v scopedService) serviceEntry() *networking.ServiceEntry {
	if v.service == nil {
		return nil
	}
	return v.entry
}

// markProtocolConflicts marks the ports for which services that a listener imports do not declare the same family. Clusters are made
// of the services as merged, listeners of each of them (pilot/pkg/networking/core/listener.go
// buildSidecarOutboundListeners).
func (v *scopedService) markProtocolConflicts(imported []scopedService) {
	if len(imported) < 2 {
		return
	}
	v.ports = slices.Clone(v.ports)
	for i, p := range v.ports {
		v.ports[i].protocolConflict = p.protocolConflict || slices.ContainsFunc(imported, func(other scopedService) bool {
			declared, ok := other.port(p.number)
			return ok && FamilyOf(declared.protocol) != FamilyUDP && FamilyOf(declared.protocol) != FamilyOf(p.protocol)
		})
	}
}

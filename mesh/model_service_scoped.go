package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// scopedService is a service as one client's SidecarScope has it, with the ports that other services of its host and
// namespace add.
type scopedService struct {
	*service
	ports []port
	// atWaypoint is true at the waypoint that stands for the service, whose clusters are inbound ones.
	atWaypoint bool
}

// port returns the port of a number.
func (v scopedService) port(number uint32) (port, bool) {
	for _, p := range v.ports {
		if p.number == number {
			return p, true
		}
	}
	return port{}, false
}

// hasPort reports whether there is a service, and it has this port.
func (v scopedService) hasPort(number uint32) bool {
	if v.service == nil {
		return false
	}
	_, ok := v.port(number)
	return ok
}

// declares reports whether an object declares the service, or this port, which was merged into it.
func (v scopedService) declares(number uint32, object Ref) bool {
	p, ok := v.port(number)
	return v.ref == object || ok && p.owner.ref == object
}

// serviceEntry returns the ServiceEntry of the service; nil if there is no service, or a Kubernetes one.
func (v scopedService) serviceEntry() *networking.ServiceEntry {
	if v.service == nil {
		return nil
	}
	return v.entry
}

// markProtocolConflicts marks the ports for which the services that a listener imports declare different families.
// Clusters are made of the merged service, listeners of each service (pilot/pkg/networking/core/listener.go
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

package mesh

import (
	"slices"
	"strings"
)

// Version is a minor version of Istio. The model follows Version131; with Version130 it does what that version does otherwise:
//
//  1. An egress host "~namespace/host" of a Sidecar excludes nothing (pilot/pkg/model/sidecar.go convertIstioListenerToWrapper).
//  2. A Sidecar with exact hosts of named namespaces alone chooses among all services of a host, as any other
//     (pilot/pkg/model/sidecar.go servicesForExactHosts is not there).
//  3. The services that a namespace exports to itself come before those that others export to it
//     (exportOrder).
//  4. In defaultServiceExportTo and defaultVirtualServiceExportTo "." goes before "*", and where neither is there nobody sees what
//     has no exportTo (pilot/pkg/model/push_context.go initServiceRegistry, initVirtualServices).
//  5. The trafficPolicy of a BackendTLSPolicy stands whole, and one that a person wrote and that is merged with it is lost
//     (pilot/pkg/model/destination_rule.go mergeDestinationRule). No annotation has a policy ignored.
//  6. Listeners of the Gateway API that are in each other's way all stand, and Gateways of other namespaces have their servers on
//     the pods of one of the Gateway API (pilot/pkg/config/kube/gatewaycommon/listener_conflict.go is not there,
//     pilot/pkg/model/push_context.go filterStrictGatewayMerging neither).
type Version string

// The versions that the model is held against.
const (
	Version130 Version = "1.30"
	Version131 Version = "1.31"
)

// Versions returns the versions that the model is held against, the oldest first.
func Versions() []Version { return []Version{Version130, Version131} }

// excludesEgressHosts reports whether "~" before an egress host of a Sidecar excludes it.
func (v Version) excludesEgressHosts() bool { return v != Version130 }

// looksUpExactHosts reports whether a Sidecar with exact hosts of named namespaces alone imports one service of each namespace.
func (v Version) looksUpExactHosts() bool { return v != Version130 }

// refusesConflicts reports whether of two listeners of the Gateway API that are in each other's way the first alone stands.
func (v Version) refusesConflicts() bool { return v != Version130 }

// mergesStrictly reports whether pods that istiod makes for a Gateway of the Gateway API have no servers of other namespaces' Gateways.
func (v Version) mergesStrictly() bool { return v != Version130 }

// fillsPolicies reports whether what a person wrote goes before what a BackendTLSPolicy says, which fills in the rest.
func (v Version) fillsPolicies() bool { return v != Version130 }

// ignoresPolicy reports whether annotations take a BackendTLSPolicy away from Istio.
func (v Version) ignoresPolicy(annotations map[string]string) bool {
	return v != Version130 && strings.EqualFold(annotations[ignorePolicyAnnotation], "true")
}

// defaultExportTo returns the exportTo for which the mesh's default stands.
func (v Version) defaultExportTo(byDefault []string) []string {
	switch {
	case v != Version130 || len(byDefault) == 0:
		return byDefault
	case slices.Contains(byDefault, "."):
		return []string{"."}
	case slices.Contains(byDefault, "*"):
		return []string{"*"}
	}
	return []string{"~"}
}

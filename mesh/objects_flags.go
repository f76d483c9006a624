package mesh

import "strconv"

// Flags are the variables of istiod's environment that change what it makes of the same objects and that the model follows. The
// zero value is Istio's defaults.
type Flags struct {
	// MergeAnyExport (ENABLE_ENHANCED_DESTINATIONRULE_MERGE: false): DestinationRules of one host and namespace are merged whoever
	// they are exported to (pilot/pkg/model/destination_rule.go mergeDestinationRule).
	MergeAnyExport bool `json:"mergeAnyExport,omitempty"`
	// FirstNamespace (PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE: false): of several services to which only a route leads, a sidecar
	// takes that of the first namespace, by name, whichever is a Kubernetes Service or older (pilot/pkg/model/sidecar.go
	// pickFirstVisibleNamespace).
	FirstNamespace bool `json:"firstNamespace,omitempty"`
	// OwnGateways (PILOT_SCOPE_GATEWAY_TO_NAMESPACE: true): a Gateway selects pods of its own namespace alone
	// (pilot/pkg/model/push_context.go mergeGateways).
	OwnGateways bool `json:"ownGateways,omitempty"`
	// WildcardTLS (ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS: true): a waypoint takes TLS to an entry with resolution DYNAMIC_DNS
	// (pilot/pkg/networking/core/cluster_waypoint.go buildWaypointInboundVIP).
	WildcardTLS bool `json:"wildcardTLS,omitempty"`
}

// FlagsOf returns what the variables of an environment set.
func FlagsOf(environment map[string]string) Flags {
	is := func(name string, other bool) bool {
		value, err := strconv.ParseBool(environment[name])
		return err == nil && value == other // what cannot be read is passed by (pkg/env)
	}
	return Flags{
		MergeAnyExport: is("ENABLE_ENHANCED_DESTINATIONRULE_MERGE", false),
		FirstNamespace: is("PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE", false),
		OwnGateways:    is("PILOT_SCOPE_GATEWAY_TO_NAMESPACE", true),
		WildcardTLS:    is("ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS", true),
	}
}

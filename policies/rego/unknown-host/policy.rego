# METADATA
# title: A DestinationRule for a host that nothing declares
# description: |-
#   A DestinationRule for a host that no ServiceEntry and no Service has, or that differs from a known one in case only:
#   the rule decides nothing. So does a BackendTLSPolicy for a Service, a ServiceEntry or a port that is not there.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/networking/destination-rule/
#     description: DestinationRule
# custom:
#   id: unknown-host
#   action: warn
#   kinds: [BackendTLSPolicy, DestinationRule, GRPCRoute, Gateway, HTTPRoute, KubernetesGateway, ListenerSet, ReferenceGrant, ServiceEntry, Sidecar, TCPRoute, TLSRoute, VirtualService, WorkloadEntry]
package tlsward.unknown_host

import data.tlsward.lib

violation contains lib.flow_violation(f, {"message": _message(f), "fix": _fix(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.cause in {"unknown-host", "case-mismatch"}
}

_message(f) := lib.flow_message(f, sprintf("%s decides nothing: it has no host.", [lib.object_name(lib.reviewed_object)])) if {
	f.host == ""
} else := sprintf("%s decides nothing for %s, which is not there.", [lib.object_name(lib.reviewed_object), f.related]) if {
	input.request.kind == "BackendTLSPolicy"
} else := lib.flow_message(f, sprintf("%s decides nothing: %s.", [lib.object_name(lib.reviewed_object), lib.cause_text(f)]))

_fix(f) := lib.set_fields(lib.reviewed_object, {"spec.host": f.related}) if {
	f.cause == "case-mismatch"
} else := "# Name a host in spec.host.\n" if {
	f.host == ""
} else := sprintf("# Apply %s, or mend spec.targetRefs.\n", [f.related]) if {
	input.request.kind == "BackendTLSPolicy"
} else := sprintf("# Apply a ServiceEntry for %s, or mend spec.host.\n", [f.host])

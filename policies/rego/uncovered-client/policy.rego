# METADATA
# title: Pods that a workloadSelector leaves without TLS
# description: |-
#   A DestinationRule with a workloadSelector starts TLS for the pods that it selects, and takes the other pods of its
#   namespace away from every rule outside it: they send plaintext, unless a rule of the namespace starts TLS for them.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/networking/destination-rule/
#     description: DestinationRule
# custom:
#   id: uncovered-client
#   action: warn
#   kinds: [BackendTLSPolicy, DestinationRule, GRPCRoute, Gateway, HTTPRoute, KubernetesGateway, ListenerSet, ReferenceGrant, ServiceEntry, Sidecar, TCPRoute, TLSRoute, VirtualService, WorkloadEntry]
package tlsward.uncovered_client

import data.tlsward.lib

violation contains lib.flow_violation(f, {"message": _message(f), "fix": lib.new_rule(f, {"mode": "SIMPLE"})}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.hopKind == "egress"
	f.verdict == "plaintext"
	f.cause == "unselected"
	not lib.lost_tls(f)
	not lib.newly_routed_plaintext(f)
	not f.ignored
}

# Beside the rule under review, another one is for the pods that it does not select, and says nothing of TLS.
violation contains lib.flow_violation(f, {"message": _message(f), "fix": lib.start_tls(f)}) if {
	input.request.operation != "DELETE"
	input.object.spec.workloadSelector
	some f in input.egress
	f.hopKind == "egress"
	f.verdict == "plaintext"
	f.cause == "unset"
	not f.decidedByObject
	not lib.stays_plaintext(f)
	not lib.lost_tls(f)
	not lib.newly_routed_plaintext(f)
	not f.ignored
}

_message(f) := lib.flow_message(f, sprintf(
	"%s leaves the mesh in plaintext%s: %s.",
	[lib.payload_text(f), lib.target_port_text(f), lib.cause_text(f)],
))

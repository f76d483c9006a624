# METADATA
# title: Pods that a workloadSelector leaves without TLS
# description: |-
#   A DestinationRule with a workloadSelector starts TLS for the pods that it selects, and takes the other pods of its
#   namespace away from every rule outside it: they send plaintext.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/networking/destination-rule/
#     description: DestinationRule
# custom:
#   id: uncovered-client
#   action: warn
#   kinds: [DestinationRule, Gateway, ServiceEntry, VirtualService]
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
}

_message(f) := lib.flow_message(f, sprintf(
	"%s leaves the mesh in plaintext%s: %s.",
	[lib.payload_text(f), lib.target_port_text(f), lib.cause_text(f)],
))

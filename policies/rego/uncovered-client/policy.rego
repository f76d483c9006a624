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
#   kinds: [DestinationRule, Gateway, ServiceEntry, VirtualService]
package tlsward.uncovered_client

import data.tlsward.lib

violation contains lib.flow_violation(f, {"message": _message(f), "fix": _fix(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.hopKind == "egress"
	f.verdict == "plaintext"
	_is_uncovered(f)
	not lib.lost_tls(f)
	not lib.newly_routed_plaintext(f)
	not f.ignored
}

_is_uncovered(f) if f.cause == "unselected"

# Beside the rule under review, another one is for the pods that it does not select, and says nothing of TLS.
_is_uncovered(f) if {
	f.cause == "unset"
	input.object.spec.workloadSelector
	not f.decidedByObject
	not lib.stays_plaintext(f)
}

_message(f) := lib.flow_message(f, sprintf(
	"%s leaves the mesh in plaintext%s: %s.",
	[lib.payload_text(f), lib.target_port_text(f), lib.cause_text(f)],
))

_fix(f) := lib.new_rule(f, {"mode": "SIMPLE"}) if {
	f.cause == "unselected"
} else := lib.start_tls(f)

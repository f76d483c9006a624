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

violation contains lib.at(f, {"message": _message(f), "fix": lib.rule(f, {"mode": "SIMPLE"})}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.hopKind == "egress"
	f.verdict == "plaintext"
	f.cause == "unselected"
	not lib.lost(f)
	not lib.opened(f)
}

_message(f) := lib.says(f, sprintf(
	"%s leaves the mesh in plaintext%s: %s.",
	[lib.bytes(f), lib.arrives(f), lib.because(f)],
))

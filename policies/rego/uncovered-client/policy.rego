# METADATA
# title: No pod is left out
# description: |-
#   A rule with a workloadSelector leaves other pods of its namespace without TLS.
# custom:
#   id: uncovered-client
#   action: warn
#   kinds: [DestinationRule, Gateway, ServiceEntry, Sidecar, VirtualService]
package tlsward.uncovered_client

import data.tlsward.lib

violation contains lib.at(f, {"message": sprintf("%s to %s:%d: uncovered", [lib.client(f.client), f.host, f.port])}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.leg == "egress"
	f.verdict == "plaintext"
	f.cause == "unselected"
	not lib.lost(f)
}

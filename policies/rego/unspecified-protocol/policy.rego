# METADATA
# title: A port says its protocol
# description: |-
#   A ServiceEntry port with no protocol: Istio sniffs it.
# custom:
#   id: unspecified-protocol
#   action: warn
#   kinds: [DestinationRule, Gateway, ServiceEntry, Sidecar, VirtualService]
package tlsward.unspecified_protocol

import data.tlsward.lib

violation contains lib.at(f, {"message": sprintf("%s to %s:%d: no protocol", [lib.client(f.client), f.host, f.port])}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.leg == "egress"
	f.family == "unspecified"
	f.verdict == "plaintext"
}

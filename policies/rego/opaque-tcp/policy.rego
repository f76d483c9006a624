# METADATA
# title: Opaque bytes may be plaintext
# description: |-
#   A TCP port leaves without TLS of a proxy's.
# custom:
#   id: opaque-tcp
#   action: warn
#   kinds: [DestinationRule, Gateway, ServiceEntry, Sidecar, VirtualService]
package tlsward.opaque_tcp

import data.tlsward.lib

violation contains lib.at(f, {"message": sprintf("%s to %s:%d: opaque", [lib.client(f.client), f.host, f.port])}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.leg == "egress"
	f.family == "opaque"
	f.payload == "opaque"
	f.verdict == "plaintext"
	not lib.lost(f)
}

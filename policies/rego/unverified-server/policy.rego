# METADATA
# title: The server's name is checked
# description: |-
#   TLS without checking the server's name.
# custom:
#   id: unverified-server
#   action: warn
#   kinds: [DestinationRule, Gateway, ServiceEntry, Sidecar, VirtualService]
package tlsward.unverified_server

import data.tlsward.lib

violation contains lib.at(f, {"message": sprintf("%s to %s:%d: unverified", [lib.client(f.client), f.host, f.port])}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.leg == "egress"
	f.verdict in {"originated", "double-tls"}
	not lib.last(f).verified
}

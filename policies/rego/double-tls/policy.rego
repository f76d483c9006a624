# METADATA
# title: TLS inside TLS
# description: |-
#   TLS is originated around bytes that the application already encrypts.
# custom:
#   id: double-tls
#   action: warn
#   kinds: [DestinationRule, Gateway, ServiceEntry, Sidecar, VirtualService]
package tlsward.double_tls

import data.tlsward.lib

violation contains lib.at(f, {"message": sprintf("%s to %s:%d: TLS inside TLS", [lib.client(f.client), f.host, f.port])}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.verdict == "double-tls"
}

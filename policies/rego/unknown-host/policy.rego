# METADATA
# title: A rule's host exists
# description: |-
#   A DestinationRule for a host that nothing declares.
# custom:
#   id: unknown-host
#   action: warn
#   kinds: [DestinationRule, Gateway, ServiceEntry, Sidecar, VirtualService]
package tlsward.unknown_host

import data.tlsward.lib

violation contains lib.at(f, {"message": sprintf("%s to %s:%d: unknown host", [lib.client(f.client), f.host, f.port])}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.cause in {"unknown-host", "case-mismatch"}
}

# METADATA
# title: The SNI names the server
# description: |-
#   The name that the handshake asks for is not a host of the ServiceEntry, or no host of the Gateway server that ends it.
# custom:
#   id: sni-mismatch
#   action: deny
#   kinds: [DestinationRule, Gateway, ServiceEntry, Sidecar, VirtualService]
package tlsward.sni_mismatch

import data.tlsward.lib

violation contains lib.at(f, {"message": sprintf("%s to %s:%d sends SNI %s", [lib.client(f.client), f.host, f.port, sni]), "action": _action(f, sni)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	_encrypts(f)
	sni := lib.last(f).sni
	sni != ""
	f.sniHosts
	not _served(f, sni)
}

_encrypts(f) if f.leg == "gateway"

_encrypts(f) if f.verdict in {"originated", "double-tls"}

_served(f, sni) if {
	some host in f.sniHosts
	lib.covers(host, sni)
}

_action(f, sni) := "warn" if _endpoint(f, sni)

_action(f, sni) := "deny" if not _endpoint(f, sni)

_endpoint(f, sni) if {
	f.leg == "egress"
	some host in f.endpointHosts
	lower(host) == lower(sni)
}

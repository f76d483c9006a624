# METADATA
# title: The way to the gateway is encrypted
# description: |-
#   The hop from sidecar to egress gateway is neither mTLS nor TLS.
# custom:
#   id: plaintext-gateway-hop
#   action: warn
#   kinds: [DestinationRule, Gateway, ServiceEntry, Sidecar, VirtualService]
package tlsward.plaintext_gateway_hop

import data.tlsward.lib

violation contains lib.at(f, {"message": sprintf("%s to %s:%d: plaintext to the gateway", [lib.client(f.client), f.host, f.port])}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.leg == "gateway"
	f.verdict == "plaintext"
	not f.serverTLS
}

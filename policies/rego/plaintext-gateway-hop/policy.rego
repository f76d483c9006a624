# METADATA
# title: Plaintext on the way to the egress gateway
# description: |-
#   Traffic goes to an egress gateway in plaintext: TLS starts at the gateway, and on the way there, inside the cluster,
#   anyone can read it and nobody proves who sends it.
# related_resources:
#   - ref: https://istio.io/latest/docs/tasks/traffic-management/egress/egress-gateway/
#     description: Egress gateways
# custom:
#   id: plaintext-gateway-hop
#   action: warn
#   kinds: [DestinationRule, Gateway, ServiceEntry, Sidecar, VirtualService]
package tlsward.plaintext_gateway_hop

import data.tlsward.lib

violation contains lib.flow_violation(f, {"message": _message(f), "fix": _fix(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.hopKind == "gateway"
	f.verdict == "plaintext"
	not f.serverTLS
}

_message(f) := lib.flow_message(f, sprintf(
	"%s goes to the egress gateway in plaintext, and the gateway does not know who sends it: %s.",
	[lib.payload_text(f), lib.cause_text(f)],
))

_fix(f) := concat("", [
	"# Give the Gateway's server protocol: HTTPS and tls: {mode: ISTIO_MUTUAL}, and:\n",
	lib.start_tls_with(f, {"mode": "ISTIO_MUTUAL", "sni": lib.server_name(f, f.host)}),
])

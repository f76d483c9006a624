# METADATA
# title: Plaintext on the way to the egress gateway
# description: |-
#   Traffic goes to an egress gateway in plaintext: TLS starts at the gateway, and on the way there, inside the cluster,
#   anyone can read it and nobody proves who sends it. TLS without the mesh's certificate (SIMPLE) is refused by a server that
#   asks for it, and proves as little. Or the controller of an Ingress that leads to an ingress gateway sends plaintext there.
# related_resources:
#   - ref: https://istio.io/latest/docs/tasks/traffic-management/egress/egress-gateway/
#     description: Egress gateways
# custom:
#   id: plaintext-gateway-hop
#   action: warn
#   kinds: [BackendTLSPolicy, DestinationRule, GRPCRoute, Gateway, GatewayClass, HTTPRoute, Ingress, KubernetesGateway, ListenerSet, ReferenceGrant, Service, ServiceEntry, Sidecar, TCPRoute, TLSRoute, VirtualService, WorkloadEntry]
package tlsward.plaintext_gateway_hop

import data.tlsward.lib

violation contains lib.flow_violation(f, {"message": _message(f), "fix": _fix(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.hopKind == "gateway"
	f.verdict == "plaintext"
	_is_meant(f)
}

# TLS of another kind than the server's: no certificate of the mesh is shown, and none is asked for.
violation contains lib.flow_violation(f, {
	"message": lib.flow_message(f, concat("", [
		"TLS starts without a certificate of the mesh (mode SIMPLE), and the egress gateway's server, which expects ISTIO_MUTUAL, ",
		sprintf("will refuse it: %s.", [lib.decided_by(f)]),
	])),
	"fix": lib.start_tls_with(f, lib.tls_to_gateway(f, "ISTIO_MUTUAL")),
}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.hopKind == "gateway"
	f.verdict == "originated"
	f.serverTLS == "ISTIO_MUTUAL"
	lib.last_hop(f).tls == "SIMPLE"
}

# The controller of an Ingress is a client outside the mesh.
violation contains lib.ingress_violation(leg, _ingress_text(leg)) if {
	input.request.operation != "DELETE"
	some leg in input.ingressLegs
	not leg.tls
}

_ingress_text(leg) := sprintf(
	"its controller sends plaintext to a server of %s that expects %s TLS: no connection.",
	[lib.object_name(leg.gateway), leg.serverTLS],
) if {
	leg.serverTLS != ""
} else := sprintf(
	"its controller sends plaintext to %s, and anyone on the way can read it.",
	[lib.object_name(leg.gateway)],
)

# The server takes plaintext.
_is_meant(f) if not f.serverTLS

# A rule says so. The server will refuse what has been sent to it in plaintext by then. That a rule is missing,
# tls-pending says.
_is_meant(f) if {
	f.serverTLS
	f.cause in {"disabled", "no-mode"}
}

_message(f) := lib.flow_message(f, sprintf(
	"%s goes to the egress gateway in plaintext, and its server, which expects %s TLS, will refuse it: %s.",
	[lib.payload_text(f), f.serverTLS, lib.cause_text(f)],
)) if {
	f.serverTLS
} else := lib.flow_message(f, sprintf(
	"%s goes to the egress gateway in plaintext, and the gateway does not know who sends it: %s.",
	[lib.payload_text(f), lib.cause_text(f)],
))

_fix(f) := lib.start_tls_with(f, lib.tls_to_gateway(f, f.serverTLS)) if {
	f.serverTLS
} else := concat("---\n", [
	concat("", ["# Apply both. The server asks for mutual TLS:\n", lib.mutual_server(f.server.gateway, f.server.index, _server_protocol(f))]),
	concat("", ["# and the clients start it:\n", lib.start_tls_with(f, lib.tls_to_gateway(f, "ISTIO_MUTUAL"))]),
]) if {
	f.server
} else := concat("", [
	"# The server, which may be for others too, would refuse TLS as it is. In this order:\n",
	sprintf("# 1. a server of its own in a Gateway, on a port where none takes plaintext: protocol: %s, tls: {mode: ISTIO_MUTUAL};\n", [_server_protocol(f)]),
	sprintf("# 2. in the DestinationRule for %s%s, for that port: tls: %s;\n", [f.host, _subset(f), _flow_style(lib.tls_to_gateway(f, "ISTIO_MUTUAL"))]),
	"# 3. that port in the route to the gateway.\n",
])

_subset(f) := sprintf(", subset %s", [f.subset]) if {
	f.subset
} else := ""

_flow_style(tls) := sprintf("{%s}", [concat(", ", [sprintf("%s: %s", [field, value]) | some field, value in tls])])

# Requests need a server that routes them, other bytes one that passes them on.
_server_protocol(f) := "HTTPS" if {
	f.payload in {"http", "unspecified"}
} else := "TLS"

# METADATA
# title: Opaque bytes leave that may be plaintext
# description: |-
#   A TCP, MONGO, MYSQL or REDIS port leaves without TLS of a proxy's. Whether the application encrypts is not to be
#   seen from here. Where the ServiceEntry has no addresses, its server may get what is meant for others, too.
# related_resources:
#   - ref: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
#     description: Protocol selection
# custom:
#   id: opaque-tcp
#   action: warn
#   kinds: [BackendTLSPolicy, DestinationRule, GRPCRoute, Gateway, HTTPRoute, KubernetesGateway, ListenerSet, ReferenceGrant, ServiceEntry, Sidecar, TCPRoute, TLSRoute, VirtualService, WorkloadEntry]
package tlsward.opaque_tcp

import data.tlsward.lib

violation contains lib.flow_violation(f, {"message": _message(f), "fix": _fix(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.hopKind == "egress"
	f.family == "opaque"
	f.payload == "opaque"
	f.verdict == "plaintext"
	not lib.lost_tls(f)
}

_message(f) := lib.flow_message(f, sprintf(
	"%s leaves the mesh as the application writes it%s, in plaintext if it does not encrypt itself: %s.%s",
	[object.get(f, "protocol", "TCP"), lib.target_port_text(f), lib.cause_text(f), _fallback_text(f)],
))

default _fallback_text(_) := ""

_fallback_text(f) := sprintf(" The server also gets what these pods send to port %d of any address that no ServiceEntry declares.", [f.port]) if {
	f.portFallback
}

default _narrowing(_) := ""

_narrowing(f) := sprintf("# So that the server gets nobody else's bytes, name its addresses in spec.addresses of %s, or in spec.exportTo who uses it.\n", [lib.service_name(f)]) if {
	f.portFallback
}

_fix(f) := concat("", [
	_narrowing(f),
	"# If the server speaks TLS from the first byte, and the application does not:\n",
	lib.start_tls_with(f, {"mode": "SIMPLE", "sni": f.host, "subjectAltNames": [f.host]}),
])

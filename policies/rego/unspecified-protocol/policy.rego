# METADATA
# title: A port without a protocol
# description: |-
#   A port without a protocol: Istio sniffs the first bytes, and the automatic SNI and name check of HTTP are lost for
#   what it does not recognise. Warned of where it leaves in plaintext, or under TLS whose name is checked for requests alone.
# related_resources:
#   - ref: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
#     description: Protocol selection
# custom:
#   id: unspecified-protocol
#   action: warn
#   kinds: [BackendTLSPolicy, DestinationRule, GRPCRoute, Gateway, HTTPRoute, KubernetesGateway, ListenerSet, ReferenceGrant, ServiceEntry, Sidecar, TCPRoute, TLSRoute, VirtualService, WorkloadEntry]
package tlsward.unspecified_protocol

import data.tlsward.lib

violation contains lib.flow_violation(f, {"message": _message(f), "fix": _fix(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.hopKind == "egress"
	f.family == "unspecified"
	f.verdict == "plaintext"
}

# Of requests the name in the server's certificate is checked, of other bytes it is not.
violation contains lib.flow_violation(f, {"message": _unchecked(f), "fix": _fix(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.hopKind == "egress"
	f.family == "unspecified"
	f.verdict == "originated"
	lib.last_hop(f).autoNames
	lib.last_hop(f).verified
	count(lib.list_field(lib.last_hop(f), "names")) == 0
}

_unchecked(f) := lib.flow_message(f, sprintf(
	"port %d of %s has no protocol, so that Istio guesses: of what it does not take for HTTP, the name in the server's certificate is not checked.",
	[f.port, lib.service_name(f)],
))

_message(f) := lib.flow_message(f, sprintf(
	"port %d of %s has no protocol, so that Istio guesses, and it leaves the mesh in plaintext.",
	[f.port, lib.service_name(f)],
))

_fix(f) := sprintf("# In %s: protocol: HTTP on port %d, or what the server speaks.\n", [lib.service_name(f), f.port])

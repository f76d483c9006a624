# METADATA
# title: Plaintext until a partner object arrives
# description: |-
#   Traffic leaves in plaintext, or goes in plaintext to a gateway's TLS port, until an object that has not arrived yet
#   starts TLS for it: a DestinationRule, for most. A warning, so that the objects of a file can be applied in any order;
#   a denial under strict. Silent where another policy says why the traffic is in plaintext.
# related_resources:
#   - ref: https://istio.io/latest/docs/tasks/traffic-management/egress/egress-tls-origination/
#     description: TLS origination for egress traffic
# custom:
#   id: tls-pending
#   action: warn
#   kinds: [BackendTLSPolicy, DestinationRule, GRPCRoute, Gateway, GatewayClass, HTTPRoute, KubernetesGateway, ListenerSet, Namespace, ReferenceGrant, Service, ServiceEntry, Sidecar, TCPRoute, TLSRoute, VirtualService, WorkloadEntry]
package tlsward.tls_pending

import data.tlsward.lib

violation contains lib.flow_violation(f, {"message": _message(f), "fix": _fix(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.verdict == "plaintext"
	_without_tls_settings(f)
	not lib.lost_tls(f)
	not lib.newly_routed_plaintext(f)
	_pending(f)
}

_without_tls_settings(f) if f.cause == "no-rule"

_without_tls_settings(f) if {
	f.hopKind == "egress"
	lib.stays_plaintext(f)
}

_without_tls_settings(f) if {
	f.hopKind == "egress"
	lib.awaits_own_rule(f)
}

_pending(f) if {
	f.hopKind == "egress"
	_is_plaintext_payload(f)
	not lib.plaintext_gateway_route(f)
	not [f.host, f.port] in _explained_by_other_policy
}

_pending(f) if {
	f.hopKind == "gateway"
	f.serverTLS
}

_is_plaintext_payload(f) if f.payload == "http"

# A gateway has terminated the client's TLS, and sends plaintext, whatever the port's protocol is.
_is_plaintext_payload(f) if {
	f.payload == "opaque"
	f.family == "tls"
}

# One cause is one violation: another policy already explains why these are in plaintext.
_explained_by_other_policy contains [f.host, f.port] if {
	some f in input.egress
	_other_policy_applies(f)
}

_other_policy_applies(f) if {
	f.verdict == "plaintext"
	f.cause == "unselected"
}

_other_policy_applies(f) if f.ignored

_other_policy_applies(f) if f.cause in {"unknown-host", "case-mismatch"}

_other_policy_applies(f) if f.family == "unspecified"

_other_policy_applies(f) if {
	f.family == "opaque"
	f.payload == "opaque"
}

_message(f) := lib.flow_message(f, sprintf(
	"plaintext to a port of the gateway that expects %s TLS, until a DestinationRule starts it.",
	[f.serverTLS],
)) if {
	f.hopKind == "gateway"
} else := lib.flow_message(f, sprintf(
	"%s leaves the mesh in plaintext%s until a DestinationRule starts TLS: %s.",
	[lib.payload_text(f), lib.target_port_text(f), lib.cause_text(f)],
))

_fix(f) := lib.new_rule(f, lib.tls_to_gateway(f, f.serverTLS)) if {
	f.hopKind == "gateway"
} else := lib.start_tls(f)

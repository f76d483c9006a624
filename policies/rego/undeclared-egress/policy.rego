# METADATA
# title: Requests to hosts that a client's proxy does not know
# description: |-
#   A Sidecar hides a declared external host from its pods, keeps its listener from what they send there (captureMode
#   NONE, an address of the listener's own, a port for requests where the host has bytes), or lets REGISTRY_ONLY become
#   ALLOW_ANY: what they send there leaves as the application writes it, and no rule starts TLS for it. A Sidecar that imports only what its pods need is
#   good practice, so this is told and not refused. With REGISTRY_ONLY nothing leaves. A Namespace whose labels take its
#   pods out of the mesh is told too: they have no proxy then. So is a ServiceEntry for clients that have another one for its host,
#   which goes before it and does not take what this one declares.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/networking/sidecar/#OutboundTrafficPolicy
#     description: OutboundTrafficPolicy
# custom:
#   id: undeclared-egress
#   action: warn
#   kinds: [Namespace, ServiceEntry, Sidecar]
package tlsward.undeclared_egress

import data.tlsward.lib

violation contains lib.flow_violation(f, {"message": _message(f), "fix": _fix(f)}) if {
	input.request.kind in {"Namespace", "Sidecar"}
	some f in input.egress
	f.hopKind == "none"
	f.cause == "passthrough"
}

# What the entry under review declares, and another one hides.
violation contains lib.flow_violation(f, {
	"message": lib.flow_message(f, sprintf(
		"it has the host from %s, which goes before this ServiceEntry and does not take what it declares here: with outboundTrafficPolicy ALLOW_ANY that leaves the mesh as the application writes it.",
		[f.related],
	)),
	"fix": sprintf("# Declare port %d in %s, too, or leave these clients out of spec.exportTo.\n", [f.port, f.related]),
}) if {
	input.request.kind == "ServiceEntry"
	some f in input.egress
	f.hopKind == "none"
	f.related
	f.cause in {"port-not-declared", "declared-tls", "declared-otherwise", "other-addresses"}
}

_message(f) := sprintf("%s: with this %s these pods leave the mesh, and have no proxy at the latest when they start again: what they send leaves as the application writes it.", [
	lib.client_name(f.client),
	input.request.operation,
]) if {
	input.request.kind == "Namespace"
} else := sprintf("%s: outboundTrafficPolicy becomes ALLOW_ANY: what is sent to hosts that its proxy does not know leaves the mesh as the application writes it.", [lib.client_name(f.client)]) if {
	f.host == "*"
	f.port == 0
} else := lib.flow_message(f, sprintf(
	"%s of %s keeps its listener from what iptables redirect there, and outboundTrafficPolicy is ALLOW_ANY: what these pods send there leaves the mesh as the application writes it.",
	[_listener_field(f), _sidecar(f)],
)) if {
	_listener_field(f)
} else := lib.flow_message(f, sprintf(
	"%s hides it from these pods, and outboundTrafficPolicy is ALLOW_ANY: what they send there leaves the mesh as the application writes it.",
	[_sidecar(f)],
))

default _sidecar(_) := "a Sidecar"

_sidecar(f) := lib.object_name(lib.last_hop(f).decidedBy.object)

# The field of one listener of the Sidecar, which takes other connections than those that pods make to the host.
_listener_field(f) := field if {
	field := lib.last_hop(f).decidedBy.field
	startswith(field, "spec.egress[")
}

_fix(f) := sprintf("# If these pods shall stay in the mesh; a revision (istio.io/rev) does as well.\n%s", [
	lib.set_fields(lib.reviewed_object, {"metadata.labels.istio-injection": "enabled"}),
]) if {
	input.request.kind == "Namespace"
	f.host == "*"
} else := sprintf("# If these pods call no such host; else %s:\n%s", [
	_listen(_listener_field(f)),
	lib.set_fields(lib.last_hop(f).decidedBy.object, {"spec.outboundTrafficPolicy.mode": "REGISTRY_ONLY"}),
]) if {
	_listener_field(f)
} else := sprintf("# If these pods call no such host; else import it (spec.egress.hosts):\n%s", [lib.set_fields(
	lib.last_hop(f).decidedBy.object,
	{"spec.outboundTrafficPolicy.mode": "REGISTRY_ONLY"},
)]) if {
	lib.last_hop(f).decidedBy.object
} else := "# Nothing unknown leaves where a Sidecar has outboundTrafficPolicy.mode REGISTRY_ONLY.\n"

_listen(field) := sprintf("give %s the protocol of the host's port", [field]) if {
	endswith(field, ".port")
} else := sprintf("leave captureMode and bind of %s out", [trim_suffix(trim_suffix(field, ".captureMode"), ".bind")])

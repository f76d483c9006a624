# METADATA
# title: TLS inside TLS
# description: |-
#   A proxy starts TLS around bytes that the application encrypts already. The server sees TLS where it expects the
#   application's protocol, unless it ends both. An egress gateway that ends the outer TLS and passes on what is inside,
#   by a server of protocol TLS, is no such server.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings
#     description: ClientTLSSettings
# custom:
#   id: double-tls
#   action: warn
#   kinds: [DestinationRule, GRPCRoute, Gateway, HTTPRoute, ServiceEntry, Sidecar, TCPRoute, TLSRoute, VirtualService, WorkloadEntry]
package tlsward.double_tls

import data.tlsward.lib

violation contains lib.flow_violation(f, {"message": _message(f), "fix": _fix(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.verdict == "double-tls"
}

_message(f) := lib.flow_message(f, sprintf(
	"the application speaks TLS on this port (%s), and %s wraps it into TLS once more.",
	[object.get(f, "protocol", f.family), _decided_by(f)],
))

_decided_by(f) := lib.decided_by(f) if {
	lib.decided_by(f) != ""
} else := "the proxy"

_fix(f) := concat(" ", [
	"# The gateway's server needs this TLS, and reads requests inside it. Give that port of the Gateway protocol: TLS, and let",
	"a tcp route pass on what is inside.\n",
]) if {
	f.hopKind == "gateway"
	not object.get(f, "serverTLS", "") in {"", "PASSTHROUGH", "AUTO_PASSTHROUGH"}
} else := sprintf(
	concat(" ", [
		"# Nothing to disable: plain HTTP from %s comes here too, and needs this TLS.",
		"Let the application send http:// on the same way, or give those that need the TLS a rule of their own.\n",
	]),
	[concat(" and ", _clients_that_need_tls(f))],
) if {
	count(_clients_that_need_tls(f)) > 0
} else := sprintf("%s%s", [_caveat, lib.set_fields(lib.last_hop(f).decidedBy.object, _mode_disable(f))]) if {
	lib.last_hop(f).decidedBy.object
} else := "# Leave TLS on this port to the application.\n"

# The clients whose plaintext the same settings encrypt: a gateway, or a route from an HTTP port. Without these settings
# it would leave in plaintext.
_clients_that_need_tls(f) := {lib.client_name(other.client) |
	some other in input.egress
	other.verdict == "originated"
	other.host == f.host
	other.port == f.port
	lib.last_hop(other).decidedBy == lib.last_hop(f).decidedBy
}

# The flows of these reviews are those of all clients of the host; other reviews may leave clients out.
_caveat := "" if {
	input.request.kind in {"DestinationRule", "ServiceEntry"}
} else := "# Unless a gateway or a route sends plain HTTP to this port and needs the TLS:\n"

_mode_disable(f) := {sprintf("%s.mode", [lib.tls_path(f)]): "DISABLE"} if {
	contains(lib.tls_path(f), "portLevelSettings[")
} else := {entry: {"port": {"number": f.port}, "tls": {"mode": "DISABLE"}}} if {
	entry := sprintf("%s.portLevelSettings[+]", [trim_suffix(lib.tls_path(f), ".tls")])
}

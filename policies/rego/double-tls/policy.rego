# METADATA
# title: TLS inside TLS
# description: |-
#   A proxy starts TLS around bytes that the application encrypts already. The server sees TLS where it expects the
#   application's protocol, unless it ends both.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings
#     description: ClientTLSSettings
# custom:
#   id: double-tls
#   action: warn
#   kinds: [DestinationRule, Gateway, ServiceEntry, VirtualService]
package tlsward.double_tls

import data.tlsward.lib

violation contains lib.at(f, {"message": _message(f), "fix": _fix(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.verdict == "double-tls"
}

_message(f) := lib.says(f, sprintf(
	"the application speaks TLS on this port (%s), and %s wraps it into TLS once more.",
	[object.get(f, "protocol", f.family), _decider(f)],
))

_decider(f) := lib.decided(f) if {
	lib.decided(f) != ""
} else := "the proxy"

_fix(f) := sprintf(
	concat(" ", [
		"# Nothing to disable: plain HTTP from %s comes here too, and needs this TLS.",
		"Let the application send http:// on the same way, or give those that need the TLS a rule of their own.\n",
	]),
	[concat(" and ", _needy(f))],
) if {
	count(_needy(f)) > 0
} else := sprintf("%s%s", [_unless, lib.change(lib.last(f).decidedBy.object, _disable(f))]) if {
	lib.last(f).decidedBy.object
} else := "# Leave TLS on this port to the application.\n"

# The clients whose plaintext the very same setting encrypts: a gateway, or a route from a port of HTTP. Without it they
# would leave in plaintext.
_needy(f) := {lib.client(other.client) |
	some other in input.egress
	other.verdict == "originated"
	other.host == f.host
	other.port == f.port
	lib.last(other).decidedBy == lib.last(f).decidedBy
}

# These reviews touch all clients of a rule's host; those of others may leave some out.
_unless := "" if {
	input.request.kind in {"DestinationRule", "ServiceEntry"}
} else := "# Unless a gateway or a route sends plain HTTP to this port and needs the TLS:\n"

_disable(f) := {sprintf("%s.mode", [lib.tls_path(f)]): "DISABLE"} if {
	contains(lib.tls_path(f), "portLevelSettings[")
} else := {entry: {"port": {"number": f.port}, "tls": {"mode": "DISABLE"}}} if {
	entry := sprintf("%s.portLevelSettings[+]", [trim_suffix(lib.tls_path(f), ".tls")])
}

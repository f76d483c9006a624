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
#   kinds: [DestinationRule, Gateway, ServiceEntry, Sidecar, VirtualService]
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

_fix(f) := lib.change(lib.last(f).decidedBy.object, _disable(f)) if {
	lib.last(f).decidedBy.object
} else := "# Leave TLS on this port to the application.\n"

_disable(f) := {sprintf("%s.mode", [lib.tls_path(f)]): "DISABLE"} if {
	contains(lib.tls_path(f), "portLevelSettings[")
} else := {entry: {"port": {"number": f.port}, "tls": {"mode": "DISABLE"}}} if {
	entry := sprintf("%s.portLevelSettings[+]", [trim_suffix(lib.tls_path(f), ".tls")])
}

# METADATA
# title: TLS that Istio ignores
# description: |-
#   The object under review writes TLS settings that Istio drops without an error.
# custom:
#   id: ineffective-tls
#   action: deny
#   kinds: [DestinationRule, Gateway, ServiceEntry, Sidecar, VirtualService]
package tlsward.ineffective_tls

import data.tlsward.lib

violation contains lib.at(f, {"message": sprintf("%s to %s:%d: the TLS of this object is ignored", [lib.client(f.client), f.host, f.port]), "action": _action(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.ignored
}

# A rule beside the path may be on its way to where it belongs.
_action(f) := "warn" if f.cause == "off-path"

_action(f) := "deny" if f.cause != "off-path"

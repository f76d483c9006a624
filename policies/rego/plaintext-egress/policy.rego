# METADATA
# title: No plaintext leaves the mesh
# description: |-
#   With this object in place, some client's traffic to an external host leaves in plaintext, and no object that is
#   still missing could mend it. What was under TLS before and is not any more is refused always, whatever removed it.
# custom:
#   id: plaintext-egress
#   action: deny
#   kinds: [DestinationRule, Gateway, ServiceEntry, Sidecar, VirtualService]
package tlsward.plaintext_egress

import data.tlsward.lib

violation contains lib.at(f, {"message": sprintf("%s to %s:%d leaves in plaintext", [lib.client(f.client), f.host, f.port])}) if {
	some f in input.egress
	f.leg == "egress"
	f.verdict == "plaintext"
	_wrong(f)
}

_wrong(f) if lib.lost(f)

# A rule stands, and does not start TLS.
_wrong(f) if {
	input.request.operation != "DELETE"
	f.payload == "http"
	f.rule
	f.cause in _decided
	not f.ignored
}

# A gateway route that takes traffic out on a plaintext port waits for its rule: nobody is cut off by that.
_wrong(f) if {
	input.request.operation != "DELETE"
	input.request.kind == "VirtualService"
	f.client.kind == "gateway"
	f.payload == "http"
	f.family == "http"
}

_decided := {
	"disabled", "no-mode", "unset", "credential-ignored", "incomplete-mutual", "mutual-at-waypoint",
	"selector-at-waypoint", "ztunnel", "merged-away",
}

# METADATA
# title: Plaintext leaves the mesh
# description: |-
#   With this object in place, some client's traffic to an external host leaves in plaintext, and no object that is
#   still missing could mend it. What was under TLS before and is not any more is refused always, whatever removed it:
#   a create, an update or a delete. So are requests that a route redirected or answered before, until their rule stands.
# related_resources:
#   - ref: https://istio.io/latest/docs/tasks/traffic-management/egress/egress-tls-origination/
#     description: TLS origination for egress traffic
# custom:
#   id: plaintext-egress
#   action: deny
#   kinds: [DestinationRule, Gateway, ServiceEntry, VirtualService]
package tlsward.plaintext_egress

import data.tlsward.lib

violation contains lib.at(f, {"message": _message(f), "fix": _fix(f)}) if {
	some f in input.egress
	f.hopKind == "egress"
	f.verdict == "plaintext"
	_wrong(f)
}

_wrong(f) if lib.lost(f)

# Nobody was told that these need a rule, as long as nothing left.
_wrong(f) if lib.opened(f)

# A rule stands, and does not start TLS.
_wrong(f) if {
	input.request.operation != "DELETE"
	f.payload == "http"
	f.rule
	f.cause in _decided
	not f.ignored
	_answers(f)
}

# A rule answers for what it decides, not for what another rule does to the same host.
_answers(f) if f.decidedByObject

_answers(_) if input.request.kind != "DestinationRule"

# A gateway takes traffic out on a plaintext port, and its rule is not there yet. Until the route stands nobody goes
# that way, so that the rule can come first.
_wrong(f) if {
	input.request.operation != "DELETE"
	lib.gateway_route(f)
}

_decided := {
	"disabled", "no-mode", "unset", "credential-ignored", "incomplete-mutual", "mutual-at-waypoint",
	"selector-at-waypoint", "ztunnel", "merged-away",
}

_message(f) := lib.says(f, sprintf(
	"%s was encrypted before this %s and would leave the mesh in plaintext%s: %s.",
	[lib.bytes(f), input.request.operation, lib.arrives(f), lib.because(f)],
)) if {
	lib.lost(f)
} else := lib.says(f, sprintf(
	"%s went nowhere before this %s, by a route, and would leave the mesh in plaintext%s: %s.",
	[lib.bytes(f), input.request.operation, lib.arrives(f), lib.because(f)],
)) if {
	lib.opened(f)
} else := lib.says(f, sprintf(
	"%s would leave the mesh in plaintext%s: %s.",
	[lib.bytes(f), lib.arrives(f), lib.because(f)],
))

_fix(f) := lib.hands_over(f) if {
	f.lostTLS
} else := lib.stays if {
	input.request.operation == "DELETE"
	not lib.opened(f)
} else := lib.stays if {
	_taken_away(f)
} else := "# ztunnel starts no TLS. Let a waypoint serve the host, then apply this again.\n" if {
	f.cause == "ztunnel"
} else := lib.change(f.rule, {"spec.workloadSelector": null}) if {
	f.cause == "selector-at-waypoint"
} else := lib.start_tls(f)

# taken_away is true where a rule is changed so that it is none for this traffic any more, and no other is. A rule to take
# its place could only come first, and Istio would ignore it beside this one.
_taken_away(f) if {
	input.request.operation == "UPDATE"
	input.request.kind == "DestinationRule"
	lib.lost(f)
	f.cause in {"no-rule", "unselected"}
}

# METADATA
# title: A principal that no identity ever equals
# description: |-
#   A principal that no identity ever equals: written with spiffe:// in front, or with a * that is neither its first nor
#   its last character. An ALLOW rule with it lets nobody in, and a DENY rule keeps nobody out.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/security/authorization-policy/
#     description: AuthorizationPolicy
# custom:
#   id: invalid-principal
#   action: deny
#   kinds: [AuthorizationPolicy]
package tlsward.invalid_principal

import data.tlsward.lib

violation contains {"message": _message(p), "decidedBy": _place(p), "fix": _fix(p)} if {
	input.request.kind == "AuthorizationPolicy"
	some p in lib.principals
	not lib.matchable(p.value)
}

_place(p) := sprintf("%s %s", [lib.ref(lib.reviewed), lib.path(p)])

_message(p) := sprintf("%s is %s, which no identity ever equals: %s.", [_place(p), p.value, _why(p)])

_why(p) := "Istio compares without spiffe://" if {
	startswith(p.value, "spiffe://")
} else := "a * stands for anything only as the first or the last character"

_fix(p) := concat("", [_note(p), lib.change(lib.reviewed, {lib.path(p): _mended(p)})])

_note(p) := "# This is wider than what was written: check that it is what you mean.\n" if {
	not lib.matchable(_bare(p))
} else := ""

_bare(p) := trim_prefix(p.value, "spiffe://")

# The part behind the last * still says which identities are meant; a * at both ends leaves the middle.
_mended(p) := _bare(p) if {
	lib.matchable(_bare(p))
} else := sprintf("*%s", [_tail(trim_suffix(_bare(p), "*"))])

_tail(pattern) := parts[count(parts) - 1] if parts := split(pattern, "*")

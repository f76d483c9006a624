# METADATA
# title: A principal that no identity ever equals
# description: |-
#   A principal that no identity ever equals: written with spiffe:// in front, with a * that is neither its first nor its
#   last character, or with the <service-account> of a fix that is still to be filled in. An ALLOW rule with it lets nobody in, and a DENY rule keeps nobody out.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/security/authorization-policy/
#     description: AuthorizationPolicy
# custom:
#   id: invalid-principal
#   action: deny
#   kinds: [AuthorizationPolicy]
package tlsward.invalid_principal

import data.tlsward.lib

violation contains {"message": _message(p), "decidedBy": _decided_by(p), "fix": _fix(p)} if {
	input.request.kind == "AuthorizationPolicy"
	some p in lib.impossible_principals
}

_decided_by(p) := lib.reviewed_field(lib.principal_path(p))

_message(p) := sprintf("%s is %s, which no identity ever equals: %s.", [_decided_by(p), p.value, _reason(p)])

_reason(p) := "what is in angle brackets is still to be filled in" if {
	contains(p.value, "<")
} else := "Istio compares without spiffe://" if {
	startswith(p.value, "spiffe://")
} else := "an identity begins with its trust domain, as cluster.local/ns/shop/sa/cart" if {
	startswith(p.value, "ns/")
} else := "a * stands for anything only as the first or the last character"

_fix(p) := "# Write the name of the callers' service account in place of the angle brackets.\n" if {
	contains(p.value, "<")
} else := concat("", [_note(p), lib.set_fields(lib.reviewed_object, {lib.principal_path(p): _corrected(p)})])

_note(p) := "# This is wider than what was written: check that it is what you mean.\n" if {
	not lib.can_match(_with_trust_domain(p))
} else := ""

_without_scheme(p) := trim_prefix(p.value, "spiffe://")

# cluster.local stands for the mesh's trust domain, whatever it is called.
_with_trust_domain(p) := sprintf("cluster.local/%s", [_without_scheme(p)]) if {
	startswith(_without_scheme(p), "ns/")
} else := _without_scheme(p)

# What follows the last * still says which identities are meant. Of a * at both ends the one in front stays.
_corrected(p) := _with_trust_domain(p) if {
	lib.can_match(_with_trust_domain(p))
} else := sprintf("*%s", [_after_last_wildcard(trim_suffix(_without_scheme(p), "*"))])

_after_last_wildcard(pattern) := parts[count(parts) - 1] if parts := split(pattern, "*")

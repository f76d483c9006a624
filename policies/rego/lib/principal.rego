package tlsward.lib

# METADATA
# scope: document
# description: |-
#   The principals of the AuthorizationPolicy under review that can match no identity, as {"at", "value"}. principal_path
#   returns the path of one of them.
impossible_principals contains {"at": ["spec.rules[%d].from[%d].source.principals[%d]", [i, j, k]], "value": value} if {
	some i, rule in input.object.spec.rules
	some j, from in rule.from
	some k, value in from.source.principals
	not can_match(value)
}

impossible_principals contains {"at": ["spec.rules[%d].from[%d].source.notPrincipals[%d]", [i, j, k]], "value": value} if {
	some i, rule in input.object.spec.rules
	some j, from in rule.from
	some k, value in from.source.notPrincipals
	not can_match(value)
}

impossible_principals contains {"at": ["spec.rules[%d].when[%d].values[%d]", [i, j, k]], "value": value} if {
	some i, rule in input.object.spec.rules
	some j, condition in rule.when
	condition.key == "source.principal"
	some k, value in condition.values
	not can_match(value)
}

impossible_principals contains {"at": ["spec.rules[%d].when[%d].notValues[%d]", [i, j, k]], "value": value} if {
	some i, rule in input.object.spec.rules
	some j, condition in rule.when
	condition.key == "source.principal"
	some k, value in condition.notValues
	not can_match(value)
}

# METADATA
# description: The path of one of the principals, as "spec.rules[0].from[0].source.principals[0]".
principal_path(principal) := sprintf(principal.at[0], principal.at[1])

# METADATA
# scope: document
# description: Whether an AuthorizationPolicy has the action ALLOW, which is the default.
is_allow_policy(policy) if not policy.spec.action

is_allow_policy(policy) if policy.spec.action in {"ALLOW", null}

# METADATA
# description: |-
#   A principal of a namespace for a fix, with a name to be filled in. As it is no identity has it, so that it would lock all
#   callers out: invalid-principal refuses it.
unnamed_principal(namespace) := sprintf("cluster.local/ns/%s/sa/<service-account>", [namespace])

# METADATA
# description: |-
#   Whether a principal can match any identity: without spiffe:// in front, with a trust domain, with a * as the first or the
#   last character only, and with all names filled in.
can_match(principal) if {
	not startswith(principal, "spiffe://")
	not contains(principal, "<")
	not startswith(principal, "ns/")
	regex.match(`^([*][^*]*|[^*]*[*]?)$`, principal)
}

# METADATA
# description: The list in a field of an object, empty where the field is absent or no list.
list_field(object, field) := value if {
	value := object[field]
	is_array(value)
} else := []

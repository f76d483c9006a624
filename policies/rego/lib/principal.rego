package tlsward.lib

# METADATA
# description: |-
#   All principals of the AuthorizationPolicy under review, as {"at", "value", "negated"}. principal_path returns the path
#   of one of them.
principals := array.concat(
	[{"at": ["spec.rules[%d].from[%d].source.%s[%d]", [i, j, field, k]], "value": value, "negated": field == "notPrincipals"} |
		some i, rule in input.object.spec.rules
		some j, from in rule.from
		some field in ["principals", "notPrincipals"]
		some k, value in from.source[field]
	],
	[{"at": ["spec.rules[%d].when[%d].%s[%d]", [i, j, field, k]], "value": value, "negated": field == "notValues"} |
		some i, rule in input.object.spec.rules
		some j, condition in rule.when
		condition.key == "source.principal"
		some field in ["values", "notValues"]
		some k, value in condition[field]
	],
)

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
#   Whether a principal can match any identity: without spiffe:// in front, with a trust domain, and with a * as the first
#   or the last character only.
can_match(principal) if {
	not startswith(principal, "spiffe://")
	not startswith(principal, "ns/")
	not contains(_without_wildcard(principal), "*")
}

_without_wildcard(principal) := substring(principal, 1, -1) if startswith(principal, "*")

_without_wildcard(principal) := trim_suffix(principal, "*") if not startswith(principal, "*")

# METADATA
# description: The list in a field of an object, empty where the field is absent or no list.
list_field(object, field) := value if {
	value := object[field]
	is_array(value)
} else := []

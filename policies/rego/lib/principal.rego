package tlsward.lib

# principals lists the places where the AuthorizationPolicy under review writes principals, negated or not; path words
# each of them.
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

# path gives the path of one of the principals.
path(place) := sprintf(place.at[0], place.at[1])

# allows is true of a policy whose rules let callers in; no action means ALLOW.
allows(policy) if not policy.spec.action

allows(policy) if policy.spec.action in {"ALLOW", null}

# matchable is true of a principal that Istio can ever find equal to an identity: no spiffe:// in front, and a * only
# as the first or the last character.
matchable(principal) if {
	not startswith(principal, "spiffe://")
	not contains(_fixed(principal), "*")
}

_fixed(principal) := substring(principal, 1, -1) if startswith(principal, "*")

_fixed(principal) := trim_suffix(principal, "*") if not startswith(principal, "*")

# items gives an object's list, empty where it is absent or null.
items(holder, field) := value if {
	value := holder[field]
	is_array(value)
} else := []

package tlsward.lib

# sources lists an AuthorizationPolicy's sources, each with the path that leads to it.
sources(policy) := [{"path": sprintf("spec.rules[%d].from[%d].source", [i, j]), "rule": rule, "source": source} |
	some i, rule in items(policy.spec, "rules")
	some j, from in items(rule, "from")
	source := _source(from)
]

# principals lists the places where an AuthorizationPolicy writes principals, negated or not, each with its path.
principals(policy) := array.concat(
	[{"path": sprintf("%s.%s[%d]", [s.path, field, k]), "value": value, "negated": field == "notPrincipals"} |
		some s in sources(policy)
		some field in ["principals", "notPrincipals"]
		some k, value in items(s.source, field)
	],
	[{"path": sprintf("spec.rules[%d].when[%d].%s[%d]", [i, j, field, k]), "value": value, "negated": field == "notValues"} |
		some i, rule in items(policy.spec, "rules")
		some j, condition in items(rule, "when")
		condition.key == "source.principal"
		some field in ["values", "notValues"]
		some k, value in items(condition, field)
	],
)

default _source(_) := {}

_source(from) := from.source if is_object(from.source)

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

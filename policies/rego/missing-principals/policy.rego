# METADATA
# title: Callers have a workload identity
# description: |-
#   An ALLOW rule names no workload identity for a caller that it admits.
# custom:
#   id: missing-principals
#   action: deny
#   kinds: [AuthorizationPolicy]
package tlsward.missing_principals

import data.tlsward.lib

violation contains {"message": sprintf("%s admits callers without a workload identity", [path])} if {
	_judged
	some path in _open
}

_judged if {
	input.request.kind == "AuthorizationPolicy"
	lib.allows(input.object)
	not _ingress
}

_ingress if input.object.spec.selector.matchLabels.istio == "ingressgateway"

_ingress if count(input.callers.ingress) > 0

# A rule without sources admits anyone, unless its conditions ask for an identity.
_open contains sprintf("spec.rules[%d]", [i]) if {
	some i, rule in input.object.spec.rules
	count(object.get(rule, "from", [])) == 0
	not _condition(rule)
}

_open contains s.path if {
	some s in lib.sources(input.object)
	not _identity(s.source)
	not _condition(s.rule)
}

_identity(source) if {
	some field in _identities
	count(source[field]) > 0
}

_identities contains "principals"

_identities contains "serviceAccounts"

_identities contains "namespaces" if data.params["missing-principals"].acceptNamespaces

_identities contains "requestPrincipals" if data.params["missing-principals"].acceptRequestPrincipals

_condition(rule) if {
	some condition in rule.when
	condition.key in {"source.principal", "source.serviceAccount"}
	count(condition.values) > 0
}

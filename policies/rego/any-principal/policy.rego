# METADATA
# title: A principal of * lets any workload of the mesh in
# description: |-
#   A principal `*` in an ALLOW rule matches every workload that has a certificate of the mesh, in every namespace. So does a
#   prefix that every identity of a trust domain has, as `cluster.local/n*`.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/security/authorization-policy/
#     description: AuthorizationPolicy
# custom:
#   id: any-principal
#   action: warn
#   kinds: [AuthorizationPolicy]
package tlsward.any_principal

import data.tlsward.lib

violation contains _violation(sprintf("spec.rules[%d].from[%d].source.principals[%d]", [i, j, k]), principal) if {
	input.request.kind == "AuthorizationPolicy"
	some i, rule in input.object.spec.rules
	some j, from in rule.from
	some k, principal in from.source.principals
	_is_anybody(principal)
	lib.is_allow_policy(input.object)
}

violation contains _violation(sprintf("spec.rules[%d].when[%d].values[%d]", [i, j, k]), principal) if {
	input.request.kind == "AuthorizationPolicy"
	some i, rule in input.object.spec.rules
	some j, condition in rule.when
	condition.key == "source.principal"
	some k, principal in condition.values
	_is_anybody(principal)
	lib.is_allow_policy(input.object)
}

# Every identity of a trust domain begins with DOMAIN/ns/, so that a prefix of that, as cluster.local/n*, is as wide as * alone.
# No suffix is, for names of service accounts differ.
_is_anybody(principal) if {
	endswith(principal, "*")
	prefix := trim_suffix(principal, "*")
	startswith(sprintf("%s/ns/", [split(prefix, "/")[0]]), prefix)
}

_violation(path, principal) := {
	"decidedBy": lib.reviewed_field(path),
	"message": sprintf("%s is %s: any workload of the mesh is let in, from every namespace.", [lib.reviewed_field(path), principal]),
	"fix": concat("", [
		"# Name the workloads that may call:\n",
		lib.set_fields(lib.reviewed_object, {path: lib.unnamed_principal(input.request.namespace)}),
	]),
}

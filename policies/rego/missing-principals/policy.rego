# METADATA
# title: A caller without a workload identity is let in
# description: |-
#   An ALLOW rule admits a caller without asking which workload it is: a source, or a rule without sources, names no
#   principal and no service account. Namespaces, addresses and tokens name no workload; params can accept the first and
#   the last. Gateways whose clients come from outside are exempt, for those have no identity in the mesh.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/security/authorization-policy/
#     description: AuthorizationPolicy
# schemas:
#   - data.params: schema.params
# custom:
#   id: missing-principals
#   action: deny
#   kinds: [AuthorizationPolicy]
package tlsward.missing_principals

import data.tlsward.lib

violation contains {"message": _message(path), "decidedBy": _place(path), "fix": _fix(path)} if {
	input.request.kind == "AuthorizationPolicy"
	lib.allows(input.object)
	not _outside
	some path in _open
}

# Clients of an ingress gateway carry no mesh identity. These are the labels that Istio's own charts give it, by the
# name of the release.
_outside if input.object.spec.selector.matchLabels.istio in {"ingressgateway", "ingress"}

_outside if input.object.spec.selector.matchLabels.app in {"istio-ingressgateway", "istio-ingress"}

_outside if {
	count(lib.items(input.callers, "ingress")) > 0
	count(lib.items(input.callers, "waypoints")) == 0
}

# Sources are alternatives: each has to ask for an identity, or the rule's conditions do for all of them.
_open contains sprintf("spec.rules[%d].from[%d].source", [i, j]) if {
	some i, rule in input.object.spec.rules
	some j, from in rule.from
	not _identity(from)
	not _condition(rule)
}

# A rule without sources admits anyone.
_open contains sprintf("spec.rules[%d]", [i]) if {
	some i, rule in input.object.spec.rules
	count(lib.items(rule, "from")) == 0
	not _condition(rule)
}

_identity(from) if some _ in from.source.principals

_identity(from) if some _ in from.source.serviceAccounts

_identity(from) if {
	data.params["missing-principals"].acceptNamespaces == true
	some _ in from.source.namespaces
}

_identity(from) if {
	data.params["missing-principals"].acceptRequestPrincipals == true
	some _ in from.source.requestPrincipals
}

_condition(rule) if {
	some condition in lib.items(rule, "when")
	condition.key in {"source.principal", "source.serviceAccount"}
	count(lib.items(condition, "values")) > 0
}

_place(path) := sprintf("%s %s", [lib.ref(lib.reviewed), path])

_message(path) := sprintf(
	"%s asks for no workload identity: whoever reaches the port is let in, plaintext callers included.",
	[_place(path)],
)

_fix(path) := concat("", [
	"# Name the workloads that may call:\n",
	lib.change(lib.reviewed, _principals(path)),
])

_principals(path) := {sprintf("%s.principals", [path]): [_caller]} if {
	endswith(path, ".source")
} else := {sprintf("%s.from", [path]): [{"source": {"principals": [_caller]}}]}

_caller := sprintf("cluster.local/ns/%s/sa/caller", [input.request.namespace])

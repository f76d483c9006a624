# METADATA
# title: A principal of * lets any workload of the mesh in
# description: |-
#   A principal `*` in an ALLOW rule matches every workload that has a certificate of the mesh, in every namespace.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/security/authorization-policy/
#     description: AuthorizationPolicy
# custom:
#   id: any-principal
#   action: warn
#   kinds: [AuthorizationPolicy]
package tlsward.any_principal

import data.tlsward.lib

violation contains {"message": _message(p), "decidedBy": _place(p), "fix": _fix(p)} if {
	input.request.kind == "AuthorizationPolicy"
	lib.allows(input.object)
	some p in lib.principals(input.object)
	p.value == "*"
	not p.negated
}

_place(p) := sprintf("%s %s", [lib.ref(lib.reviewed), p.path])

_message(p) := sprintf("%s is *: any workload of the mesh is let in, from every namespace.", [_place(p)])

_fix(p) := concat("", [
	"# Name the workloads that may call:\n",
	lib.change(lib.reviewed, {p.path: sprintf("cluster.local/ns/%s/sa/caller", [input.request.namespace])}),
])

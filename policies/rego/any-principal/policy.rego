# METADATA
# title: A principal of * is anyone in the mesh
# description: |-
#   A principal `*` is any mesh identity.
# custom:
#   id: any-principal
#   action: warn
#   kinds: [AuthorizationPolicy]
package tlsward.any_principal

import data.tlsward.lib

violation contains {"message": sprintf("%s: any identity of the mesh", [p.path])} if {
	input.request.kind == "AuthorizationPolicy"
	lib.allows(input.object)
	some p in lib.principals(input.object)
	p.value == "*"
	not p.negated
}

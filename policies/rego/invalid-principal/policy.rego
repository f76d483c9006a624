# METADATA
# title: A principal can match
# description: |-
#   A principal that can never match.
# custom:
#   id: invalid-principal
#   action: deny
#   kinds: [AuthorizationPolicy]
package tlsward.invalid_principal

import data.tlsward.lib

violation contains {"message": sprintf("%s: %s matches nothing", [p.path, p.value])} if {
	input.request.kind == "AuthorizationPolicy"
	some p in lib.principals(input.object)
	not lib.matchable(p.value)
}

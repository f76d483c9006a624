# METADATA
# title: The policy is enforced
# description: |-
#   A policy with the dry-run annotation enforces nothing.
# custom:
#   id: unenforced-policy
#   action: warn
#   kinds: [AuthorizationPolicy]
package tlsward.unenforced_policy

violation contains {"message": "istio.io/dry-run: nothing is enforced"} if {
	input.request.kind == "AuthorizationPolicy"
	input.object.metadata.annotations["istio.io/dry-run"] in {"1", "t", "T", "TRUE", "true", "True"}
}

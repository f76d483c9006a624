# METADATA
# title: An AuthorizationPolicy that enforces nothing
# description: |-
#   A policy with the annotation istio.io/dry-run: "true" enforces nothing: proxies only count what it would do.
# related_resources:
#   - ref: https://istio.io/latest/docs/tasks/security/authorization/authz-dry-run/
#     description: Dry run
# custom:
#   id: unenforced-policy
#   action: warn
#   kinds: [AuthorizationPolicy]
package tlsward.unenforced_policy

import data.tlsward.lib

violation contains {"message": _message, "decidedBy": lib.reviewed_field(_field), "fix": _fix} if {
	input.request.kind == "AuthorizationPolicy"
	input.object.metadata.annotations["istio.io/dry-run"] in _true
}

# Istio parses the annotation with strconv.ParseBool of Go.
_true := {"1", "t", "T", "TRUE", "true", "True"}

_field := "metadata.annotations[istio.io/dry-run]"

_message := sprintf("%s enforces nothing: %s is true, so that proxies only count.", [lib.object_name(lib.reviewed_object), _field])

_fix := lib.set_fields(lib.reviewed_object, {_field: null})

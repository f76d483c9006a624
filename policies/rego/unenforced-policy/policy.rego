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

violation contains {"message": _message, "decidedBy": sprintf("%s %s", [lib.ref(lib.reviewed), _field]), "fix": _fix} if {
	input.request.kind == "AuthorizationPolicy"
	input.object.metadata.annotations["istio.io/dry-run"] in _true
}

# What Go reads as true, and Istio with it.
_true := {"1", "t", "T", "TRUE", "true", "True"}

_field := "metadata.annotations[istio.io/dry-run]"

_message := sprintf("%s enforces nothing: %s is true, so that proxies only count.", [lib.ref(lib.reviewed), _field])

_fix := lib.change(lib.reviewed, {_field: null})

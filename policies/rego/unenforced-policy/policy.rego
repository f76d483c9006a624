# METADATA
# title: An AuthorizationPolicy that enforces nothing
# description: |-
#   A policy with the annotation istio.io/dry-run: "true" enforces nothing: proxies only count what it would do. Where pods are
#   ambient, one with a selector that has no labels (selector: {}) enforces nothing at these: to ztunnel it is for pods
#   that its labels select, and those are none. To sidecars it is for all pods.
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

violation contains {
	"message": sprintf(
		"%s has no labels: no ztunnel enforces the policy at any pod, and whom it keeps out comes in where pods are ambient. To sidecars it is for all pods.",
		[lib.reviewed_field("spec.selector")],
	),
	"decidedBy": lib.reviewed_field("spec.selector"),
	"fix": concat("", ["# For all pods, leave it out:\n", lib.set_fields(lib.reviewed_object, {"spec.selector": null})]),
} if {
	input.callers.unreadByZtunnel
}

# Istio parses the annotation with strconv.ParseBool of Go.
_true := {"1", "t", "T", "TRUE", "true", "True"}

_field := "metadata.annotations[istio.io/dry-run]"

_message := sprintf("%s enforces nothing: %s is true, so that proxies only count.", [lib.object_name(lib.reviewed_object), _field])

_fix := lib.set_fields(lib.reviewed_object, {_field: null})

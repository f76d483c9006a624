# METADATA
# title: Something that Istio may obey and tlsward does not know
# description: |-
#   The object has a label or an annotation of istio.io, or a field, that tlsward's model of Istio does not have: an API or a
#   control plane that is newer than this tlsward, or a feature that it does not follow. What Istio makes of it, and whether
#   TLS still stands, nobody has answered for. A warning; a denial under strict.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/labels/
#     description: Resource labels
#   - ref: https://istio.io/latest/docs/reference/config/annotations/
#     description: Resource annotations
# custom:
#   id: outside-model
#   action: warn
#   kinds: [AuthorizationPolicy, DestinationRule, Gateway, Namespace, Service, ServiceEntry, Sidecar, VirtualService, WorkloadEntry]
package tlsward.outside_model

import data.tlsward.lib

violation contains {"message": _message(unknown), "decidedBy": lib.reviewed_field(unknown.field), "fix": _fix(unknown)} if {
	some unknown in input.outsideModel
}

_message(unknown) := sprintf(
	"%s: Istio may obey %s, which tlsward does not know: what is said of the connections that this object moves may be wrong.",
	[lib.object_name(lib.reviewed_object), unknown.field],
)

_fix(unknown) := sprintf("# If it is not needed; else ask whether a newer tlsward knows it:\n%s", [lib.set_fields(
	lib.reviewed_object,
	{unknown.field: null},
)])

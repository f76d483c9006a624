package tlsward.lib

# METADATA
# description: |-
#   The fix for a flow with lostTLS. The other rule gets the same TLS first, where it can have it: as long as the rule
#   under review applies, Istio ignores TLS in the other one, and tlsward denies any other TLS there. Else the rule under
#   review keeps its precedence, or stays as it is.
fix_other_rule_first(flow) := sprintf("# First let %s start the same TLS: it decides once this %s is done.\n%s", [
	object_name(flow.lostTLS.successor.object),
	input.request.operation,
	write_tls(flow, flow.lostTLS.successor, tls),
]) if {
	tls := object.get(input.oldObject, path_segments(flow.lostTLS.field), {})
	_usable_in_another_rule(flow, tls)
} else := fix if {
	fix := keep_precedence(object_name(flow.lostTLS.successor.object))
} else := keep_object

# METADATA
# description: |-
#   The fix that keeps the rule under review ahead of another one for the same host. Undefined where the update does not
#   change what their order depends on.
keep_precedence(other) := sprintf("# As it was, so that %s does not come before this rule.\n%s", [
	other,
	set_fields(reviewed_object, _precedence(input.oldObject.spec)),
]) if {
	input.request.operation == "UPDATE"
	input.object.spec.host == input.oldObject.spec.host
	_precedence(input.object.spec) != _precedence(input.oldObject.spec)
}

# The fields that decide which of several rules for a host applies.
_precedence(spec) := {
	"spec.exportTo": object.get(spec, "exportTo", null),
	"spec.workloadSelector": object.get(spec, "workloadSelector", null),
}

# METADATA
# description: |-
#   The fix that is no YAML: the object under review has to stay as long as somebody sends this traffic.
keep_object := sprintf("# The traffic still needs %s. Delete what sends it first.\n", [object_name(reviewed_object)]) if {
	input.request.operation == "DELETE"
} else := sprintf("# The traffic still needs %s as it is. Write what is new under another name.\n", [object_name(reviewed_object)])

# TLS that was wrong in one rule must not be copied to another.
_usable_in_another_rule(flow, tls) if {
	tls.mode in {"SIMPLE", "MUTUAL"}
	not _names_secret(tls)
	_sni_is_of_server(flow, tls)
}

# Only the pods that the rule under review selects may read its secret.
_names_secret(tls) if {
	tls.credentialName
	not startswith(tls.credentialName, "configmap://")
}

_sni_is_of_server(_, tls) if not tls.sni

_sni_is_of_server(flow, tls) if {
	some host in flow.sniHosts
	host_matches(host, tls.sni)
}

# METADATA
# description: |-
#   A field path as keys and indexes, for object.get: ["spec", "subsets", 1, "name"] for "spec.subsets[1].name".
path_segments(path) := [_segment(part) | some part in regex.split(`[.\[\]]+`, trim_right(path, "]"))]

_segment(part) := to_number(part) if {
	regex.match(`^[0-9]+$`, part)
} else := part

package tlsward.lib

# hands_over gives the fix for traffic that loses its TLS as the rule under review gives way to one that it hid: the other
# gets the same TLS first. While the rule under review stands, Istio ignores TLS in a rule that it hides, and anything else
# would be refused there.
hands_over(flow) := sprintf("# First let %s start the same TLS: it decides once this %s is done.\n%s", [
	ref(flow.lostTLS.successor.object),
	input.request.operation,
	writes(flow, flow.lostTLS.successor, tls),
]) if {
	tls := object.get(input.oldObject, steps(flow.lostTLS.field), {})
	_fits(flow, tls)
} else := fix if {
	fix := keeps_rank(ref(flow.lostTLS.successor.object))
} else := stays

# keeps_rank gives the fix that has the rule under review come before another as it did.
keeps_rank(other) := sprintf("# As it was, so that %s does not come before this rule.\n%s", [
	other,
	change(reviewed, _rank(input.oldObject.spec)),
]) if {
	input.request.operation == "UPDATE"
	input.object.spec.host == input.oldObject.spec.host
	_rank(input.object.spec) != _rank(input.oldObject.spec)
}

# rank is what tells which of several rules for a host counts.
_rank(spec) := {
	"spec.exportTo": object.get(spec, "exportTo", null),
	"spec.workloadSelector": object.get(spec, "workloadSelector", null),
}

# stays says that there is nothing to write, as long as somebody sends this traffic.
stays := sprintf("# The traffic still needs %s. Delete what sends it first.\n", [ref(reviewed)]) if {
	input.request.operation == "DELETE"
} else := sprintf("# The traffic still needs %s as it is. Write what is new under another name.\n", [ref(reviewed)])

# What was wrong in one rule is nothing to write into another.
_fits(flow, tls) if {
	tls.mode in {"SIMPLE", "MUTUAL"}
	not _secret(tls)
	_named(flow, tls)
}

# A credential that only the pods of the rule under review may read is nothing that another rule could name.
_secret(tls) if {
	tls.credentialName
	not startswith(tls.credentialName, "configmap://")
}

_named(_, tls) if not tls.sni

_named(flow, tls) if {
	some host in flow.sniHosts
	covers(host, tls.sni)
}

# steps splits a path into the keys and indexes that object.get takes.
steps(path) := [step |
	some part in regex.split(`[.\[\]]+`, trim_right(path, "]"))
	step := _step(part)
]

_step(part) := to_number(part) if {
	regex.match(`^[0-9]+$`, part)
} else := part

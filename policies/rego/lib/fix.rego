package tlsward.lib

# A fix is YAML of one of two shapes. An object with apiVersion and kind is to be applied. Anything else changes the
# object that the comment above it names: each key is a path to a field, each value what to put there, null to remove
# the field, and a path that ends in [+] adds to the list. It is written as JSON, which is YAML too and
# costs less; whoever is shown a fix sees it laid out as people write it.

# change gives the fix that sets fields of an object: {"spec.trafficPolicy.tls.mode": "SIMPLE"}.
change(object, fields) := sprintf("# in %s\n%s\n", [ref(object), json.marshal(fields)])

# reviewed is the object under review as a reference.
reviewed := {"kind": input.request.kind, "namespace": input.request.namespace, "name": input.request.name}

# tls_path is the path of the tls settings that decide a flow: "spec.trafficPolicy.portLevelSettings[0].tls".
tls_path(flow) := trim_suffix(last(flow).decidedBy.field, ".mode")

# start_tls gives the fix that starts TLS for a flow that is in plaintext, in the rule that applies to it or, where
# there is none, in a new one.
start_tls(flow) := change(object, {sprintf("%s.mode", [path]): "SIMPLE"}) if {
	object := _ruling(flow)
	path := tls_path(flow)
	_in_place(flow, path)
} else := change(object, {sprintf("%s.mode", [path]): "SIMPLE", sprintf("%s.credentialName", [path]): null}) if {
	flow.cause == "credential-ignored"
	object := _ruling(flow)
	path := tls_path(flow)
} else := starts(flow, {"mode": "SIMPLE"})

# Settings of the port alone, or settings that stand there and lack something, are completed where they are.
_in_place(flow, _) if flow.cause in {"no-mode", "incomplete-mutual", "mutual-at-waypoint"}

_in_place(flow, path) if {
	not flow.cause == "credential-ignored"
	contains(path, "portLevelSettings[")
}

# starts gives the fix that starts this TLS on the flow's port: in the rule that decides for it or, where there is none,
# in a new one. A new entry for a port repeats what the port had: that is added when the fix is completed.
starts(flow, tls) := change(object, {path: tls}) if {
	object := _ruling(flow)
	path := tls_path(flow)
	contains(path, "portLevelSettings[")
} else := change(object, {entry: {"port": {"number": flow.port}, "tls": tls}}) if {
	object := _ruling(flow)
	entry := sprintf("%s.portLevelSettings[+]", [trim_suffix(tls_path(flow), ".tls")])
} else := rule(flow, tls)

# The rule whose settings decide; another one for the same host would be merged away.
_ruling(flow) := last(flow).decidedBy.object if flow.rule

# rule gives a new DestinationRule for the flow's port, in the namespace where the client looks first.
rule(flow, tls) := sprintf("%s\n", [json.marshal({
	"apiVersion": "networking.istio.io/v1",
	"kind": "DestinationRule",
	"metadata": {"name": _rule_name(flow), "namespace": _rule_namespace(flow)},
	"spec": object.union(
		{
			"host": flow.host,
			"trafficPolicy": {"portLevelSettings": [{"port": {"number": flow.port}, "tls": tls}]},
		},
		object.union(_subsets(flow), _reach(flow)),
	),
})])

# A namespace that goes by its private rules alone needs one; beside rules for some pods, one for all others.
_reach(flow) := {"workloadSelector": {}} if {
	flow.private
	flow.cause == "unselected"
} else := {"exportTo": ["."]} if {
	flow.private
} else := {}

_subsets(flow) := {"subsets": [{"name": flow.subset}]} if flow.subset

_subsets(flow) := {} if not flow.subset

# A host as an object's name: "*.example.com" gives "wildcard-example-com".
_rule_name(flow) := sprintf("%s-tls", [trim(regex.replace(replace(lower(flow.host), "*", "wildcard"), `[^a-z0-9]+`, "-"), "-")])

# A client of any other namespace finds the rule beside the ServiceEntry.
_rule_namespace(flow) := flow.client.namespace if {
	flow.client.namespace != "*"
} else := flow.service.namespace if {
	flow.service.namespace
} else := input.request.namespace

# server_name gives the first name that the server of a flow answers to, wildcards left out, or else the other.
server_name(flow, other) := array.concat([host | some host in flow.sniHosts; not contains(host, "*")], [other])[0]

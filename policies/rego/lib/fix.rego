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
tls_path(flow) := decision_path(last(flow).decidedBy)

decision_path(decision) := trim_suffix(decision.field, ".mode")

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
starts(flow, tls) := writes(flow, last(flow).decidedBy, tls) if {
	_ruling(flow)
} else := rule(flow, tls)

# writes gives the fix that writes this TLS for the flow's port to where an object has, or would have, settings for it.
writes(flow, decision, tls) := change(decision.object, {path: tls}) if {
	path := decision_path(decision)
	contains(path, "portLevelSettings[")
} else := change(decision.object, {entry: {"port": {"number": flow.port}, "tls": tls}}) if {
	entry := sprintf("%s.portLevelSettings[+]", [trim_suffix(decision_path(decision), ".tls")])
}

# The rule whose settings decide; another one for the same host would be merged away.
_ruling(flow) := last(flow).decidedBy.object if flow.rule

# alone gives a new rule for the flow's host, otherwise like the rule that decides, which is for other hosts too.
alone(flow, fields) := sprintf("# A rule for this host alone: the one that decides is for other hosts too.\n%s", [change(
	last(flow).decidedBy.object,
	object.union(fields, {
		"metadata.name": _rule_name(flow),
		"metadata.labels": null,
		"metadata.annotations": null,
		"spec.host": flow.host,
	}),
)])

# rule gives a new DestinationRule for the flow's port, in the namespace where the client looks first.
rule(flow, tls) := sprintf(
	"# No rule applies at the waypoint in namespace %s, which does not see the host. Let spec.exportTo of %s name it, then apply this again.\n",
	[flow.client.namespace, ref(flow.service)],
) if {
	flow.hostNotVisible
} else := sprintf("%s\n", [json.marshal({
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
	flow.clientInRootNamespace
	flow.cause == "unselected"
} else := {"exportTo": ["."]} if {
	flow.clientInRootNamespace
} else := {}

_subsets(flow) := {"subsets": [{"name": flow.subset}]} if flow.subset

_subsets(flow) := {} if not flow.subset

# A host as an object's name: "*.example.com" gives "wildcard-example-com-tls". Hosts that differ in case or in a hyphen get
# different names, and so does a rule that is private: one would be applied in place of the other.
_rule_name(flow) := sprintf("%s%s-tls", [_label(flow.host), _kind_of_rule(flow)])

_label(host) := _hyphened(host) if {
	host == lower(host)
} else := sprintf("%s-%s", [_hyphened(lower(host)), substring(crypto.sha256(host), 0, 8)])

_hyphened(host) := trim(regex.replace(replace(replace(host, "-", "--"), "*", "wildcard"), `[^a-z0-9-]`, "-"), "-")

_kind_of_rule(flow) := "-private" if {
	flow.clientInRootNamespace
} else := ""

# A client of any other namespace finds the rule beside the ServiceEntry.
_rule_namespace(flow) := flow.client.namespace if {
	flow.client.namespace != "*"
} else := flow.service.namespace if {
	flow.service.namespace
} else := input.request.namespace

# server_name gives a name that the server of a flow answers to, wildcards left out: the host itself, if it is one, or the
# first, or else the other.
server_name(flow, other) := flow.host if {
	flow.host in flow.sniHosts
	not contains(flow.host, "*")
} else := array.concat([host | some host in flow.sniHosts; not contains(host, "*")], [other])[0]

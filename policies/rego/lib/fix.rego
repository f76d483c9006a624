package tlsward.lib

# A fix is YAML of one of two shapes. An object with apiVersion and kind is to be applied. Anything else changes the
# object that the comment above it names: each key is a path to a field, each value what to put there, null to remove
# the field, and a path that ends in [+] adds to the list. It is written as JSON, which is YAML too and costs less;
# tlsward formats it before people see it.

# METADATA
# description: |-
#   The fix that sets fields of an object, given as {"spec.trafficPolicy.tls.mode": "SIMPLE"}.
set_fields(object, fields) := sprintf("# in %s\n%s\n", [object_name(object), json.marshal(fields)])

# METADATA
# description: A reference to the object under review.
reviewed_object := {"kind": input.request.kind, "name": input.request.name} if {
	input.request.kind in {"Namespace", "GatewayClass"}
} else := {"kind": input.request.kind, "namespace": input.request.namespace, "name": input.request.name}

# METADATA
# description: A field of the object under review, as "AuthorizationPolicy default/policy spec.rules[0]".
reviewed_field(path) := sprintf("%s %s", [object_name(reviewed_object), path])

# METADATA
# description: |-
#   The path of the tls settings that decide a flow, as "spec.trafficPolicy.portLevelSettings[0].tls".
tls_path(flow) := tls_settings_path(last_hop(flow).decidedBy)

# METADATA
# description: The path of the tls settings that a decision names, or whose mode it names.
tls_settings_path(decision) := trim_suffix(decision.field, ".mode")

# METADATA
# description: |-
#   The fix that starts the given TLS on a flow's port: in the rule that decides for it or, where there is none, in a new
#   one.
start_tls_with(flow, tls) := new_rule_for_host(flow, _tls_changes(flow, last_hop(flow).decidedBy, tls)) if {
	_deciding_rule(flow)
	flow.wildcardRule
	tls.subjectAltNames # of this host, and of none of the rule's others
} else := write_tls(flow, last_hop(flow).decidedBy, tls) if {
	_deciding_rule(flow)
} else := new_rule(flow, tls)

# METADATA
# description: |-
#   The fix that writes the given TLS for a flow's port into an object, at the settings that a decision names. A new entry
#   of portLevelSettings replaces the settings above it for its port, so that it has to repeat them: tlsward adds those
#   when it completes the fix.
write_tls(flow, decision, tls) := set_fields(decision.object, _tls_changes(flow, decision, tls))

_tls_changes(flow, decision, tls) := {path: tls} if {
	path := tls_settings_path(decision)
	contains(path, "portLevelSettings[")
} else := {entry: {"port": {"number": flow.port}, "tls": tls}} if {
	entry := sprintf("%s.portLevelSettings[+]", [trim_suffix(tls_settings_path(decision), ".tls")])
}

# The rule whose settings decide. Another rule for the same host would be merged into it, and ignored.
_deciding_rule(flow) := last_hop(flow).decidedBy.object if {
	flow.rule
	not decided_by_policy(flow)
}

# METADATA
# description: Whether a BackendTLSPolicy decides a flow's TLS.
decided_by_policy(flow) if last_hop(flow).decidedBy.object.kind == "BackendTLSPolicy"

# METADATA
# description: |-
#   The fix that adds a rule for a flow's host alone, with the given fields, else like the deciding rule, which is for other
#   hosts too.
new_rule_for_host(flow, fields) := sprintf("# A rule for this host alone: the one that decides is for other hosts too.\n%s%s", [_for_each_host(flow), set_fields(
	last_hop(flow).decidedBy.object,
	object.union(fields, {
		"metadata.name": _name_of_rule(flow.host, "", _name_suffix(flow)), # with all subsets of the rule that it is like
		"metadata.labels": null,
		"metadata.annotations": null,
		"spec.host": flow.host,
	}),
)])

_for_each_host(flow) := "# Each of the other hosts needs one like it.\n" if {
	flow.otherHosts > 0
} else := ""

# METADATA
# description: |-
#   The fix that sets fields of the rule that decides for a flow, where they are right for its host alone: where the rule is for
#   other hosts too, they are those of a rule for this host.
set_for_host(flow, fields) := new_rule_for_host(flow, fields) if {
	flow.wildcardRule
} else := set_fields(last_hop(flow).decidedBy.object, fields)

# METADATA
# description: |-
#   The fix that adds a DestinationRule with the given TLS for a flow's port, in the namespace that the client's lookup
#   begins with.
new_rule(flow, tls) := sprintf(
	"# No rule applies at the waypoint in namespace %s, which does not see the host. Let spec.exportTo of %s name it, then apply this again.\n",
	[flow.client.namespace, object_name(flow.service)],
) if {
	flow.hostNotVisible
} else := sprintf("%s\n", [json.marshal(_new_backend_policy(flow))]) if {
	flow.backendSection
	tls == {"mode": "SIMPLE"}
} else := sprintf(
	"{\"apiVersion\":\"networking.istio.io/v1\",\"kind\":\"DestinationRule\",\"metadata\":{\"name\":%s,\"namespace\":%s},\"spec\":%s}\n",
	[
		json.marshal(_rule_name(flow)),
		json.marshal(_rule_namespace(flow)),
		_rule_spec(flow.host, object.get(flow, "subset", ""), flow.port, tls, _scope(flow)),
	],
)

# What all clients of a port have in common is written once: functions are evaluated once for equal arguments.
_rule_spec(host, subset, port, tls, scope) := json.marshal(object.union_n([{"host": host}, _policy_for_port(subset, port, tls), scope]))

# METADATA
# description: |-
#   The fix that adds a DestinationRule with the given TLS for a flow's port, for the namespace of its client alone.
private_rule(flow, tls) := sprintf("%s\n", [json.marshal({
	"apiVersion": "networking.istio.io/v1",
	"kind": "DestinationRule",
	"metadata": {"name": sprintf("%s%s-private-tls", [host_as_name(flow.host), _subset_suffix(object.get(flow, "subset", ""))]), "namespace": flow.client.namespace},
	"spec": object.union_n([{"host": flow.host}, _policy_for_port(object.get(flow, "subset", ""), flow.port, tls), {"exportTo": ["."]}]),
})])

# What people write beside other BackendTLSPolicies. Istio checks no name by the hostname alone.
_new_backend_policy(flow) := {
	"apiVersion": "gateway.networking.k8s.io/v1",
	"kind": "BackendTLSPolicy",
	"metadata": {"name": _rule_name(flow), "namespace": flow.service.namespace},
	"spec": {
		"targetRefs": [{
			"group": "networking.istio.io",
			"kind": "ServiceEntry",
			"name": flow.service.name,
			"sectionName": flow.backendSection,
		}],
		"validation": {
			"hostname": flow.host,
			"subjectAltNames": [{"type": "Hostname", "hostname": flow.host}],
			"wellKnownCACertificates": "System",
		},
	},
}

# A subset gets the policy to itself: of several rules for a host Istio adds up the subsets, and keeps the other settings of
# the oldest alone.
_policy_for_port("", port, tls) := {"trafficPolicy": _port_settings(port, tls)}

_policy_for_port(subset, port, tls) := {"subsets": [{"name": subset, "trafficPolicy": _port_settings(port, tls)}]} if subset != ""

_port_settings(port, tls) := {"portLevelSettings": [{"port": {"number": port}, "tls": tls}]}

# In the root namespace the lookup finds rules that are exported nowhere else. Where those select pods, a rule with an
# empty selector applies to all others.
_scope(flow) := {"workloadSelector": {}} if {
	flow.clientInRootNamespace
	flow.cause == "unselected"
} else := {"exportTo": ["."]} if {
	flow.clientInRootNamespace
} else := {}

# "*.example.com" gives "wildcard-example-com-tls". Hosts that differ in case or in a hyphen must not get the same name,
# nor a rule with exportTo and one without, nor those of two subsets: one would be applied over the other.
_rule_name(flow) := _name_of_rule(flow.host, object.get(flow, "subset", ""), _name_suffix(flow))

_name_of_rule(host, subset, suffix) := sprintf("%s%s%s-tls", [host_as_name(host), _subset_suffix(subset), suffix])

_subset_suffix(subset) := sprintf("-%s", [host_as_name(subset)]) if {
	subset != ""
} else := ""

# METADATA
# description: A host as part of a name, another one for each host.
host_as_name(host) := _hyphenated(host) if {
	host == lower(host)
} else := sprintf("%s-%s", [_hyphenated(lower(host)), substring(crypto.sha256(host), 0, 8)])

_hyphenated(host) := trim(regex.replace(replace(replace(host, "-", "--"), "*", "wildcard"), `[^a-z0-9-]`, "-"), "-")

_name_suffix(flow) := "-private" if {
	flow.clientInRootNamespace
} else := ""

# Clients of all other namespaces find the rule beside the ServiceEntry.
_rule_namespace(flow) := flow.rule.namespace if {
	flow.rule.kind == "BackendTLSPolicy"
} else := flow.client.namespace if {
	flow.client.namespace != "*"
} else := flow.service.namespace if {
	flow.service.namespace
} else := input.request.namespace

# METADATA
# description: A server of a Gateway, by its index, or a listener of a Gateway of the Gateway API or of a ListenerSet, as a path.
server_path(gateway, index) := sprintf("spec.servers[%d]", [index]) if {
	gateway.kind == "Gateway"
} else := sprintf("spec.listeners[%d]", [index])

# METADATA
# description: The fix that has such a server, or listener, speak a protocol under mutual TLS.
mutual_server(gateway, index, protocol) := set_fields(gateway, {
	sprintf("%s.port.protocol", [server_path(gateway, index)]): protocol,
	sprintf("%s.tls", [server_path(gateway, index)]): {"mode": "ISTIO_MUTUAL"},
}) if {
	gateway.kind == "Gateway"
} else := set_fields(gateway, {
	sprintf("%s.protocol", [server_path(gateway, index)]): protocol,
	sprintf("%s.tls", [server_path(gateway, index)]): {
		"mode": "Terminate",
		"options": {"gateway.istio.io/tls-terminate-mode": "ISTIO_MUTUAL"},
	},
})

# METADATA
# description: |-
#   The tls that takes a flow to an egress gateway, whose server has, or is to have, the given mode.
tls_to_gateway(flow, mode) := object.union({"mode": "ISTIO_MUTUAL"}, _gateway_sni(flow)) if {
	mode == "ISTIO_MUTUAL"
} else := object.union(_mutual_files, _gateway_sni(flow)) if {
	mode == "MUTUAL"
} else := {"mode": "SIMPLE"} if {
	flow.payload == "http" # the proxy sends the Host header's name
} else := object.union({"mode": "SIMPLE"}, _gateway_sni(flow))

# Where they are is for the application to say: a sidecar takes no credentialName without a workloadSelector.
_mutual_files := {"mode": "MUTUAL", "clientCertificate": "/etc/certs/tls.crt", "privateKey": "/etc/certs/tls.key"}

_gateway_sni(flow) := {"sni": flow.serverName} if {
	flow.serverName
} else := {}

# METADATA
# description: |-
#   A name that a flow's server answers to, and that is no wildcard: that of the gateway's server, else the host itself, else
#   the first of the server's or, where it has wildcards alone, one below the first.
server_name(flow) := flow.serverName if {
	flow.serverName
} else := flow.host if {
	flow.host in flow.sniHosts
	not contains(flow.host, "*")
} else := array.concat(
	[host | some host in flow.sniHosts; not contains(host, "*")],
	[replace(flow.sniHosts[0], "*", "www")],
)[0]

# METADATA
# title: Plaintext leaves the mesh
# description: |-
#   With this object in place, some client's traffic to an external host leaves in plaintext, and no object that is
#   still missing could mend it; of what a rule of the clients' own namespace does to them, who declares the host from another one
#   is warned. What was under TLS before and is not any more is refused always, whatever removed it:
#   a create, an update or a delete, the listener of another host too, or the route of a namespace that is neither the
#   client's nor the host's, which leads it to a service inside the mesh, or takes requests from another namespace's at a gateway, and the Gateway of the Gateway API that was the
#   waypoint of ambient clients. So are requests that a route redirected or
#   answered before, until their rule stands, and a route of a gateway to a plaintext port: apply its DestinationRule
#   first. So is what lets out in plaintext what other objects of the clients' own namespace held back, and
#   what would be under TLS without these. The mesh's own mutual TLS counts, too: an entry, a route or a rule must not take connections to a service of
#   another namespace out of the mesh, or to a third namespace's pods; for the clients of its own namespace it is a warning, and so is
#   what a namespace does to its own services (hidden from others, a name of a server outside, TLS disabled by its rule).
#   Names and ranges, and hashes of certificates, for which Envoy refuses the listener that all hosts of a port share are refused, wherever they stand,
#   and so is what it refuses in the routes that they share, or in a cluster.
#   So is a server of a Gateway that by the address of its bind takes connections from those of another namespace's, on pods that are not
#   its own namespace's; on these, and where such a one was there first, it is a warning.
#   So is a tls or tcp route that takes connections of other hosts on its port, by no server name or by addresses of nobody's; where only
#   DNS knows whether it does, or nobody else has the port, that is a warning, and so is such a route that was there for who uses the port later.
#   An EnvoyFilter that plainly gives clusters a transport socket without TLS, or leads requests past the clusters that have one,
#   is refused, too.
#   Where an object of another namespace waited for the host and takes what goes there (a route, an entry with a wide range of
#   addresses), whoever declares the host, or writes its rule, is warned.
#   Two entries outside the mesh with one address are a warning, since either may get what is sent to http://ADDRESS/; a VirtualService
#   for one of them, which takes that from the other for certain, is refused. A rule of the root namespace that disables the mutual
#   TLS of the mesh's Services is a warning.
#   What Istio itself calls without TLS (keys of a RequestAuthentication, the module of a WasmPlugin or TrafficExtension by an
#   http:// URL to a host outside) is a warning: no proxy is on that way, so that no rule can mend it.
# related_resources:
#   - ref: https://istio.io/latest/docs/tasks/traffic-management/egress/egress-tls-origination/
#     description: TLS origination for egress traffic
# custom:
#   id: plaintext-egress
#   action: deny
#   kinds: [BackendTLSPolicy, DestinationRule, EnvoyFilter, GRPCRoute, Gateway, GatewayClass, HTTPRoute, KubernetesGateway, ListenerSet, Namespace, ReferenceGrant, RequestAuthentication, Service, ServiceEntry, Sidecar, TCPRoute, TLSRoute, TrafficExtension, VirtualService, WasmPlugin, WorkloadEntry]
package tlsward.plaintext_egress

import data.tlsward.lib

violation contains lib.flow_violation(f, object.union(_action(f), {"message": _message(f), "fix": _fix(f)})) if {
	some f in input.egress
	f.hopKind == "egress"
	f.verdict == "plaintext"
	_refused(f)
}

violation contains lib.flow_violation(f, object.union(_diverted_action(f), {
	"message": lib.flow_message(f, lib.diverted_text(f)),
	"fix": lib.keep_with_service(f),
})) if {
	some f in input.egress
	f.hopKind == "mesh"
	f.before == "originated"
	f.verdict == "plaintext"
}

# What takes the connections was there first, and is somebody else's: who declares the host is told.
violation contains lib.flow_violation(f, {
	"action": "warn",
	"message": lib.flow_message(f, lib.awaited_text(f)),
	"fix": lib.give_back(f),
}) if {
	some f in input.egress
	f.diverted.awaited
}

# What plainly takes TLS away: a patch of an EnvoyFilter, or what takes listeners or connections away from everybody.
violation contains {
	"message": sprintf("%s: %s %s", [lib.object_name(lib.reviewed_object), unknown.field, _plain_text(unknown)]),
	"decidedBy": lib.reviewed_field(unknown.field),
	"fix": _plain_fix(unknown),
} if {
	some unknown in input.outsideModel
	not unknown.object
	unknown.startsPlaintext
}

# Nobody but DNS knows whom it takes anything from, or nobody is there yet.
violation contains {
	"action": "warn",
	"message": sprintf("%s: %s %s", [lib.object_name(lib.reviewed_object), unknown.field, _may_take]),
	"decidedBy": lib.reviewed_field(unknown.field),
	"fix": _plain_fix(unknown),
} if {
	some unknown in input.outsideModel
	not unknown.object
	unknown.means == "wide-match"
	not unknown.startsPlaintext
}

# The route was there first, and waited for somebody to have the port.
violation contains {
	"action": "warn",
	"message": sprintf(
		concat(" ", [
			"%s: %s: %s has sidecars take connections on this port by no name of its hosts, those to this object too:",
			"they go to another host, or leave as the application writes them.",
		]),
		[lib.object_name(lib.reviewed_object), unknown.field, lib.object_name(unknown.object)],
	),
	"decidedBy": lib.object_name(unknown.object),
	"fix": sprintf("# Let %s match names of its own hosts, and addresses that their ServiceEntries declare; or use another port.\n", [lib.object_name(unknown.object)]),
} if {
	some unknown in input.outsideModel
	unknown.object
	unknown.means == "wide-match"
}

_may_take := concat(" ", [
	"has sidecars take whatever is sent on the port to addresses that none of its hosts declares, or all bytes, also of hosts that are declared",
	"later: it goes to this host then, or leaves as the application writes it.",
])

_plain_text(unknown) := "leads requests to PassthroughCluster: they leave the mesh as the application writes them, past the clusters that start TLS." if {
	unknown.means == "passthrough"
} else := concat(" ", [
	"is no hash that Envoy takes: it refuses the listener of these pods, with the servers of all other Gateways on that port,",
	"and after a restart of the pods their clients have no connection.",
]) if {
	unknown.means == "refused-listener"
	_is_hash(unknown.field)
} else := concat(" ", [
	"is a server name that Envoy does not take: it refuses the listener of these pods, with the servers of all other Gateways on that port,",
	"and after a restart of the pods their clients have no connection.",
]) if {
	unknown.means == "refused-listener"
	input.request.kind == "Gateway"
} else := concat(" ", [
	"is what Envoy does not take in a listener: it refuses every listener that has it, with the connections of all other hosts on that port.",
	"A sidecar that starts afterwards passes them on as the application writes them.",
]) if {
	unknown.means == "refused-listener"
	unknown.wants
} else := concat(" ", [
	"is a server name, or a range, that Envoy does not take beside the others: it refuses every listener that has it, with the connections of",
	"all other hosts on that port. A sidecar that starts afterwards passes them on as the application writes them.",
]) if {
	unknown.means == "refused-listener"
} else := concat(" ", [
	"is what Envoy does not take in routes: it refuses the routes that all hosts of a port share, wherever they have this one. Proxies that",
	"run keep those that they have, so that requests to a host that is declared later leave as the application sends them, and those that",
	"start have none.",
]) if {
	unknown.means == "refused-route"
} else := concat(" ", [
	"is what Envoy does not take in a cluster: it refuses this one and, for most such fields, all that come together with it, those of other",
	"hosts too. Proxies that run keep those that they have, so that a host to which TLS is started later gets what the application sends,",
	"and those that start have none.",
]) if {
	unknown.means == "refused-cluster"
} else := concat(" ", [
	"has sidecars take connections of other hosts on that port by a route of this one: its match has no server name, or addresses",
	"that none of the route's hosts declares. These connections leave the mesh as the application writes them, or go to this host.",
]) if {
	unknown.means == "wide-match"
} else := concat(" ", [
	"is the port on which sidecars take all connections of their pods: this host's listener comes before, Envoy refuses the other one, and",
	"pods that start afterwards reach nobody.",
]) if {
	unknown.means == "proxy-port"
} else := "gives clusters a transport socket without TLS: what goes to hosts outside by them leaves the mesh in plaintext."

_is_hash(field) if contains(field, ".tls.verifyCertificate")

_plain_fix(unknown) := concat(" ", [
	"# The SHA-256 of a certificate is 64 hexadecimal digits, or 32 pairs of them with colons between (verifyCertificateHash);",
	"that of a public key is its base64, 44 characters (verifyCertificateSpki).\n",
]) if {
	unknown.means == "refused-listener"
	_is_hash(unknown.field)
} else := sprintf("# Let %s be %s.\n", [unknown.field, unknown.wants]) if {
	unknown.wants
} else := concat("", [
	"# Write names in lower case, a wildcard as a whole label (*.example.com), and no name or range twice, also not in two matches,\n",
	"# or where a Service of type ExternalName has it for the host that it names (its short names too: x.team-a, x.team-a.svc).\n",
]) if {
	unknown.means == "refused-listener"
} else := "# Match the names of the route's own hosts (sniHosts, hostnames), and addresses that their ServiceEntries declare (spec.addresses).\n" if {
	unknown.means == "wide-match"
} else := "# Use another port, or give the host addresses of its own (spec.addresses).\n" if {
	unknown.means == "proxy-port"
} else := lib.set_fields(lib.reviewed_object, {unknown.field: null})

# A listener for one address goes before one for all, whatever names its servers have.
violation contains {
	"action": _bound_action(apart),
	"message": sprintf("%s: %s on port %d: %s", [lib.object_name(lib.reviewed_object), apart.field, apart.port, _bound_text(apart)]),
	"port": apart.port,
	"decidedBy": lib.reviewed_field(apart.field),
	"fix": _bound_fix(apart),
} if {
	some apart in input.outsideModel
	apart.means == "bound-apart"
}

_bound_action(apart) := "deny" if {
	apart.ofOthers
} else := "warn"

_bound_text(apart) := sprintf(
	concat(" ", [
		"a server for one address takes all connections that come to it, whatever their name, from those of %s for the same pods:",
		"they end here, also those that it led out of the mesh under TLS, and what is sent under the gateway's mutual TLS is read here.",
	]),
	[lib.object_name(apart.object)],
) if {
	endswith(apart.field, ".bind")
} else := sprintf(
	"%s has a server there for one address of the same pods: connections that come to that address are that one's, whatever their name.",
	[lib.object_name(apart.object)],
)

_bound_fix(apart) := concat("", ["# Listen on all addresses, as the others do:\n", lib.set_fields(lib.reviewed_object, {apart.field: null})]) if {
	endswith(apart.field, ".bind")
} else := sprintf("# Let %s have no bind, or a selector for pods of its own.\n", [lib.object_name(apart.object)])

# What Istio itself calls. Nobody tampers with it unseen where the answer is checked otherwise, so it is told.
violation contains {
	"action": "warn",
	"message": sprintf(
		"%s: %s calls %s without TLS, and Istio does that itself, past all proxies: whoever is on the way reads it, and may answer it.",
		[lib.object_name(lib.reviewed_object), call.field, call.host],
	),
	"host": call.host,
	"decidedBy": lib.reviewed_field(call.field),
	"fix": _call_by_tls(call),
} if {
	some call in input.plaintextCalls
}

_call_by_tls(call) := "# Say where the keys are, by an https:// URL (jwksUri), or write them down (jwks).\n" if {
	endswith(call.field, ".issuer")
} else := sprintf("# Where the server has TLS:\n%s", [lib.set_fields(
	lib.reviewed_object,
	{call.field: regex.replace(_value_at(call.field), "(?i)^http://", "https://")},
)])

# What the object has at the path of a call's URL.
_value_at(field) := input.object.spec.url if {
	field == "spec.url"
} else := input.object.spec.wasm.url if {
	field == "spec.wasm.url"
} else := input.object.spec.jwtRules[to_number(regex.find_n("[0-9]+", field, 1)[0])].jwksUri

# What a namespace does to its own clients, or how its own services are called, is its own to say.
default _diverted_action(_) := {}

_diverted_action(f) := {"action": "warn"} if lib.only_own_clients(f)

_diverted_action(f) := {"action": "warn"} if lib.is_own_service(f)

_diverted_action(f) := {"action": "warn"} if f.diverted.byChance

# A rule for other namespaces' clients of other namespaces' services is of the root namespace: the mesh's own to write.
_diverted_action(f) := {"action": "warn"} if {
	not f.diverted
	input.request.kind == "DestinationRule"
}

_refused(f) if lib.lost_tls(f)

# While nothing left, nobody was warned that these requests need a rule.
_refused(f) if lib.newly_routed_plaintext(f)

# Two writes, each of which takes no TLS away, are no way to plaintext.
_refused(f) if f.takenFromTLS

# A rule applies, and does not start TLS.
_refused(f) if {
	input.request.operation != "DELETE"
	f.payload in {"http", "unspecified"}
	f.rule
	f.cause in _causes_of_rules
	not lib.stays_plaintext(f)
	not lib.awaits_own_rule(f)
	not f.ignored
	_object_is_responsible(f)
}

# A DestinationRule is not refused for what another one does to the same host.
_object_is_responsible(f) if f.decidedByObject

_object_is_responsible(_) if input.request.kind != "DestinationRule"

# A gateway sends traffic out to a plaintext port, and there is no rule for it yet. Nothing goes that way before the route
# is there, so that the rule can be applied first.
_refused(f) if {
	input.request.operation != "DELETE"
	lib.plaintext_gateway_route(f)
}

_causes_of_rules := {
	"disabled", "no-mode", "unset", "credential-ignored", "incomplete-mutual", "mutual-at-waypoint",
	"selector-at-waypoint", "ztunnel", "merged-away",
}

# Whose address it is, only DNS knows: that is no reason to refuse, unless it is the wish to reach other people's clients.
default _action(_) := {}

_action(f) := {"action": "warn"} if {
	lib.may_be_left_alone(f)
} else := {"action": "warn"} if {
	lib.may_be_withdrawn(f)
} else := {"action": "warn"} if lib.ruled_by_clients(f)

_message(f) := lib.flow_message(f, lib.taken_text(f)) if {
	f.takenBy
} else := lib.flow_message(f, sprintf(
	"%s was encrypted before this %s and would leave the mesh in plaintext%s: %s is no waypoint for %s then, and ztunnel starts no TLS.",
	[lib.payload_text(f), input.request.operation, lib.target_port_text(f), lib.waypoint_text(f), lib.service_name(f)],
)) if {
	lib.lost_waypoint(f)
} else := lib.flow_message(f, sprintf(
	"%s was encrypted before this %s and would leave the mesh in plaintext%s: ztunnel has %s for the host then, %s, and starts no TLS.",
	[lib.payload_text(f), input.request.operation, lib.target_port_text(f), lib.object_name(lib.reviewed_object), lib.no_waypoint_text(f)],
)) if {
	lib.entry_without_waypoint(f)
} else := lib.flow_message(f, sprintf(
	"%s for %s, was encrypted before this %s and would go on in plaintext: %s.",
	[lib.payload_text(f), lib.asked_for(f), input.request.operation, lib.cause_text(f)],
)) if {
	f.cause == "routed-inside"
} else := lib.flow_message(f, sprintf(
	"%s was encrypted before this %s and would go to the pods of %s, which has the host of a ServiceEntry and goes before it: %s.",
	[lib.payload_text(f), input.request.operation, lib.service_name(f), lib.cause_text(f)],
)) if {
	_taken_by_service(f)
} else := lib.flow_message(f, sprintf(
	"%s was encrypted before this %s and would go on in plaintext: %s.",
	[lib.payload_text(f), input.request.operation, lib.cause_text(f)],
)) if {
	f.cause == "kept-inside"
} else := lib.flow_message(f, sprintf(
	"%s%s was encrypted before this %s and would leave the mesh in plaintext%s, where %s leads it: %s.",
	[lib.payload_text(f), _asked_for(f), input.request.operation, lib.target_port_text(f), lib.object_name(f.takenFromTLS), lib.cause_text(f)],
)) if {
	lib.lost_tls(f)
	f.takenFromTLS
} else := lib.flow_message(f, sprintf(
	"%s%s was encrypted before this %s and would leave the mesh in plaintext%s: %s.",
	[lib.payload_text(f), _asked_for(f), input.request.operation, lib.target_port_text(f), lib.cause_text(f)],
)) if {
	lib.lost_tls(f)
} else := lib.flow_message(f, sprintf(
	"%s would leave the mesh in plaintext%s: %s. Without %s, which took them from TLS, the same connections would be encrypted.",
	[lib.payload_text(f), lib.target_port_text(f), lib.cause_text(f), lib.object_name(f.takenFromTLS)],
)) if {
	f.takenFromTLS
} else := lib.flow_message(f, sprintf(
	"%s went nowhere before this %s, by a route, and would leave the mesh in plaintext%s: %s.",
	[lib.payload_text(f), input.request.operation, lib.target_port_text(f), lib.cause_text(f)],
)) if {
	lib.newly_routed_plaintext(f)
} else := lib.flow_message(f, sprintf(
	"%s would leave the mesh in plaintext%s: %s. The rule has to come before the %s that sends requests there.",
	[lib.payload_text(f), lib.target_port_text(f), lib.cause_text(f), input.request.kind],
)) if {
	_rule_comes_first(f)
} else := lib.flow_message(f, sprintf(
	"%s would leave the mesh in plaintext%s: %s.",
	[lib.payload_text(f), lib.target_port_text(f), lib.cause_text(f)],
))

default _asked_for(_) := ""

_asked_for(f) := sprintf(" for %s", [f.asksFor]) if f.asksFor

# A Service under review has the host of a ServiceEntry.
_taken_by_service(f) if {
	_has_service(f)
	f.cause != "port-not-declared"
}

_has_service(f) if {
	lib.lost_tls(f)
	input.request.kind == "Service"
	input.request.operation != "DELETE"
	f.service.kind == "Service"
}

_other_service_name(f) := sprintf(
	"# Another name for the Service, while clients still use the ServiceEntry for %s; or first a rule for its own clients:\n%s",
	[f.host, lib.start_tls(f)],
) if {
	input.request.operation == "CREATE"
	f.cause != "port-not-declared"
} else := sprintf("# Another name for the Service, while clients still use port %d of the ServiceEntry for %s.\n", [f.port, f.host]) if {
	input.request.operation == "CREATE"
} else := lib.keep_object

_rule_comes_first(f) if {
	f.takenFromTLS
	f.cause in {"no-rule", "unselected"}
}

_rule_comes_first(f) if {
	lib.plaintext_gateway_route(f)
	f.cause in {"no-rule", "unselected"}
}

_fix(f) := lib.narrow_listener(f) if {
	f.takenBy
} else := lib.keep_waypoint(f) if {
	lib.lost_waypoint(f)
} else := lib.use_waypoint(f) if {
	lib.entry_without_waypoint(f)
} else := lib.leave_to_others(f) if {
	f.cause == "routed-inside"
	f.related == lib.object_name(lib.reviewed_object)
	input.request.operation != "DELETE"
} else := _narrow_route(f) if {
	f.cause == "routed-inside"
} else := _other_service_name(f) if {
	_has_service(f)
} else := lib.fix_other_rule_first(f) if {
	f.lostTLS
} else := lib.keep_entry(f) if {
	_is_withdrawn(f)
} else := lib.keep_object if {
	input.request.operation == "DELETE"
	not lib.newly_routed_plaintext(f)
} else := lib.keep_object if {
	_rule_stops_applying(f)
} else := _let_go(f) if {
	f.takenFromTLS
	f.takenFromTLS != lib.reviewed_object
	f.cause in {"port-not-declared", "declared-otherwise", "other-listener"}
} else := _declare_port(f) if {
	f.cause == "port-not-declared"
} else := sprintf("# Let spec.egress have port %d for HTTP, or say nothing of its protocol by leaving the port out.\n", [f.port]) if {
	input.request.kind == "Sidecar"
	f.cause == "declared-otherwise"
} else := _keep_to_own_namespace(f) if {
	f.cause == "kept-inside"
} else := _keep_protocol(f) if {
	f.cause in {"declared-otherwise", "other-addresses"}
} else := _other_port if {
	f.cause == "declared-tls"
} else := lib.use_waypoint(f) if {
	f.cause == "ztunnel"
	lib.entry_without_address(f)
} else := "# ztunnel starts no TLS. Let a waypoint serve the host, which needs an address for that, then apply this again.\n" if {
	f.cause == "ztunnel"
} else := lib.set_fields(f.rule, {"spec.workloadSelector": null}) if {
	f.cause == "selector-at-waypoint"
} else := sprintf("# Before this %s, which is admitted then:\n%s", [input.request.kind, lib.start_tls(f)]) if {
	_rule_comes_first(f)
} else := lib.start_tls(f)

# What an entry under review no longer does for a flow.
_is_withdrawn(f) if f.cause in {"left-to-wildcard", "not-exported"}

_is_withdrawn(f) if {
	f.cause == "port-not-declared"
	input.request.kind == "ServiceEntry"
	input.request.operation == "DELETE"
}

_is_withdrawn(f) if {
	f.cause in {"port-not-declared", "declared-otherwise"}
	input.request.operation == "UPDATE"
	f.service == lib.reviewed_object
}

# The entry that declares the port, and its rule, are no more the client's; so TLS has to be said anew beside the port.
_declare_port(f) := sprintf(
	"# Leave %s out of spec.hosts, so that these clients keep the entry that declares port %d. Or declare the port here,\n# too, after a DestinationRule in namespace %s has started TLS for it.\n",
	[f.host, f.port, object.get(f.service, "namespace", "of the entry")],
) if {
	input.request.operation == "CREATE"
} else := lib.keep_object

# What keeps the connections from leaving has to go first.
_let_go(f) := sprintf(
	"# First take %s away, or have it leave %s to others: then these clients' connections are under TLS, and stay so.\n",
	[lib.object_name(f.takenFromTLS), f.host],
)

_keep_to_own_namespace(f) := sprintf(
	"# Let spec.exportTo be [\".\"], or leave %s out of spec.hosts: these clients keep the entry that they have.\n",
	[f.host],
)

_narrow_route(f) := sprintf(
	"# Write in this VirtualService where it leads, or under which TLS: %s, to which it delegates, is of another namespace.\n",
	[f.related],
) if {
	input.request.kind == "VirtualService"
	input.request.operation != "DELETE"
	some route in input.object.spec.http
	route.delegate
} else := sprintf(
	"# Before this %s, let spec.exportTo of %s be [\".\"], or leave %s out of its hosts: it is not its namespace's to decide\n# where these clients' connections go.\n",
	[input.request.operation, f.related, f.lostVerification.host],
)

_keep_protocol(f) := sprintf(
	"# Leave %s out of spec.hosts, so that these clients keep the entry that they have, or declare port %d for the protocol\n# that they send and for the same addresses, after a DestinationRule in namespace %s has started TLS for it.\n",
	[f.host, f.port, object.get(f.service, "namespace", "of the entry")],
) if {
	input.request.operation == "CREATE"
} else := _other_port

_other_port := "# Declare TLS under another port number, and take this port away when no client sends plaintext to it any more.\n"

# Whether the update makes the rule under review stop applying to a flow, and no other rule applies. A rule to replace it
# would have to be applied first, and Istio would ignore it beside this one.
_rule_stops_applying(f) if {
	input.request.operation == "UPDATE"
	input.request.kind == "DestinationRule"
	lib.lost_tls(f)
	f.cause in {"no-rule", "unselected"}
}

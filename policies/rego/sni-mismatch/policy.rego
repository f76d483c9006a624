# METADATA
# title: An SNI that the server does not have
# description: |-
#   The name that the handshake asks for is not a host of the ServiceEntry, or no host of the Gateway server that ends
#   it: the server answers with another certificate, or with none. The name of an endpoint is warned of only, and so is that for
#   which the controller of an Ingress asks, what a rule of the clients' own namespace, or a route, does where another namespace
#   declares the host, and what the mutual TLS of Services (ISTIO_MUTUAL for *.shop.svc.cluster.local) does to a host that another
#   namespace has declared among their names. So is refused
#   what has the connections of other namespaces checked for another name than that of the host, which these clients ask
#   for and another namespace declares, or another namespace's rule had checked. Other subjectAltNames of which none is a name
#   of the host's or of its domain are warned of, and so is a rule for several hosts that has the names of some checked for the others. Of a Gateway is said which hosts of its servers Envoy does not take beside those of
#   another, written otherwise (a namespace before it, other case, a bind of 0.0.0.0 beside none), and of a VirtualService
#   which names of its tls routes a server of the pods ends TLS for: it refuses the whole listener of the pods. Where that is another namespace's gateway, it is denied.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings
#     description: ClientTLSSettings
# custom:
#   id: sni-mismatch
#   action: deny
#   kinds: [BackendTLSPolicy, DestinationRule, GRPCRoute, Gateway, GatewayClass, HTTPRoute, Ingress, KubernetesGateway, ListenerSet, Namespace, ReferenceGrant, Service, ServiceEntry, Sidecar, TCPRoute, TLSRoute, VirtualService, WorkloadEntry]
package tlsward.sni_mismatch

import data.tlsward.lib

violation contains lib.flow_violation(f, {"message": _message(f, sni), "fix": _fix(f), "action": _action(f, sni)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.sniHosts
	some i, hop in f.hops
	hop.sni != ""
	i == count(f.hops) - 1
	_starts_tls(f)
	sni := hop.sni
	not _server_has_name(f, sni)
}

# Envoy takes the listener as a whole, or keeps the one that it has.
violation contains {
	"message": sprintf("%s: %s is %s: %s", [lib.object_name(lib.reviewed_object), alike.field, alike.host, _alike_text(alike)]),
	"host": alike.host,
	"port": alike.port,
	"decidedBy": lib.reviewed_field(alike.field),
	"fix": _alike_fix(alike),
	"action": _alike_action(alike),
} if {
	some alike in input.outsideModel
	alike.means == "servers-alike"
}

_alike_text(alike) := sprintf(
	concat(" ", [
		"%s has a server without a name to choose it by there too, by another bind or for other bytes, so that Istio makes two filter chains for",
		"all connections, and Envoy refuses the listener of port %d of these pods. It stays as it was, and after a restart of the proxy there is none.",
	]),
	[lib.object_name(alike.object), alike.port],
) if {
	alike.host == "*"
} else := sprintf(
	concat(" ", [
		"%s has a server, or tls routes, for it too, which Istio does not know for the same (a host or bind that is written otherwise, TLS that is ended here and",
		"passed on there, mode AUTO_PASSTHROUGH twice), so that it makes two filter chains for one SNI, and Envoy refuses the listener of port %d of these pods. It stays as it was, and after a restart of the proxy there is none.",
	]),
	[lib.object_name(alike.object), alike.port],
)

_alike_fix(alike) := "# Take the name out of these tls routes, or bind them to a Gateway for pods of your own.\n" if {
	lib.reviewed_object.kind == "VirtualService"
} else := sprintf("# Bind the VirtualService to %s, or use a selector for pods of your own.\n", [lib.object_name(alike.object)]) if {
	lib.object_name(alike.object) != lib.object_name(lib.reviewed_object)
} else := "# Name each host once, and use one bind.\n"

_alike_action(alike) := "deny" if {
	alike.ofOthers
} else := "warn"

# The SNI is that of the server, which is another than the client asks for.
violation contains lib.flow_violation(f, {"message": _another_server(f), "fix": _another_server_fix(f), "action": "deny"}) if {
	some f in input.egress
	count(f.lostVerification.names) > 0
}

# The SNI may be right, and the name that the certificate has to have is another server's.
violation contains lib.flow_violation(f, {"message": _names_of_others(f), "fix": _own_names(f), "action": "warn"}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.namesOfOthers
	f.verdict in {"originated", "double-tls"}
	not f.lostVerification
}

# A rule for several hosts has one of them checked for the name of another. A certificate of both may be behind it.
violation contains lib.flow_violation(f, {"message": _borrowed_name(f, hop.borrowedName), "fix": _own_rule(f), "action": "warn"}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.hopKind == "egress"
	f.verdict == "originated"
	some hop in f.hops
	hop.borrowedName
	not f.namesOfOthers
	not f.lostVerification
}

_borrowed_name(f, name) := lib.flow_message(f, sprintf(
	concat(" ", [
		"the server's certificate is checked for %s, which is another host, by %s, which is for both:",
		"unless one certificate has both names, there is no connection.",
	]),
	[name, lib.decided_by(f)],
))

_own_rule(f) := lib.set_for_host(f, {sprintf("%s.%s", [lib.tls_path(f), field]): value | some field, value in _own_tls(f)})

# Both come from each request, where it is one.
_own_tls(f) := {"sni": null, "subjectAltNames": null} if {
	f.payload == "http"
} else := {"sni": lib.server_name(f), "subjectAltNames": [lib.server_name(f)]}

_names_of_others(f) := lib.flow_message(f, sprintf(
	concat(" ", [
		"the server's certificate is checked for %s, by %s, which is no name of the host's nor of its domain:",
		"whoever has that certificate can be the server, and the host's own has no connection.",
	]),
	[concat(", ", f.namesOfOthers), lib.decided_by(f)],
))

_own_names(f) := _policy_for_host(f) if {
	lib.decided_by_policy(f)
} else := lib.set_for_host(f, {sprintf("%s.subjectAltNames", [lib.tls_path(f)]): _names_to_check(f)})

# What a BackendTLSPolicy calls the SNI, and the name that is checked.
_policy_for_host(f) := lib.set_fields(lib.last_hop(f).decidedBy.object, {
	"spec.validation.hostname": lib.server_name(f),
	"spec.validation.subjectAltNames": [{"type": "Hostname", "hostname": lib.server_name(f)}],
})

# Without sni and subjectAltNames, requests are checked for their Host header.
_names_to_check(f) := null if {
	f.payload == "http"
	lib.last_hop(f).autoSNI
} else := [lib.server_name(f)]

_another_server_fix(f) := _own_names(f) if {
	lib.is_of_owner(f)
	input.request.operation != "DELETE"
	lib.last_hop(f).decidedBy.object == lib.reviewed_object
} else := lib.leave_to_others(f)

# The controller of an Ingress asks a gateway for a name that none of its servers has. Nothing gets through, and nothing leaks:
# it is warned of, as the plaintext is that it may be on the way from.
violation contains object.union(lib.ingress_violation(leg, _ingress_text(leg)), {"action": "warn"}) if {
	input.request.operation != "DELETE"
	some leg in input.ingressLegs
	leg.tls
	leg.serverTLS != ""
	not leg.nameMatches
}

_ingress_text(leg) := sprintf(
	"its controller asks for %s, and the servers of the gateway on this port answer to %s only: no connection.",
	[_asked_name(leg), concat(", ", leg.serverHosts)],
)

_asked_name(leg) := leg.serverName if leg.serverName != ""

_asked_name(leg) := "no name (it sends no SNI)" if leg.serverName == ""

_another_server(f) := lib.flow_message(f, sprintf(
	concat(" ", [
		"these clients ask for %s, and with this %s of %s the server's certificate is checked for %s instead.",
		"%s",
	]),
	[
		lib.asked_for(f),
		input.request.operation,
		lib.object_name(lib.reviewed_object),
		concat(", ", f.lostVerification.names),
		lib.whose_decision(f, "send them to another server"),
	],
))

_starts_tls(f) if f.hopKind == "gateway"

_starts_tls(f) if f.verdict in {"originated", "double-tls"}

_server_has_name(f, sni) if {
	some host in f.sniHosts
	lib.host_matches(host, sni)
}

_action(f, sni) := "warn" if {
	f.hopKind == "egress"
	some host in f.endpointHosts
	lower(host) == lower(sni)
} else := "warn" if {
	f.hopKind == "egress"
	_is_fault_of_others(f)
} else := "deny"

_is_fault_of_others(f) if lib.ruled_by_clients(f)

_is_fault_of_others(f) if lib.rewritten_by_others(f)

_is_fault_of_others(f) if _is_a_strangers_name(f)

# A rule that is right for its Services is not wrong for a name that somebody else has put among theirs: nothing leaks, and the
# entry's own review tells it.
_is_a_strangers_name(f) if {
	f.ruleForServices
	f.rule == lib.reviewed_object
}

_message(f, sni) := lib.flow_message(f, sprintf(
	concat(" ", [
		"the handshake with the gateway asks for %s, and on this port it has servers for %s alone: no connection.",
		"%s has no server for %s yet.",
	]),
	[sni, concat(", ", f.sniHosts), lib.object_name(f.missingServer.gateway), concat(", ", f.missingServer.hosts)],
)) if {
	_lacks_server(f)
} else := lib.flow_message(f, sprintf(
	concat(" ", [
		"the handshake with the gateway asks for %s, and its server answers to %s only: no connection.",
		"The name is in %s.",
	]),
	[sni, concat(", ", f.sniHosts), lib.decided_by(f)],
)) if {
	f.hopKind == "gateway"
} else := lib.flow_message(f, sprintf(
	concat(" ", [
		"%s has mode ISTIO_MUTUAL, which is TLS among pods of the mesh: the proxy asks for %s, shows the mesh's certificate, and takes",
		"those of the mesh's CA alone. A server outside knows none of these: use SIMPLE, or MUTUAL with a certificate that it knows.",
	]),
	[lib.decided_by(f), sni],
)) if {
	lib.outside_by_istio_mutual(f)
} else := lib.flow_message(f, sprintf(
	"the handshake asks the server for %s, and the host is %s: another server's certificate comes back. %s",
	[sni, concat(", ", f.sniHosts), _where_sni_is_set(f)],
))

_where_sni_is_set(f) := sprintf("%s sets that Host header, and the SNI is taken from it.", [f.related]) if {
	_host_header_is_rewritten(f)
} else := sprintf("The name is in %s.", [lib.decided_by(f)])

# Whether the SNI is taken from a Host header that a route sets.
_host_header_is_rewritten(f) if {
	lib.last_hop(f).autoSNI
	f.related
}

_fix(f) := sprintf("# %s has a name among those of Services: its owner is to change it, or to write a rule for %s.\n", [
	lib.object_name(f.service),
	f.host,
]) if {
	_is_a_strangers_name(f)
} else := _added_server(f) if {
	_lacks_server(f)
	lib.object_name(f.missingServer.gateway) == lib.object_name(lib.reviewed_object)
} else := sprintf("# Before this %s, which is admitted then:\n%s", [input.request.kind, _added_server(f)]) if {
	_lacks_server(f)
} else := sprintf("# The rule that decides is for other hosts too. Let %s set a Host header that the server has: %s.\n", [
	f.related,
	lib.server_name(f),
]) if {
	_host_header_is_rewritten(f)
	startswith(f.host, "*")
} else := _policy_for_host(f) if {
	lib.decided_by_policy(f)
} else := lib.new_rule_for_host(f, object.union(_tls_changes(f), {sprintf("%s.subjectAltNames", [lib.tls_path(f)]): [lib.server_name(f)]})) if {
	f.hopKind == "egress"
	f.wildcardRule
	_needs_explicit_sni(f)
} else := sprintf("# Keep a listener for %s in %s on port %d.\n", [lib.last_hop(f).sni, lib.object_name(lib.reviewed_object), f.port]) if {
	# The rule is right for the listener that was there, which others may use: it cannot change first.
	input.request.kind in {"KubernetesGateway", "ListenerSet"}
	f.hopKind == "gateway"
	lib.last_hop(f).sni
} else := lib.set_fields(lib.last_hop(f).decidedBy.object, _tls_changes(f)) if {
	lib.last_hop(f).decidedBy.object
} else := "# Send the SNI that the server has.\n"

# Another name would lead to a server for other hosts, with routes of theirs.
_lacks_server(f) if {
	f.missingServer
	lib.last_hop(f).tls == "ISTIO_MUTUAL"
}

_added_server(f) := lib.set_fields(f.missingServer.gateway, {"spec.servers[+]": _server(f)}) if {
	not f.missingServer.selector
} else := sprintf("%s\n", [json.marshal({
	"apiVersion": "networking.istio.io/v1",
	"kind": "Gateway",
	"metadata": {"name": f.missingServer.gateway.name, "namespace": f.missingServer.gateway.namespace},
	"spec": {"selector": f.missingServer.selector, "servers": [_server(f)]},
})])

_server(f) := {
	"port": {"number": f.port, "name": sprintf("to-%s", [lib.host_as_name(f.missingServer.hosts[0])]), "protocol": _server_protocol(f)},
	"hosts": f.missingServer.hosts,
	"tls": {"mode": "ISTIO_MUTUAL"},
}

# Requests need a server that routes them, other bytes one that passes them on.
_server_protocol(f) := "HTTPS" if {
	f.payload in {"http", "unspecified"}
} else := "TLS"

# Whether the fix has to write an SNI, which would then be sent to all hosts of the rule.
_needs_explicit_sni(f) if {
	some path, name in _tls_changes(f)
	endswith(path, ".sni")
	name
}

# ISTIO_MUTUAL presents the workload's certificate, and by default the cluster's name as SNI. Neither is for servers outside
# the mesh.
_tls_changes(f) := object.union_n([{sprintf("%s.mode", [lib.tls_path(f)]): "SIMPLE"}, _sni_changes(f), _name_changes(f)]) if {
	f.hopKind == "egress"
	lib.last_hop(f).tls == "ISTIO_MUTUAL"
} else := {
	sprintf("%s.sni", [lib.tls_path(f)]): lib.server_name(f),
	sprintf("%s.subjectAltNames", [lib.tls_path(f)]): [lib.server_name(f)],
} if {
	_host_header_is_rewritten(f)
} else := object.union({sprintf("%s.sni", [lib.tls_path(f)]): _corrected_sni(f)}, _name_changes(f))

# An sni that is written in the rule would be sent with mode SIMPLE too. Only requests have their server's name sent and checked
# by themselves.
_sni_changes(f) := {} if {
	startswith(lib.last_hop(f).sni, "outbound_")
	f.payload == "http"
} else := {sprintf("%s.sni", [lib.tls_path(f)]): _corrected_sni(f)}

# What was written for another server has its name checked, too: with the SNI alone mended, the right one would be refused.
_name_changes(f) := {sprintf("%s.subjectAltNames", [lib.tls_path(f)]): null} if {
	_checks_other_names(f)
	f.payload == "http"
} else := {sprintf("%s.subjectAltNames", [lib.tls_path(f)]): [lib.server_name(f)]} if {
	_checks_other_names(f)
} else := {sprintf("%s.subjectAltNames", [lib.tls_path(f)]): [lib.server_name(f)]} if {
	f.hopKind == "egress"
	f.payload == "opaque"
	not _checks_a_name(f)
} else := {}

_checks_a_name(f) if some _ in lib.last_hop(f).names

_checks_other_names(f) if f.namesOfOthers

# Identities of the mesh.
_checks_other_names(f) if {
	f.hopKind == "egress"
	lib.last_hop(f).tls == "ISTIO_MUTUAL"
	_checks_a_name(f)
}

_checks_other_names(f) if {
	f.hopKind == "egress"
	_checks_a_name(f)
	every name in lib.last_hop(f).names {
		lower(name) == lower(lib.last_hop(f).sni)
	}
}

# Without an sni the proxy takes the name in the Host header, for HTTP, and not towards a gateway.
_corrected_sni(f) := null if {
	f.hopKind == "egress"
	f.payload == "http"
} else := lib.server_name(f)

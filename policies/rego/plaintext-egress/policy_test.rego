package tlsward.plaintext_egress_test

import data.tlsward.fixtures
import data.tlsward.plaintext_egress.violation as found

test_refuses_a_rule_that_disables_tls if {
	found == {{
		"host": "edition.cnn.com",
		"port": 80,
		"client": "sidecar default",
		"decidedBy": "DestinationRule default/edition-cnn-com spec.trafficPolicy.portLevelSettings[0].tls",
		"message": concat(" ", [
			"sidecar default to edition.cnn.com:80: HTTP would leave the mesh in plaintext (to port 443 of the server):",
			"DestinationRule default/edition-cnn-com spec.trafficPolicy.portLevelSettings[0].tls has mode DISABLE.",
		]),
		"fix": concat("\n", [
			"# in DestinationRule default/edition-cnn-com",
			`{"spec.trafficPolicy.portLevelSettings[0].tls.mode":"SIMPLE"}`,
			"",
		]),
	}} with input as fixtures.review("DestinationRule", [disabled])
}

disabled := fixtures.flow_with_rule("spec.trafficPolicy.portLevelSettings[0].tls", {"cause": "disabled"})

test_passes_tls if {
	found == set() with input as fixtures.review("DestinationRule", [fixtures.originated_flow({})])
}

# Careless: any flow without a rule is refused, and no file can be applied that starts with its ServiceEntry.
test_passes_a_flow_that_waits_for_its_rule if {
	found == set() with input as fixtures.review("ServiceEntry", [fixtures.plaintext_flow])
}

# Careless: only the verdict after the review is looked at.
test_refuses_lost_tls_without_a_rule if {
	messages := {v.message | some v in found} with input as fixtures.review("ServiceEntry", [object.union(fixtures.plaintext_flow, {"before": "originated"})])
	messages == {concat(" ", [
		"sidecar default to edition.cnn.com:80: HTTP was encrypted before this CREATE and would leave the mesh in",
		"plaintext (to port 443 of the server): no DestinationRule applies to this client.",
	])}
}

test_refuses_what_loses_tls_by_a_deletion if {
	fixes := {v.fix | some v in found} with input as fixtures.deletion("DestinationRule", [object.union(fixtures.plaintext_flow, {"before": "application-tls"})])
	fixes == {"# The traffic still needs DestinationRule default/edition-cnn-com. Delete what sends it first.\n"}
}

# Careless: a DELETE is judged like a CREATE, and a wrong object can never be removed.
test_passes_a_deletion_that_takes_nothing_away if {
	found == set() with input as fixtures.deletion("DestinationRule", [disabled, object.union(fixtures.plaintext_flow, {"before": "plaintext"})])
}

test_passes_what_ineffective_tls_refuses if {
	found == set() with input as fixtures.review("DestinationRule", [object.union(disabled, {"cause": "credential-ignored", "ignored": true})])
}

test_passes_opaque_bytes_that_never_had_tls if {
	found == set() with input as fixtures.review("DestinationRule", [object.union(disabled, {"payload": "opaque", "family": "opaque"})])
}

# The client's own namespace has a rule for other pods: uncovered-client warns.
test_passes_unselected_pods if {
	found == set() with input as fixtures.review("DestinationRule", [object.union(disabled, {"cause": "unselected"})])
}

test_refuses_unselected_pods_that_lose_tls if {
	flow := object.remove(object.union(fixtures.plaintext_flow, {"cause": "unselected", "before": "double-tls"}), {"rule"})
	fixes := {v.fix | some v in found} with input as fixtures.review("DestinationRule", [flow])
	some fix in fixes
	yaml.unmarshal(fix).spec == {
		"host": "edition.cnn.com",
		"trafficPolicy": {"portLevelSettings": [{"port": {"number": 80}, "tls": {"mode": "SIMPLE"}}]},
	}
}

gateway := {"client": {"kind": "gateway", "namespace": "istio-system"}}

test_refuses_a_gateway_route_without_a_rule if {
	result := found with input as fixtures.review("VirtualService", [object.union(fixtures.plaintext_flow, gateway)])
	[v.client | some v in result] == ["gateway istio-system"]
	some v in result
	yaml.unmarshal(v.fix).metadata.namespace == "istio-system"
}

test_says_that_the_rule_of_a_gateway_route_comes_before_it[kind] if {
	some kind in ["VirtualService", "Gateway"]
	result := found with input as fixtures.review(kind, [object.union(fixtures.plaintext_flow, gateway)])
	some v in result
	endswith(v.message, sprintf("The rule has to come before the %s that sends requests there.", [kind]))
	startswith(v.fix, sprintf("# Before this %s, which is admitted then:\n{", [kind]))
}

# Careless: a rule that stands, and is no TLS, need not come before anything.
test_says_so_where_there_is_no_rule_alone if {
	result := found with input as fixtures.review("VirtualService", [object.union(disabled, gateway)])
	some v in result
	not contains(v.message, "before")
	not contains(v.fix, "Before")
}

test_refuses_a_gateway_that_lets_a_route_out if {
	result := found with input as fixtures.review("Gateway", [object.union(fixtures.plaintext_flow, gateway)])
	[v.client | some v in result] == ["gateway istio-system"]
}

test_passes_a_gateway_whose_route_is_not_under_review if {
	found == set() with input as fixtures.review("ServiceEntry", [object.union(fixtures.plaintext_flow, gateway)])
}

# The gateway takes the mesh's TLS off and would send HTTP to a TLS port: a rule that is to come mends that.
test_passes_a_gateway_route_to_a_tls_port if {
	flow := object.union(fixtures.plaintext_flow, object.union(gateway, {"family": "tls", "port": 443}))
	found == set() with input as fixtures.review("VirtualService", [flow])
}

test_passes_the_way_to_a_gateway if {
	found == set() with input as fixtures.review("DestinationRule", [object.union(disabled, {"hopKind": "gateway"})])
}

test_fix_for_ztunnel_is_no_yaml if {
	fixes := {v.fix | some v in found} with input as fixtures.review("DestinationRule", [object.union(disabled, {"cause": "ztunnel"})])
	fixes == {"# ztunnel starts no TLS. Let a waypoint serve the host, which needs an address for that, then apply this again.\n"}
}

# Both are words: what has to come first, or stay.
test_refuses_a_gateway_that_was_a_waypoint[operation] if {
	some operation, want in {
		"UPDATE": {
			"message": "Gateway (gateway.networking.k8s.io) default/review, by its spec.listeners, is no waypoint for ServiceEntry default/edition-cnn-com then",
			"fix": "that allows routes from namespace default",
		},
		"DELETE": {
			"message": "(to port 443 of the server): Gateway (gateway.networking.k8s.io) default/review is no waypoint for",
			"fix": "# First delete ServiceEntry default/edition-cnn-com,",
		},
	}
	decided := {"UPDATE": {"object": {"kind": "KubernetesGateway", "namespace": "default", "name": "review"}, "field": "spec.listeners"}, "DELETE": null}
	flow := object.union(fixtures.plaintext_flow, {
		"client": {"kind": "ztunnel", "namespace": "shop"}, "cause": "ztunnel", "before": "originated",
		"hops": [object.union(fixtures.plaintext_hop, {"decidedBy": decided[operation]})],
	})
	result := found with input as object.union(fixtures.review("KubernetesGateway", [flow]), {"request": {"operation": operation, "kind": "KubernetesGateway", "namespace": "default", "name": "review"}})
	count(result) == 1
	some v in result
	contains(v.message, want.message)
	contains(v.fix, want.fix)
}

test_names_the_entry_that_uses_no_waypoint if {
	entry := {"kind": "ServiceEntry", "namespace": "shop", "name": "own"}
	flow := object.union(fixtures.plaintext_flow, {"client": {"kind": "ztunnel", "namespace": "shop"}, "cause": "ztunnel", "before": "originated", "service": entry})
	request := {"operation": "CREATE", "kind": "ServiceEntry", "namespace": "shop", "name": "own"}
	result := found with input as object.union(fixtures.review("ServiceEntry", [flow]), {"request": request, "object": {"spec": {"resolution": "DNS"}}})
	count(result) == 1
	some v in result
	contains(v.message, "ztunnel has ServiceEntry shop/own for the host then, which uses no waypoint, and starts no TLS.")
	contains(v.fix, "# Let ServiceEntry shop/own use a waypoint")
}

test_names_the_entry_without_an_address[name] if {
	some name, changes in {
		"by its resolution": {"spec": {"resolution": "NONE"}},
		"by its label": {"spec": {"resolution": "DNS"}, "metadata": {"labels": {"networking.istio.io/enable-autoallocate-ip": "false"}}},
	}
	entry := {"kind": "ServiceEntry", "namespace": "shop", "name": "own"}
	flow := object.union(fixtures.plaintext_flow, {"client": {"kind": "ztunnel", "namespace": "shop"}, "cause": "ztunnel", "before": "originated", "service": entry})
	request := {"operation": "UPDATE", "kind": "ServiceEntry", "namespace": "shop", "name": "own"}
	result := found with input as object.union(fixtures.review("ServiceEntry", [flow]), {"request": request, "object": changes})
	some v in result
	contains(v.message, "ztunnel has ServiceEntry shop/own for the host then, which has no address, so that it is left to DNS, past any waypoint, and starts no TLS.")
	contains(v.fix, "# Give the entry an address")
}

test_refuses_a_class_that_waypoints_had if {
	flow := object.union(fixtures.plaintext_flow, {"client": {"kind": "ztunnel", "namespace": "shop"}, "cause": "ztunnel", "before": "originated"})
	request := {"operation": "UPDATE", "kind": "GatewayClass", "namespace": "", "name": "own"}
	result := found with input as object.union(fixtures.review("GatewayClass", [flow]), {"request": request})
	count(result) == 1
	some v in result
	contains(v.message, "a Gateway of GatewayClass own is no waypoint for ServiceEntry default/edition-cnn-com then")
	v.fix == "# The traffic still needs GatewayClass own as it is. Write what is new under another name.\n"
}

test_takes_the_selector_away_for_a_waypoint if {
	flow := object.union(disabled, {"cause": "selector-at-waypoint", "client": {"kind": "waypoint"}})
	fixes := {v.fix | some v in found} with input as fixtures.review("DestinationRule", [flow])
	fixes == {"# in DestinationRule default/edition-cnn-com\n{\"spec.workloadSelector\":null}\n"}
}

# Careless: a rule is blamed for what another rule does to the same host.
test_a_rule_is_refused_for_its_own_flows_only if {
	theirs := object.union(disabled, {"decidedByObject": false})
	found == set() with input as fixtures.review("DestinationRule", [theirs])
	count(found) == 1 with input as fixtures.review("ServiceEntry", [theirs])
}

# Careless: a rule that is to take another's place is ignored beside it, and refused.
test_fix_is_no_second_rule if {
	update := object.union(
		fixtures.review("DestinationRule", [object.union(fixtures.plaintext_flow, {"before": "originated"})]),
		{"request": {"operation": "UPDATE"}},
	)
	result := found with input as update
	{v.fix | some v in result} == {"# The traffic still needs DestinationRule default/edition-cnn-com as it is. Write what is new under another name.\n"}
}

with_lost_tls := object.union(
	fixtures.flow_with_rule("spec.trafficPolicy.tls", {"cause": "unset", "before": "originated", "decidedByObject": false}),
	{
		"rule": {"kind": "DestinationRule", "namespace": "default", "name": "other"},
		"hops": [object.union(fixtures.plaintext_hop, {"decidedBy": {
			"object": {"kind": "DestinationRule", "namespace": "default", "name": "other"},
			"field": "spec.trafficPolicy.tls",
		}})],
		"lostTLS": {
			"field": "spec.subsets[0].trafficPolicy.tls",
			"successor": {
				"object": {"kind": "DestinationRule", "namespace": "default", "name": "other"},
				"field": "spec.subsets[2].trafficPolicy.tls",
			},
		},
	},
)

old_rule := {"spec": {"subsets": [{"name": "v1", "trafficPolicy": {"tls": {"mode": "MUTUAL", "sni": "edition.cnn.com", "credentialName": "configmap://a/b"}}}]}}

# Careless: the rule that is to take over is told to start some TLS, which Istio ignores beside the one that still stands.
test_successor_gets_the_same_tls_first[operation] if {
	some operation in ["UPDATE", "DELETE"]
	review := object.union(
		fixtures.review("DestinationRule", [with_lost_tls]),
		{"request": {"operation": operation}, "oldObject": old_rule},
	)
	result := found with input as review
	{v.fix | some v in result} == {concat("\n", [
		sprintf("# First let DestinationRule default/other start the same TLS: it decides once this %s is done.", [operation]),
		"# in DestinationRule default/other",
		`{"spec.subsets[2].trafficPolicy.portLevelSettings[+]":{"port":{"number":80},"tls":{"credentialName":"configmap://a/b","mode":"MUTUAL","sni":"edition.cnn.com"}}}`,
		"",
	])}
}

# A credential that only the old rule's pods may read, the mesh's own certificate and another server's name are nothing that
# the other rule should have.
test_successor_gets_no_tls_that_it_cannot_use[[operation, tls]] if {
	some operation, fix in {
		"DELETE": "# The traffic still needs DestinationRule default/edition-cnn-com. Delete what sends it first.\n",
		"UPDATE": "# The traffic still needs DestinationRule default/edition-cnn-com as it is. Write what is new under another name.\n",
	}
	some tls in [
		{"mode": "SIMPLE", "credentialName": "client"},
		{"mode": "ISTIO_MUTUAL"},
		{"mode": "SIMPLE", "sni": "other.example.net"},
	]
	review := object.union(
		fixtures.review("DestinationRule", [with_lost_tls]),
		{"request": {"operation": operation}, "oldObject": {"spec": {"subsets": [{"trafficPolicy": {"tls": tls}}]}}},
	)
	result := found with input as review
	{v.fix | some v in result} == {fix}
}

test_a_rule_with_its_own_credential_keeps_precedence if {
	spec := {"host": "edition.cnn.com", "subsets": [{"trafficPolicy": {"tls": {"mode": "SIMPLE", "credentialName": "client"}}}]}
	review := object.union(fixtures.review("DestinationRule", [with_lost_tls]), {
		"request": {"operation": "UPDATE"},
		"object": {"spec": spec},
		"oldObject": {"spec": object.union(spec, {"workloadSelector": {"matchLabels": {"app": "cart"}}})},
	})
	result := found with input as review
	{v.fix | some v in result} == {concat("\n", [
		"# As it was, so that DestinationRule default/other does not come before this rule.",
		"# in DestinationRule default/edition-cnn-com",
		`{"spec.exportTo":null,"spec.workloadSelector":{"matchLabels":{"app":"cart"}}}`,
		"",
	])}
}

# Careless: what a route kept from leaving was not under TLS before, and is no loss.
test_refuses_what_a_route_kept_from_leaving[operation] if {
	some operation, fix in {
		"UPDATE": {"spec.trafficPolicy.portLevelSettings[0].tls.mode": "SIMPLE"},
		"DELETE": {"spec.trafficPolicy.portLevelSettings[0].tls.mode": "SIMPLE"},
	}
	opened := object.union(disabled, {"before": "unknown", "wasUnrouted": true, "decidedByObject": false})
	review := object.union(fixtures.review("VirtualService", [opened]), {"request": {"operation": operation}})
	result := found with input as review
	some v in result
	contains(v.message, sprintf("HTTP went nowhere before this %s, by a route, and would leave the mesh in plaintext", [operation]))
	yaml.unmarshal(v.fix) == fix
}

test_refuses_a_service_that_takes_the_host_of_an_entry[operation] if {
	some operation, words in {"CREATE": "Another name for the Service", "UPDATE": "still needs Service default/edition-cnn-com as it is"}
	service := {"kind": "Service", "namespace": "default", "name": "edition-cnn-com"}
	taken := object.union(fixtures.plaintext_flow, {"before": "originated", "service": service})
	review := object.union(fixtures.review("Service", [taken]), {"request": {"operation": operation}})
	result := found with input as review
	some v in result
	contains(v.message, "would go to the pods of Service default/edition-cnn-com")
	contains(v.fix, words)
}

test_passes_what_went_nowhere_and_is_not_read if {
	opened := object.union(disabled, {"before": "unknown", "wasUnrouted": true, "payload": "opaque"})
	found == set() with input as object.union(fixtures.review("VirtualService", [opened]), {"request": {"operation": "DELETE"}})
}

# A port without a protocol is sniffed: HTTP is found, and leaves in plaintext.
test_refuses_a_rule_that_leaves_a_sniffed_port_in_plaintext if {
	sniffed := {"payload": "unspecified", "family": "unspecified"}
	count(found) == 1 with input as fixtures.review("DestinationRule", [object.union(disabled, sniffed)])
	unset := object.union(disabled, object.union(sniffed, {"cause": "unset"}))
	count(found) == 1 with input as fixtures.review("DestinationRule", [unset])
	known := object.union(unset, {"before": "plaintext", "targetPorts": [80]})
	found == set() with input as fixtures.review("DestinationRule", [known])
}

taken(changes) := object.union(fixtures.plaintext_flow, {
	"cause": "other-listener",
	"before": "originated",
	"takenBy": object.union(
		{
			"service": {"kind": "ServiceEntry", "namespace": "team-a", "name": "db"},
			"host": "db.example.com",
			"protocol": "TCP",
			"addresses": "203.0.113.7/32",
		},
		changes,
	),
})

test_refuses_connections_that_another_listener_takes if {
	{[v.message, v.fix] | some v in found} == {[
		concat(" ", [
			"sidecar default to edition.cnn.com:80: HTTP was encrypted before this CREATE and would go to db.example.com in plaintext:",
			"its port 80 for TCP (ServiceEntry team-a/db) takes connections to 203.0.113.7/32 before a request is read.",
		]),
		concat(" ", [
			"# Name in spec.addresses of ServiceEntry team-a/db only servers of db.example.com,",
			"or in spec.exportTo only namespaces that do not use edition.cnn.com, or take another port.\n",
		]),
	]} with input as fixtures.review("ServiceEntry", [taken({})])
}

test_tells_ambient_clients_of_addresses_alone if {
	fixes := {v.fix | some v in found} with input as fixtures.review("ServiceEntry", [object.union(taken({}), {"client": {"kind": "ztunnel"}})])
	fixes == {"# Give ServiceEntry team-a/db other spec.addresses than ServiceEntry default/edition-cnn-com has: ztunnel has one service for an address, whatever its exportTo and its port.\n"}
}

test_tells_ambient_clients_of_search_domains if {
	host := "edition.cnn.com.shop.svc.cluster.local"
	flow := object.union(taken({"host": host, "addresses": "", "name": "edition.cnn.com"}), {"client": {"kind": "ztunnel"}})
	result := found with input as fixtures.review("ServiceEntry", [flow])
	some v in result
	contains(v.message, "clients that ask for edition.cnn.com ask for it with a search domain of theirs first, and ztunnel has ServiceEntry team-a/db")
	contains(v.fix, "# Leave edition.cnn.com.shop.svc.cluster.local out of spec.hosts of ServiceEntry team-a/db")
}

test_tells_sidecars_that_capture_dns if {
	flow := object.union(taken({"host": "*.com", "addresses": "", "name": "edition.cnn.com"}), {"client": {"kind": "sidecar"}})
	result := found with input as fixtures.review("ServiceEntry", [flow])
	some v in result
	contains(v.message, "have no address of edition.cnn.com, and answer with that of ServiceEntry team-a/db for it.")
	contains(v.fix, "or leave *.com out of its spec.hosts")
}

test_names_what_takes_a_whole_port if {
	messages := {v.message | some v in found} with input as fixtures.review("ServiceEntry", [object.union(taken({}), {"takenBy": {"protocol": "", "addresses": ""}})])
	some message in messages
	endswith(message, "its port 80 for any protocol (ServiceEntry team-a/db) takes all connections that have no address of their own before a request is read.")
}

# Careless: every address that a host might have is taken for its own.
test_warns_where_only_dns_knows[name] if {
	some name, [flow, action] in {
		"for others": [taken({"possible": true}), null],
		"for its own namespace": [in_team(taken({"possible": true})), "warn"],
		"too many for its own namespace": [in_team(taken({"possible": true, "wide": true})), null],
		"inside the mesh": [taken({"possible": true, "wide": true, "internal": true}), "warn"],
		"certain, inside the mesh": [taken({"internal": true}), null],
	}
	actions := {object.get(v, "action", null) | some v in found} with input as fixtures.review("ServiceEntry", [flow])
	actions == {action}
}

in_team(flow) := object.union(flow, {"client": {"namespace": "team-a"}})

# Careless: each of two writes takes no TLS away, and the second one lets plaintext out.
test_refuses_what_was_taken_from_tls_before if {
	flow := object.union(fixtures.plaintext_flow, {"takenFromTLS": {"kind": "VirtualService", "namespace": "team-a", "name": "news"}})
	result := found with input as fixtures.review("ServiceEntry", [flow])
	some v in result
	contains(v.message, "HTTP would leave the mesh in plaintext (to port 443 of the server)")
	contains(v.message, "Without VirtualService team-a/news, which took them from TLS")
	startswith(v.fix, "# Before this ServiceEntry, which is admitted then:\n{")
}

# A route of another namespace, which is under review or stored.
routed_inside(route) := object.union(fixtures.plaintext_flow, {
	"client": {"kind": "sidecar", "namespace": "shop"},
	"host": "proxy.team-a.svc.cluster.local",
	"before": "originated",
	"cause": "routed-inside",
	"related": route,
	"lostVerification": {"host": "edition.cnn.com", "service": fixtures.service_entry, "names": []},
})

test_refuses_a_route_of_others_into_the_mesh if {
	some v in found with input as fixtures.review("VirtualService", [routed_inside("VirtualService default/edition-cnn-com")])
	v.message == concat(" ", [
		"sidecar shop to proxy.team-a.svc.cluster.local:80: HTTP for edition.cnn.com, which ServiceEntry default/edition-cnn-com declares,",
		"was encrypted before this CREATE and would go on in plaintext: VirtualService default/edition-cnn-com,",
		"which is neither of these clients' namespace nor of the host's, leads it to a service inside the mesh, which gets it as it is.",
	])
	v.fix == "# For clients of its own namespace alone.\n# in VirtualService default/edition-cnn-com\n{\"spec.exportTo\":[\".\"]}\n"
}

test_names_a_stored_route_of_others[operation] if {
	some operation in ["CREATE", "DELETE"]
	review := object.union(fixtures.review("Service", [routed_inside("VirtualService team-a/x")]), {"request": {"operation": operation}})
	some v in found with input as review
	v.fix == concat("", [
		sprintf("# Before this %s, let spec.exportTo of VirtualService team-a/x be [\".\"], or leave edition.cnn.com out of its hosts: ", [operation]),
		"it is not its namespace's to decide\n# where these clients' connections go.\n",
	])
}

# Careless: a delegate that is exported nowhere is no delegate.
test_fix_of_a_delegate_narrows_nothing if {
	flow := routed_inside("VirtualService default/edition-cnn-com")
	delegate := {"object": {"spec": {"http": [{"route": [{"destination": {"host": "proxy.team-a.svc.cluster.local"}}]}]}}}
	{v.fix | some v in found with input as object.union(fixtures.review("VirtualService", [flow]), delegate)} == {concat("", [
		"# Lead to edition.cnn.com itself: other VirtualServices delegate to this one, for clients of other namespaces.\n",
	])}
	root := {"object": {"spec": {"hosts": ["edition.cnn.com"], "http": [{"delegate": {"name": "x", "namespace": "team-a"}}]}}}
	{v.fix | some v in found with input as object.union(fixtures.review("VirtualService", [routed_inside("VirtualService team-a/x")]), root)} == {concat("", [
		"# Write in this VirtualService where it leads, or under which TLS: VirtualService team-a/x, to which it delegates, is of another namespace.\n",
	])}
}

test_refuses_an_entry_of_others_inside_the_mesh if {
	flow := object.union(fixtures.plaintext_flow, {"before": "originated", "cause": "kept-inside", "related": "ServiceEntry team-a/x"})
	some v in found with input as fixtures.review("ServiceEntry", [flow])
	contains(v.message, "HTTP was encrypted before this CREATE and would go on in plaintext: this client has the host from ServiceEntry team-a/x,")
	startswith(v.fix, "# Let spec.exportTo be [\".\"], or leave edition.cnn.com out of spec.hosts:")
}

test_keeps_the_entry_that_declares_the_port[start] if {
	some cause, start in {
		"port-not-declared": "# Leave edition.cnn.com out of spec.hosts, so that these clients keep the entry that declares port 80.",
		"declared-otherwise": "# Leave edition.cnn.com out of spec.hosts, so that these clients keep the entry that they have,",
		"declared-tls": "# Declare TLS under another port number,",
	}
	flow := object.union(fixtures.plaintext_flow, {"before": "originated", "cause": cause, "related": "ServiceEntry team-a/x"})
	some v in found with input as fixtures.review("ServiceEntry", [flow])
	startswith(v.fix, start)
}

test_names_what_a_gateways_callers_ask_for if {
	flow := object.union(fixtures.plaintext_flow, {
		"before": "originated",
		"client": {"kind": "gateway", "namespace": "istio-system"},
		"asksFor": "shop.example",
		"takenFromTLS": {"kind": "VirtualService", "namespace": "team-a", "name": "news"},
	})
	some v in found with input as fixtures.review("VirtualService", [flow])
	contains(v.message, "HTTP for shop.example was encrypted before this CREATE and would leave")
}

test_names_the_route_that_was_there_before if {
	flow := object.union(fixtures.plaintext_flow, {"before": "originated", "takenFromTLS": {"kind": "VirtualService", "namespace": "team-a", "name": "news"}})
	some v in found with input as fixtures.review("ServiceEntry", [flow])
	endswith(v.message, "would leave the mesh in plaintext (to port 443 of the server), where VirtualService team-a/news leads it: no DestinationRule applies to this client.")
	startswith(v.fix, "# Before this ServiceEntry, which is admitted then:\n{")
}

test_warns_of_what_istio_itself_calls[field] if {
	some field, case in {
		"spec.url": {"spec": {"url": "http://wasm.example/a.wasm"}, "fix": `{"spec.url":"https://wasm.example/a.wasm"}`},
		"spec.wasm.url": {"spec": {"wasm": {"url": "http://wasm.example/a.wasm"}}, "fix": `{"spec.wasm.url":"https://wasm.example/a.wasm"}`},
		"spec.jwtRules[1].jwksUri": {
			"spec": {"jwtRules": [{}, {"jwksUri": "HTTP://idp.example/keys"}]},
			"fix": `{"spec.jwtRules[1].jwksUri":"https://idp.example/keys"}`,
		},
		"spec.jwtRules[0].issuer": {"spec": {"jwtRules": [{"issuer": "http://idp.example"}]}, "fix": "# Say where the keys are"},
	}
	review := object.union(fixtures.review("WasmPlugin", []), {
		"object": {"spec": case.spec},
		"plaintextCalls": [{"field": field, "host": "x.example"}],
	})
	some v in found with input as review
	v.action == "warn"
	v.host == "x.example"
	contains(v.message, sprintf("%s calls x.example without TLS", [field]))
	contains(v.fix, case.fix)
}

# It waits for the host's own rule, unless it takes TLS away.
test_passes_a_wildcard_rule_that_says_nothing_of_tls if {
	flow := fixtures.flow_with_rule("spec.trafficPolicy.tls", {"cause": "unset", "wildcardRule": true})
	found == set() with input as fixtures.review("DestinationRule", [flow])
	count(found) == 1 with input as fixtures.review("DestinationRule", [object.union(flow, {"before": "originated"})])
}

test_warns_of_a_route_that_waited_for_the_port if {
	route := {"kind": "VirtualService", "namespace": "team-a", "name": "own"}
	unknown := {"field": "spec.ports[0]", "patch": false, "startsPlaintext": false, "means": "wide-match", "object": route}
	some v in found with input as object.union(fixtures.review("ServiceEntry", []), {"outsideModel": [unknown]})
	v.action == "warn"
	contains(v.message, "spec.ports[0]: VirtualService team-a/own has sidecars take connections on this port")
	contains(v.fix, "Let VirtualService team-a/own match names of its own hosts")
}

# What takes listeners or connections away from everybody, by what it is: the message of each, and what mends it.
test_tells_each_of_what_takes_listeners_away if {
	every told in [
		["refused-listener", "VirtualService", true, "Envoy does not take beside the others", "Write names in lower case"],
		["refused-listener", "Gateway", true, "refuses the listener of these pods", "Write names in lower case"],
		["wide-match", "VirtualService", true, "take connections of other hosts on that port", "Match the names of the route's own hosts"],
		["wide-match", "VirtualService", false, "also of hosts that are declared", "Match the names of the route's own hosts"],
		["proxy-port", "ServiceEntry", true, "take all connections of their pods", "Use another port"],
		["passthrough", "EnvoyFilter", true, "leads requests to PassthroughCluster", "# in EnvoyFilter"],
		["", "EnvoyFilter", true, "gives clusters a transport socket without TLS", "# in EnvoyFilter"],
	] {
		[means, kind, plaintext, text, fix] := told
		_told(means, kind, plaintext, text, fix)
	}
}

# What Envoy takes in place of what it refuses is told with it.
test_tells_what_envoy_takes if {
	every told in [
		["refused-route", "routes that all hosts of a port share"],
		["refused-cluster", "it refuses this one and, for most such fields"],
		["refused-listener", "is what Envoy does not take in a listener"],
	] {
		[means, text] := told
		unknown := {"field": "spec.x", "patch": false, "startsPlaintext": true, "means": means, "wants": "a status from 200 to 599"}
		some v in found with input as object.union(fixtures.review("VirtualService", []), {"outsideModel": [unknown]})
		contains(v.message, text)
		v.fix == "# Let spec.x be a status from 200 to 599.\n"
	}
}

_told(means, kind, plaintext, text, fix) if {
	unknown := {"field": "spec.x", "patch": false, "startsPlaintext": plaintext, "means": means}
	some v in found with input as object.union(fixtures.review(kind, []), {"outsideModel": [unknown]})
	contains(v.message, text)
	contains(v.fix, fix)
}

test_tells_a_hash_from_a_name if {
	unknown := {"field": "spec.servers[0].tls.verifyCertificateHash[0]", "patch": false, "startsPlaintext": true, "means": "refused-listener"}
	some v in found with input as object.union(fixtures.review("Gateway", []), {"outsideModel": [unknown]})
	contains(v.message, "verifyCertificateHash[0] is no hash that Envoy takes")
	contains(v.fix, "64 hexadecimal digits")
}

test_says_which_servers_are_bound_apart[name] if {
	some name, [changes, action, message, fix] in {
		"taking": [{"ofOthers": true}, "deny", "spec.servers[0].bind on port 443: a server for one address takes all connections", "{\"spec.servers[0].bind\":null}"],
		"on its own pods": [{}, "warn", "from those of Gateway shop/egress for the same pods", "{\"spec.servers[0].bind\":null}"],
		"taken from": [{"field": "spec.servers[0]"}, "warn", "Gateway shop/egress has a server there for one address", "# Let Gateway shop/egress have no bind"],
	}
	apart := object.union(
		{
			"field": "spec.servers[0].bind", "patch": false, "startsPlaintext": false, "means": "bound-apart", "port": 443,
			"object": {"kind": "Gateway", "namespace": "shop", "name": "egress"},
		},
		changes,
	)
	some v in found with input as object.union(fixtures.review("Gateway", []), {"outsideModel": [apart]})
	v.action == action
	contains(v.message, message)
	contains(v.fix, fix)
}

package tlsward.plaintext_egress_test

import data.tlsward.given
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
	}} with input as given.review("DestinationRule", [disabled])
}

disabled := given.ruled("spec.trafficPolicy.portLevelSettings[0].tls", {"cause": "disabled"})

test_passes_tls if {
	found == set() with input as given.review("DestinationRule", [given.encrypted({})])
}

# Careless: any flow without a rule is refused, and no file can be applied that starts with its ServiceEntry.
test_passes_a_flow_that_waits_for_its_rule if {
	found == set() with input as given.review("ServiceEntry", [given.plaintext])
}

# Careless: only the verdict after the review is looked at.
test_refuses_what_loses_tls_though_no_rule_stands if {
	messages := {v.message | some v in found} with input as given.review("ServiceEntry", [object.union(given.plaintext, {"before": "originated"})])
	messages == {concat(" ", [
		"sidecar default to edition.cnn.com:80: HTTP was encrypted before this CREATE and would leave the mesh in",
		"plaintext (to port 443 of the server): no DestinationRule applies to this client.",
	])}
}

test_refuses_what_loses_tls_by_a_deletion if {
	fixes := {v.fix | some v in found} with input as given.deletion("DestinationRule", [object.union(given.plaintext, {"before": "application-tls"})])
	fixes == {"# The traffic still needs DestinationRule default/edition-cnn-com. Delete what sends it first.\n"}
}

# Careless: a DELETE is judged like a CREATE, and a wrong object can never be removed.
test_passes_a_deletion_that_takes_nothing_away if {
	found == set() with input as given.deletion("DestinationRule", [disabled, object.union(given.plaintext, {"before": "plaintext"})])
}

test_passes_what_ineffective_tls_refuses if {
	found == set() with input as given.review("DestinationRule", [object.union(disabled, {"cause": "credential-ignored", "ignored": true})])
}

test_passes_opaque_bytes_that_never_had_tls if {
	found == set() with input as given.review("DestinationRule", [object.union(disabled, {"payload": "opaque", "family": "opaque"})])
}

# The client's own namespace has a rule for other pods: uncovered-client warns.
test_passes_unselected_pods if {
	found == set() with input as given.review("DestinationRule", [object.union(disabled, {"cause": "unselected"})])
}

test_refuses_unselected_pods_that_lose_tls if {
	flow := object.remove(object.union(given.plaintext, {"cause": "unselected", "before": "double-tls"}), {"rule"})
	fixes := {v.fix | some v in found} with input as given.review("DestinationRule", [flow])
	some fix in fixes
	yaml.unmarshal(fix).spec == {
		"host": "edition.cnn.com",
		"trafficPolicy": {"portLevelSettings": [{"port": {"number": 80}, "tls": {"mode": "SIMPLE"}}]},
	}
}

gateway := {"client": {"kind": "gateway", "namespace": "istio-system"}}

test_refuses_a_gateway_route_without_a_rule if {
	result := found with input as given.review("VirtualService", [object.union(given.plaintext, gateway)])
	[v.client | some v in result] == ["gateway istio-system"]
	some v in result
	yaml.unmarshal(v.fix).metadata.namespace == "istio-system"
}

test_refuses_a_gateway_that_lets_a_route_out if {
	result := found with input as given.review("Gateway", [object.union(given.plaintext, gateway)])
	[v.client | some v in result] == ["gateway istio-system"]
}

test_passes_a_gateway_whose_route_is_not_under_review if {
	found == set() with input as given.review("ServiceEntry", [object.union(given.plaintext, gateway)])
}

# The gateway takes the mesh's TLS off and would send HTTP to a TLS port: a rule that is to come mends that.
test_passes_a_gateway_route_to_a_tls_port if {
	flow := object.union(given.plaintext, object.union(gateway, {"family": "tls", "port": 443}))
	found == set() with input as given.review("VirtualService", [flow])
}

test_passes_the_way_to_a_gateway if {
	found == set() with input as given.review("DestinationRule", [object.union(disabled, {"hopKind": "gateway"})])
}

test_says_that_no_yaml_mends_ztunnel if {
	fixes := {v.fix | some v in found} with input as given.review("DestinationRule", [object.union(disabled, {"cause": "ztunnel"})])
	fixes == {"# ztunnel starts no TLS. Let a waypoint serve the host, then apply this again.\n"}
}

test_takes_the_selector_away_for_a_waypoint if {
	flow := object.union(disabled, {"cause": "selector-at-waypoint", "client": {"kind": "waypoint"}})
	fixes := {v.fix | some v in found} with input as given.review("DestinationRule", [flow])
	fixes == {"# in DestinationRule default/edition-cnn-com\n{\"spec.workloadSelector\":null}\n"}
}

# Careless: a rule is blamed for what another rule does to the same host.
test_a_rule_answers_for_what_it_decides if {
	theirs := object.union(disabled, {"decidedByObject": false})
	found == set() with input as given.review("DestinationRule", [theirs])
	count(found) == 1 with input as given.review("ServiceEntry", [theirs])
}

# Careless: a rule that is to take another's place is ignored beside it, and refused.
test_gives_no_rule_in_the_place_of_one_that_stands if {
	update := object.union(
		given.review("DestinationRule", [object.union(given.plaintext, {"before": "originated"})]),
		{"request": {"operation": "UPDATE"}},
	)
	result := found with input as update
	{v.fix | some v in result} == {"# The traffic still needs DestinationRule default/edition-cnn-com as it is. Write what is new under another name.\n"}
}

gives_way := object.union(
	given.ruled("spec.trafficPolicy.tls", {"cause": "unset", "before": "originated", "decidedByObject": false}),
	{
		"rule": {"kind": "DestinationRule", "namespace": "default", "name": "other"},
		"hops": [object.union(given.hop, {"decidedBy": {
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
test_the_rule_that_takes_over_first_says_the_same[operation] if {
	some operation in ["UPDATE", "DELETE"]
	review := object.union(
		given.review("DestinationRule", [gives_way]),
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
test_no_rule_takes_over_what_it_cannot_use[[operation, tls]] if {
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
		given.review("DestinationRule", [gives_way]),
		{"request": {"operation": operation}, "oldObject": {"spec": {"subsets": [{"trafficPolicy": {"tls": tls}}]}}},
	)
	result := found with input as review
	{v.fix | some v in result} == {fix}
}

test_a_rule_that_alone_can_have_the_credential_stays_before_the_other if {
	spec := {"host": "edition.cnn.com", "subsets": [{"trafficPolicy": {"tls": {"mode": "SIMPLE", "credentialName": "client"}}}]}
	review := object.union(given.review("DestinationRule", [gives_way]), {
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
	review := object.union(given.review("VirtualService", [opened]), {"request": {"operation": operation}})
	result := found with input as review
	some v in result
	contains(v.message, sprintf("HTTP went nowhere before this %s, by a route, and would leave the mesh in plaintext", [operation]))
	yaml.unmarshal(v.fix) == fix
}

test_passes_what_went_nowhere_and_is_not_read if {
	opened := object.union(disabled, {"before": "unknown", "wasUnrouted": true, "payload": "opaque"})
	found == set() with input as object.union(given.review("VirtualService", [opened]), {"request": {"operation": "DELETE"}})
}

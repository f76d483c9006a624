package tlsward.uncovered_client_test

import data.tlsward.fixtures
import data.tlsward.uncovered_client.violation as found

unselected := object.union(fixtures.plaintext_flow, {"cause": "unselected"})

test_warns_of_pods_that_the_selector_leaves_out if {
	result := found with input as fixtures.review("DestinationRule", [unselected])
	{[v.client, v.message] | some v in result} == {[
		"sidecar default",
		concat(" ", [
			"sidecar default to edition.cnn.com:80: HTTP leaves the mesh in plaintext (to port 443 of the server): the",
			"rules for this host have a workloadSelector, and none selects these pods.",
		]),
	]}
	some v in result
	yaml.unmarshal(v.fix).spec.host == "edition.cnn.com"
}

beside_subsets(changes) := object.union(
	fixtures.review("DestinationRule", [fixtures.flow_with_rule("spec.trafficPolicy.tls", object.union(
		{"cause": "unset", "decidedByObject": false},
		changes,
	))]),
	{"object": {"spec": {"workloadSelector": {"matchLabels": {"app": "cart"}}}}},
)

test_warns_of_pods_that_a_rule_with_subsets_only_is_for if {
	result := found with input as beside_subsets({})
	{v.fix | some v in result} == {concat("\n", [
		"# in DestinationRule default/edition-cnn-com",
		`{"spec.trafficPolicy.portLevelSettings[+]":{"port":{"number":80},"tls":{"mode":"SIMPLE"}}}`,
		"",
	])}
	some v in result
	endswith(v.message, "DestinationRule default/edition-cnn-com spec.trafficPolicy.tls is not set.")
}

# Careless: what other policies say of a rule without TLS is said twice.
test_leaves_other_rules_without_tls_to_other_policies[changes] if {
	some changes in [{"decidedByObject": true}, {"before": "plaintext", "targetPorts": [80]}, {"cause": "disabled"}, {"ignored": true}, {"before": "originated"}, {"hopKind": "gateway"}, {"verdict": "application-tls"}, {"wasUnrouted": true}]
	found == set() with input as beside_subsets(changes)
}

test_leaves_a_rule_that_istio_ignores_to_ineffective_tls if {
	found == set() with input as fixtures.review("DestinationRule", [object.union(unselected, {"ignored": true})])
}

test_passes_selected_pods if {
	found == set() with input as fixtures.review("DestinationRule", [fixtures.originated_flow({})])
}

# Careless: pods of other namespaces, which never saw the rule, are called uncovered.
test_passes_pods_without_any_rule if {
	found == set() with input as fixtures.review("DestinationRule", [fixtures.plaintext_flow])
}

test_leaves_what_lost_tls_to_plaintext_egress if {
	found == set() with input as fixtures.review("DestinationRule", [object.union(unselected, {"before": "originated"})])
}

test_passes_tls_of_the_application if {
	found == set() with input as fixtures.review("DestinationRule", [object.union(unselected, {"verdict": "application-tls"})])
}

test_passes_the_way_to_a_gateway if {
	found == set() with input as fixtures.review("DestinationRule", [object.union(unselected, {"hopKind": "gateway"})])
}

test_ignores_deletions if {
	found == set() with input as fixtures.deletion("DestinationRule", [unselected])
}

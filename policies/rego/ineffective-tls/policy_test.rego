package tlsward.ineffective_tls_test

import data.tlsward.fixtures
import data.tlsward.ineffective_tls.violation as found

ignored(cause) := fixtures.flow_with_rule("spec.trafficPolicy.tls", {"cause": cause, "ignored": true})

test_refuses_a_credential_that_a_sidecar_ignores if {
	found == {{
		"host": "edition.cnn.com",
		"port": 80,
		"client": "sidecar default",
		"decidedBy": "DestinationRule default/edition-cnn-com spec.trafficPolicy.tls",
		"action": "deny",
		"message": concat(" ", [
			"sidecar default to edition.cnn.com:80: Istio ignores the TLS that DestinationRule default/edition-cnn-com",
			"asks for, and HTTP leaves in plaintext: DestinationRule default/edition-cnn-com spec.trafficPolicy.tls has",
			"a credentialName, which Istio ignores on a sidecar whose rule has no workloadSelector.",
		]),
		"fix": concat("\n", [
			"# Where the server asks for the client's certificate, keep MUTUAL, and say whose Secret it is, by the labels of its pods:",
			"# spec.workloadSelector.matchLabels. Only where it asks for none:",
			"# in DestinationRule default/edition-cnn-com",
			`{"spec.trafficPolicy.tls.credentialName":null,"spec.trafficPolicy.tls.mode":"SIMPLE"}`,
			"",
		]),
	}} with input as fixtures.review("DestinationRule", [ignored("credential-ignored")])
}

test_passes_tls_that_counts if {
	found == set() with input as fixtures.review("DestinationRule", [fixtures.originated_flow({})])
}

# Careless: plaintext of another object's doing is blamed on this one.
test_passes_a_cause_in_another_object if {
	found == set() with input as fixtures.review("ServiceEntry", [object.remove(ignored("credential-ignored"), {"ignored"})])
}

test_only_warns_of_a_rule_beside_the_path if {
	result := found with input as fixtures.review("DestinationRule", [ignored("off-path")])
	{[v.action, v.fix] | some v in result} == {["warn", "# Put the rule into the namespace of its clients, or beside ServiceEntry default/edition-cnn-com.\n"]}
}

test_knows_a_rule_beside_the_path_of_no_known_entry if {
	fix(object.remove(ignored("off-path"), {"service"})) == "# Put the rule into the namespace of its clients, or beside the ServiceEntry.\n"
}

test_ignores_deletions if {
	found == set() with input as fixtures.deletion("DestinationRule", [ignored("credential-ignored")])
}

test_fix_for_each_cause[cause] if {
	some cause, want in {
		"incomplete-mutual": concat("\n", [
			"# Where the server asks for the client's certificate, keep MUTUAL, and name it: credentialName, or clientCertificate and",
			"# privateKey. Only where it asks for none:",
			"# in DestinationRule default/edition-cnn-com",
			`{"spec.trafficPolicy.tls.mode":"SIMPLE"}`,
			"",
		]),
		"mutual-at-waypoint": "# in DestinationRule default/edition-cnn-com\n{\"spec.trafficPolicy.tls.mode\":\"SIMPLE\"}\n",
		"selector-at-waypoint": concat("\n", [
			"# By its name, which Istio does not merge into a rule for some pods as it does a dot.",
			"# in DestinationRule default/edition-cnn-com",
			`{"spec.exportTo":["default"]}`,
			"",
		]),
		"ztunnel": "# Let a waypoint serve the host: ztunnel starts no TLS.\n",
	}
	fix(ignored(cause)) == want
}

# Careless: the rule that stays has no TLS either, and taking it out here leaves nobody any.
test_puts_what_is_merged_away_where_it_counts if {
	fix(object.union(ignored("merged-away"), {"related": "DestinationRule default/edition-cnn-com"})) == concat("\n", [
		"# Put the TLS into DestinationRule default/edition-cnn-com, which Istio keeps.",
		"# in DestinationRule default/edition-cnn-com",
		`{"spec.trafficPolicy.portLevelSettings[+]":{"port":{"number":80},"tls":{"mode":"SIMPLE"}}}`,
		"",
	])
}

test_takes_out_what_another_rule_has if {
	fix(object.union(fixtures.originated_flow({}), {"ignored": true, "cause": "merged-away"})) == concat("\n", [
		"# Put the TLS into the older rule, which Istio keeps, and take it out here.",
		"# in DestinationRule default/edition-cnn-com",
		`{"spec.trafficPolicy":null}`,
		"",
	])
}

fix(flow) := v.fix if {
	result := found with input as fixtures.review("DestinationRule", [flow])
	some v in result
}

test_fix_removes_the_policy_of_a_subset if {
	review := object.union(
		fixtures.review("DestinationRule", [object.union(fixtures.originated_flow({}), {"ignored": true, "cause": "merged-away", "subset": "v1"})]),
		{"object": {"spec": {"subsets": [{"name": "v0"}, {"name": "v1", "trafficPolicy": {"tls": {"mode": "SIMPLE"}}}]}}},
	)
	result := found with input as review
	some v in result
	contains(v.fix, `{"spec.subsets[1].trafficPolicy":null}`)
}

# Careless: the rule that comes to decide is told to start TLS, and is refused as long as the one under review hides it.
test_successor_gets_the_same_tls_first if {
	flow := object.union(ignored("merged-away"), {"lostTLS": {
		"field": "spec.trafficPolicy.tls",
		"successor": {"object": fixtures.destination_rule, "field": "spec.trafficPolicy.tls"},
	}})
	review := object.union(fixtures.review("DestinationRule", [flow]), {
		"request": {"operation": "UPDATE"},
		"oldObject": {"spec": {"trafficPolicy": {"tls": {"mode": "SIMPLE"}}}},
	})
	result := found with input as review
	{v.fix | some v in result} == {concat("\n", [
		"# First let DestinationRule default/edition-cnn-com start the same TLS: it decides once this UPDATE is done.",
		"# in DestinationRule default/edition-cnn-com",
		`{"spec.trafficPolicy.portLevelSettings[+]":{"port":{"number":80},"tls":{"mode":"SIMPLE"}}}`,
		"",
	])}
}

idle := object.union(ignored("merged-away"), {"relatedUnused": true, "related": "DestinationRule default/other"})

test_a_rule_keeps_precedence_over_an_unused_one if {
	review := object.union(fixtures.review("DestinationRule", [idle]), {
		"request": {"operation": "UPDATE"},
		"object": {"spec": {"host": "edition.cnn.com", "exportTo": ["."]}},
		"oldObject": {"spec": {"host": "edition.cnn.com", "workloadSelector": {"matchLabels": {"app": "cart"}}}},
	})
	result := found with input as review
	{v.fix | some v in result} == {concat("\n", [
		"# As it was, so that DestinationRule default/other does not come before this rule.",
		"# in DestinationRule default/edition-cnn-com",
		`{"spec.exportTo":null,"spec.workloadSelector":{"matchLabels":{"app":"cart"}}}`,
		"",
	])}
}

test_fix_names_the_unused_rule if {
	review := object.union(fixtures.review("DestinationRule", [idle]), {"request": {"operation": "UPDATE"}, "object": {"spec": {}}, "oldObject": {"spec": {}}})
	result := found with input as review
	{v.fix | some v in result} == {concat(" ", [
		"# Delete DestinationRule default/other first, or give it another host:",
		"it decides nothing now, and would take this rule's place.\n",
	])}
}

test_leaves_what_the_application_encrypts_to_it if {
	encrypted := {"verdict": "application-tls", "family": "tls", "payload": "tls", "port": 443}
	fix(object.union(ignored("incomplete-mutual"), encrypted)) == concat("\n", [
		"# The application encrypts on this port, so that nothing is lost:",
		"# in DestinationRule default/edition-cnn-com",
		`{"spec.trafficPolicy.tls":null}`,
		"",
	])
	fix(object.union(ignored("ztunnel"), encrypted)) == "# Nothing to do for these clients: the application encrypts on this port itself.\n"
}

# Careless: the TLS of the application is taken for plaintext, and refused.
test_only_warns_of_what_the_application_encrypts[cause] if {
	some cause in ["ztunnel", "credential-ignored", "incomplete-mutual", "selector-at-waypoint"]
	flow := object.union(ignored(cause), {"verdict": "application-tls", "family": "tls", "payload": "tls", "port": 443})
	result := found with input as fixtures.review("DestinationRule", [flow])
	some v in result
	v.action == "warn"
	contains(v.message, "what the application encrypts leaves under its own TLS alone: ")
}

test_warns_where_others_go_by_the_rule if {
	result := found with input as fixtures.review("DestinationRule", [object.union(ignored("merged-away"), {"ignoredForSome": true})])
	{v.action | some v in result} == {"warn"}
}

test_refuses_a_private_rule_that_rules_for_some_pods_absorb if {
	result := found with input as fixtures.review("DestinationRule", [ignored("unselected")])
	{[v.action, v.message] | some v in result} == {["deny", concat(" ", [
		"sidecar default to edition.cnn.com:80: Istio merges DestinationRule default/edition-cnn-com, whose exportTo is the dot",
		"alone, into the rules with a workloadSelector, and HTTP of the pods that none selects leaves in plaintext.",
	])]}
	some v in result
	contains(v.fix, `{"spec.exportTo":["default"]}`)
}

test_takes_the_selector_away_for_a_waypoint if {
	review := object.union(
		fixtures.review("DestinationRule", [ignored("selector-at-waypoint")]),
		{"object": {"spec": {"workloadSelector": {}}}},
	)
	result := found with input as review
	{v.fix | some v in result} == {"# in DestinationRule default/edition-cnn-com\n{\"spec.workloadSelector\":null}\n"}
}

test_refuses_a_backendtlspolicy_whose_certificates_sidecars_do_not_read if {
	policy := {"kind": "BackendTLSPolicy", "namespace": "default", "name": "cnn"}
	flow := object.union(fixtures.plaintext_flow, {
		"cause": "credential-ignored", "ignored": true, "rule": policy,
		"hops": [object.union(fixtures.plaintext_hop, {"decidedBy": {"object": policy, "field": "spec.validation"}})],
	})
	some v in found with input as fixtures.review("BackendTLSPolicy", [flow])
	startswith(v.fix, "# Or let a ConfigMap of its namespace have the CA's certificates")
}

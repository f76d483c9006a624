package tlsward.any_principal_test

import data.tlsward.any_principal.violation as found
import data.tlsward.fixtures

test_warns_of_any_principal if {
	found == {{
		"message": concat(" ", [
			"AuthorizationPolicy team-a/policy spec.rules[0].from[0].source.principals[1] is *:",
			"any workload of the mesh is let in, from every namespace.",
		]),
		"decidedBy": "AuthorizationPolicy team-a/policy spec.rules[0].from[0].source.principals[1]",
		"fix": concat("\n", [
			"# Name the workloads that may call:",
			"# in AuthorizationPolicy team-a/policy",
			json.marshal({"spec.rules[0].from[0].source.principals[1]": "cluster.local/ns/team-a/sa/<service-account>"}),
			"",
		]),
	}} with input as fixtures.authorization_policy_review({"rules": [{"from": [{"source": {"principals": ["cluster.local/ns/team-a/sa/curl", "*"]}}]}]})
}

test_warns_of_a_condition if {
	result := found with input as fixtures.authorization_policy_review({"rules": [{"when": [{"key": "source.principal", "values": ["*"]}]}]})
	{v.decidedBy | some v in result} == {"AuthorizationPolicy team-a/policy spec.rules[0].when[0].values[0]"}
}

# Careless: a prefix or suffix pattern is not "any", and neither is the negation of it.
test_passes_narrower_patterns if {
	found == set() with input as fixtures.authorization_policy_review({"rules": [{"from": [{"source": {
		"principals": ["cluster.local/ns/team-a/*", "cluster.local/ns/t*", "cluster.local/sa*", "*/sa/curl", "cluster.local/ns/"],
		"notPrincipals": ["*"],
	}}]}]})
}

test_passes_other_actions if {
	found == set() with input as fixtures.authorization_policy_review({"action": "DENY", "rules": [{"from": [{"source": {"principals": ["*"]}}]}]})
}

test_ignores_other_kinds if {
	found == set() with input as fixtures.review("ServiceEntry", [])
}

# A prefix that every identity of the mesh has is as wide as * alone.
test_warns_of_prefixes_of_every_identity[principal] if {
	some principal in ["cluster.local/*", "cluster.local/n*", "cluster.local/ns*", "cluster.local/ns/*", "cluster*"]
	policy := {"rules": [{"from": [{"source": {"principals": [principal]}}]}]}
	count(found) == 1 with input as fixtures.authorization_policy_review(policy)
}

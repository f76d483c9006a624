package tlsward.invalid_principal_test

import data.tlsward.fixtures
import data.tlsward.invalid_principal.violation as found

written(principal) := fixtures.authorization_policy_review({"action": "DENY", "rules": [{"from": [{"source": {"principals": [principal]}}]}]})

test_refuses_a_uri if {
	found == {{
		"message": concat(" ", [
			"AuthorizationPolicy team-a/policy spec.rules[0].from[0].source.principals[0] is",
			"spiffe://cluster.local/ns/team-a/sa/curl, which no identity ever equals: Istio compares without spiffe://.",
		]),
		"decidedBy": "AuthorizationPolicy team-a/policy spec.rules[0].from[0].source.principals[0]",
		"fix": concat("\n", [
			"# in AuthorizationPolicy team-a/policy",
			`{"spec.rules[0].from[0].source.principals[0]":"cluster.local/ns/team-a/sa/curl"}`,
			"",
		]),
	}} with input as written("spiffe://cluster.local/ns/team-a/sa/curl")
}

test_passes_what_can_match[principal] if {
	some principal in ["*", "cluster.local/ns/team-a/sa/curl", "cluster.local/ns/team-a/*", "*/sa/curl"]
	found == set() with input as written(principal)
}

# Careless: a * anywhere is taken for a pattern. Istio reads one only, at the end or at the beginning.
test_refuses_a_star_in_the_middle[principal] if {
	some principal, mended in {
		"cluster.local/ns/*/sa/curl": "*/sa/curl",
		"*/ns/team-a/*": "*/ns/team-a/",
		"spiffe://cluster.local/ns/*/sa/curl": "*/sa/curl",
	}
	result := found with input as written(principal)
	{v.fix | some v in result} == {concat("\n", [
		"# This is wider than what was written: check that it is what you mean.",
		"# in AuthorizationPolicy team-a/policy",
		json.marshal({"spec.rules[0].from[0].source.principals[0]": mended}),
		"",
	])}
}

test_message_explains_wildcards if {
	result := found with input as written("a/*/b")
	some v in result
	endswith(v.message, "which no identity ever equals: a * stands for anything only as the first or the last character.")
}

test_refuses_what_is_to_be_filled_in if {
	result := found with input as written("cluster.local/ns/team-a/sa/<service-account>")
	some v in result
	endswith(v.message, ": what is in angle brackets is still to be filled in.")
	v.fix == "# Write the name of the callers' service account in place of the angle brackets.\n"
}

test_looks_everywhere if {
	wrong := "spiffe://x"
	result := found with input as fixtures.authorization_policy_review({"rules": [{
		"from": [{"source": {"notPrincipals": [wrong]}}],
		"when": [
			{"key": "source.principal", "values": [wrong], "notValues": [wrong]},
			{"key": "request.headers[x]", "values": [wrong]},
		],
	}]})
	{trim_prefix(v.decidedBy, "AuthorizationPolicy team-a/policy ") | some v in result} == {
		"spec.rules[0].from[0].source.notPrincipals[0]",
		"spec.rules[0].when[0].values[0]",
		"spec.rules[0].when[0].notValues[0]",
	}
}

test_ignores_other_kinds if {
	found == set() with input as fixtures.review("ServiceEntry", [])
}

# Without its trust domain an identity equals nobody: an ALLOW admits nobody, and a DENY keeps nobody out.
test_refuses_a_principal_without_a_trust_domain[principal] if {
	some principal in ["ns/team-a/sa/curl", "ns/team-a/*", "spiffe://ns/team-a/sa/curl"]
	some action in ["ALLOW", "DENY"]
	policy := {"action": action, "rules": [{"from": [{"source": {"principals": [principal]}}]}]}
	result := found with input as fixtures.authorization_policy_review(policy)
	count(result) == 1
	some v in result
	contains(v.fix, `"cluster.local/ns/team-a/`)
	not contains(v.fix, "This is wider")
}

test_message_explains_the_trust_domain if {
	policy := {"rules": [{"from": [{"source": {"principals": ["ns/team-a/sa/curl"]}}]}]}
	some v in found with input as fixtures.authorization_policy_review(policy)
	contains(v.message, "an identity begins with its trust domain")
}

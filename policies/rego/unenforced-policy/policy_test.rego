package tlsward.unenforced_policy_test

import data.tlsward.fixtures
import data.tlsward.unenforced_policy.violation as found

annotated(value) := object.union(fixtures.authorization_policy_review({}), {"object": {"metadata": {"annotations": {"istio.io/dry-run": value}}}})

test_warns_of_a_dry_run if {
	found == {{
		"message": concat(" ", [
			"AuthorizationPolicy team-a/policy enforces nothing: metadata.annotations[istio.io/dry-run] is true,",
			"so that proxies only count.",
		]),
		"decidedBy": "AuthorizationPolicy team-a/policy metadata.annotations[istio.io/dry-run]",
		"fix": "# in AuthorizationPolicy team-a/policy\n{\"metadata.annotations[istio.io/dry-run]\":null}\n",
	}} with input as annotated("true")
}

test_passes_a_policy_without_the_annotation if {
	found == set() with input as fixtures.authorization_policy_review({})
}

# Careless: the annotation's presence counts, or only its commonest spelling.
test_reads_it_as_istio_does if {
	found == set() with input as annotated("false")
	found == set() with input as annotated("yes")
	count(found) == 1 with input as annotated("True")
	count(found) == 1 with input as annotated("1")
}

test_ignores_other_kinds if {
	found == set() with input as fixtures.review("ServiceEntry", [])
}

test_warns_of_a_selector_that_no_ztunnel_reads if {
	review := object.union(fixtures.authorization_policy_review({"selector": {}}), {"callers": {"workloads": true, "unreadByZtunnel": true}})
	{[v.decidedBy, v.fix] | some v in found} == {[
		"AuthorizationPolicy team-a/policy spec.selector",
		"# For all pods, leave it out:\n# in AuthorizationPolicy team-a/policy\n{\"spec.selector\":null}\n",
	]} with input as review
}

test_passes_an_empty_selector_where_there_are_no_ztunnels if {
	found == set() with input as object.union(fixtures.authorization_policy_review({"selector": {}}), {"callers": {"workloads": true}})
}

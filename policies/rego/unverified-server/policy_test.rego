package tlsward.unverified_server_test

import data.tlsward.fixtures
import data.tlsward.unverified_server.violation as found

tls := "DestinationRule default/edition-cnn-com spec.trafficPolicy.portLevelSettings[0].tls"

test_warns_of_an_sni_without_names if {
	found == {{
		"host": "edition.cnn.com",
		"port": 80,
		"client": "sidecar default",
		"decidedBy": tls,
		"message": sprintf(
			concat(" ", [
				"sidecar default to edition.cnn.com:80: TLS starts, but the name in the server's certificate is not",
				"checked: sni is set in %s, which turns the automatic check off, and subjectAltNames is not.",
			]),
			[tls],
		),
		"fix": concat("\n", [
			"# in DestinationRule default/edition-cnn-com",
			`{"spec.trafficPolicy.portLevelSettings[0].tls.subjectAltNames":["edition.cnn.com"]}`,
			"",
		]),
	}} with input as fixtures.review("DestinationRule", [fixtures.originated_flow({"sni": "edition.cnn.com", "verified": false})])
}

test_passes_a_checked_name if {
	found == set() with input as fixtures.review("DestinationRule", [fixtures.originated_flow({})])
}

# Careless: only subjectAltNames in the rule count, though HTTP ports check the Host's name by themselves.
test_passes_the_automatic_check if {
	found == set() with input as fixtures.review("DestinationRule", [fixtures.originated_flow({"names": [], "autoNames": true})])
}

test_takes_insecure_skip_verify_away if {
	result := found with input as fixtures.review("DestinationRule", [fixtures.originated_flow({"insecure": true, "verified": false})])
	{v.fix | some v in result} == {concat("\n", [
		"# in DestinationRule default/edition-cnn-com",
		`{"spec.trafficPolicy.portLevelSettings[0].tls.insecureSkipVerify":null}`,
		"",
	])}
	some v in result
	endswith(v.message, sprintf("insecureSkipVerify is set in %s.", [tls]))
}

# Careless: with the check on again, bytes or an sni leave nothing to take a name from.
test_names_the_server_where_requests_do_not[name] if {
	some name, [hop, changes] in {
		"bytes": [{}, {"payload": "opaque"}],
		"an sni": [{"autoSNI": false, "sni": "edition.cnn.com"}, {}],
	}
	flow := object.union(fixtures.originated_flow(object.union({"insecure": true, "verified": false}, hop)), changes)
	some v in found with input as fixtures.review("DestinationRule", [flow])
	yaml.unmarshal(v.fix) == {
		"spec.trafficPolicy.portLevelSettings[0].tls.insecureSkipVerify": null,
		"spec.trafficPolicy.portLevelSettings[0].tls.subjectAltNames": ["edition.cnn.com"],
	}
}

# Careless: the name of one host in the rule of several has all the others checked for it.
test_gives_a_host_its_own_rule_where_others_share_one if {
	flow := object.union(fixtures.originated_flow({"verified": false}), {"payload": "opaque", "wildcardRule": true, "otherHosts": 1})
	some v in found with input as fixtures.review("DestinationRule", [flow])
	startswith(v.fix, "# A rule for this host alone: the one that decides is for other hosts too.\n# Each of the other hosts needs one like it.\n")
	object.subset(yaml.unmarshal(v.fix), {
		"spec.host": "edition.cnn.com",
		"spec.trafficPolicy.portLevelSettings[0].tls.subjectAltNames": ["edition.cnn.com"],
	})
}

# What requests are checked for is right for all hosts of the rule.
test_takes_insecure_skip_verify_away_from_all_hosts if {
	flow := object.union(fixtures.originated_flow({"insecure": true, "verified": false}), {"wildcardRule": true})
	some v in found with input as fixtures.review("DestinationRule", [flow])
	yaml.unmarshal(v.fix) == {"spec.trafficPolicy.portLevelSettings[0].tls.insecureSkipVerify": null}
}

test_knows_ports_without_an_automatic_check if {
	result := found with input as fixtures.review("DestinationRule", [fixtures.originated_flow({"verified": false})])
	some v in result
	endswith(v.message, sprintf("%s has no subjectAltNames, and only HTTP ports have an automatic check.", [tls]))
}

test_has_a_fix_where_nothing_decided if {
	result := found with input as fixtures.review("DestinationRule", [fixtures.originated_flow({"verified": false, "decidedBy": null})])
	{v.fix | some v in result} == {"# Name the server in subjectAltNames.\n"}
}

test_passes_tls_of_the_application if {
	flow := object.union(fixtures.originated_flow({"verified": false}), {"verdict": "application-tls"})
	found == set() with input as fixtures.review("DestinationRule", [flow])
}

test_passes_the_way_to_a_gateway if {
	flow := object.union(fixtures.originated_flow({"verified": false}), {"hopKind": "gateway"})
	found == set() with input as fixtures.review("DestinationRule", [flow])
}

test_ignores_deletions if {
	found == set() with input as fixtures.deletion("ServiceEntry", [fixtures.originated_flow({"verified": false})])
}

# Careless: where the model tells of no handshake, there is none to find fault with.
test_warns_of_tls_without_hops[hops] if {
	some hops in [null, []]
	result := found with input as fixtures.review("DestinationRule", [object.union(fixtures.originated_flow({}), {"hops": hops})])
	count(result) == 1
}

# Careless: what clients lose by somebody else's object is warned of like what they chose.
test_refuses_what_takes_the_check_from_others if {
	lost := {"host": "db.example.com", "service": {"kind": "ServiceEntry", "namespace": "data", "name": "db"}, "names": []}
	flow := object.union(fixtures.originated_flow({"verified": false}), {"lostVerification": lost})
	result := found with input as fixtures.review("VirtualService", [flow])
	{[v.action, v.message, v.fix] | some v in result} == {[
		"deny",
		concat(" ", [
			"sidecar default to edition.cnn.com:80: these clients ask for db.example.com, which ServiceEntry data/db declares,",
			"and with this CREATE of VirtualService default/edition-cnn-com the name in the server's certificate is not checked",
			sprintf("any more: %s has no subjectAltNames, and only HTTP ports have an automatic check.", [tls]),
			"It is for their namespace, or for the host's, to decide whom they trust.",
		]),
		concat("\n", [
			"# For clients of its own namespace alone.",
			"# in VirtualService default/edition-cnn-com",
			`{"spec.exportTo":["."]}`,
			"",
		]),
	]}
}

# Careless: the fix is what the object already is, or a field that its kind does not have.
test_has_no_narrower_export_where_there_is_none[[kind, spec]] if {
	some kind, spec in {"VirtualService": {"exportTo": ["."]}, "Sidecar": {}}
	lost := {"host": "db.example.com", "service": {"kind": "ServiceEntry", "namespace": "data", "name": "db"}, "names": []}
	flow := object.union(fixtures.originated_flow({"verified": false}), {"lostVerification": lost})
	review := object.union(fixtures.review(kind, [flow]), {"object": {"spec": spec}})
	result := found with input as review
	some v in result
	startswith(v.fix, "# The traffic still needs")
}

test_warns_of_answers_in_the_servers_place[field] if {
	some field, words in {
		"spec.http[0].redirect": "a redirect sends the application to another server, or on in plaintext.",
		"spec.http[1].directResponse": "is neither of these clients' namespace nor of the host's.",
	}
	route := {"kind": "VirtualService", "namespace": "team-a", "name": "x"}
	flow := object.union(fixtures.plaintext_flow, {
		"hopKind": "none",
		"verdict": "unknown",
		"hops": [object.union(fixtures.plaintext_hop, {"to": "nowhere", "decidedBy": {"object": route, "field": field}})],
		"lostVerification": {"host": "edition.cnn.com", "service": fixtures.service_entry, "names": []},
	})
	some v in found with input as fixtures.review("VirtualService", [flow])
	not v.action
	startswith(v.message, sprintf("sidecar default to edition.cnn.com:80: VirtualService team-a/x %s answers requests in the place of edition.cnn.com,", [field]))
	endswith(v.message, words)
	startswith(v.fix, "# For clients of its own namespace alone.")
}

test_refuses_another_authority_for_others if {
	lost := {"host": "edition.cnn.com", "service": fixtures.service_entry, "names": [], "trust": "configmap://team-a/ca"}
	flow := object.union(fixtures.originated_flow({}), {"lostVerification": lost})
	result := found with input as fixtures.review("ServiceEntry", [flow])
	some v in result
	v.action == "deny"
	contains(v.message, "the server's certificate is checked by configmap://team-a/ca, and no more by what it was")
}

test_refuses_a_deletion_by_which_others_lose_the_check if {
	lost := {"host": "edition.cnn.com", "service": fixtures.service_entry, "names": []}
	unchecked := fixtures.originated_flow({"verified": false})
	review := object.union(fixtures.review("DestinationRule", [object.union(unchecked, {"lostVerification": lost})]), {"request": {"operation": "DELETE"}})
	some v in found with input as review
	v.action == "deny"
	contains(v.fix, "Delete what sends it first")
}

test_passes_a_deletion_that_leaves_it_unchecked_to_its_own if {
	review := object.union(fixtures.review("DestinationRule", [fixtures.originated_flow({"verified": false})]), {"request": {"operation": "DELETE"}})
	found == set() with input as review
}

test_refuses_to_the_owner_of_the_host_what_takes_the_check_from_others if {
	lost := {"host": "edition.cnn.com", "service": fixtures.service_entry, "names": []}
	flow := object.union(fixtures.originated_flow({"verified": false, "insecure": true}), {"lostVerification": lost})
	some v in found with input as fixtures.review("DestinationRule", [flow])
	v.action == "deny"
	contains(v.message, "nobody but their own namespace may give it up.")
	contains(v.fix, `"spec.trafficPolicy.portLevelSettings[0].tls.insecureSkipVerify":null`)
}

# Careless: the fix would have to be in an object that is not under review.
test_keeps_the_entry_by_which_the_check_would_be_lost if {
	lost := {"host": "edition.cnn.com", "service": fixtures.service_entry, "names": []}
	flow := object.union(fixtures.originated_flow({"verified": false}), {"lostVerification": lost})
	some v in found with input as fixtures.review("ServiceEntry", [flow])
	startswith(v.fix, "# The traffic still needs ServiceEntry")
}

# The mesh's own mutual TLS said who answers.
test_warns_of_a_service_of_the_mesh_in_whose_tls_nobody_is_checked if {
	flow := object.union(fixtures.originated_flow({"insecure": true, "verified": false}), {
		"hopKind": "mesh",
		"before": "originated",
		"host": "pay.default.svc.cluster.local",
		"service": {"kind": "Service", "namespace": "default", "name": "pay"},
	})
	some v in found with input as fixtures.review("DestinationRule", [flow])
	not v.action
	contains(v.message, "would lose the mesh's own mutual TLS, with the check of who answers, by this CREATE: TLS starts, and nobody is checked: insecureSkipVerify is set")
	contains(v.fix, "# Where the pods of Service default/pay have a sidecar")
	some deleted in found with input as fixtures.deletion("DestinationRule", [flow])
	not contains(deleted.fix, "have a sidecar")
}

test_warns_of_another_host_header if {
	flow := object.union(fixtures.originated_flow({"sni": "edition.cnn.com", "names": ["edition.cnn.com"]}), {
		"lostVerification": {"host": "edition.cnn.com", "service": {"kind": "ServiceEntry", "namespace": "shop", "name": "cnn"}, "names": [], "asks": "evil.example"},
	})
	some v in found with input as fixtures.review("VirtualService", [flow])
	not v.action
	contains(v.message, "the server whose name is checked is asked for evil.example")
}

test_warns_of_a_backendtlspolicy_with_a_hostname_alone if {
	policy := {"kind": "BackendTLSPolicy", "namespace": "default", "name": "cnn"}
	flow := fixtures.originated_flow({
		"verified": false, "autoSNI": false, "autoNames": false, "sni": "edition.cnn.com",
		"decidedBy": {"object": policy, "field": "spec.validation"},
	})
	some v in found with input as fixtures.review("BackendTLSPolicy", [flow])
	contains(v.message, "has no subjectAltNames, and Istio does not check its hostname")
	v.fix == concat("\n", [
		"# in BackendTLSPolicy default/cnn",
		`{"spec.validation.subjectAltNames":[{"hostname":"edition.cnn.com","type":"Hostname"}]}`,
		"",
	])
}

istio_mutual(sni) := fixtures.originated_flow({"tls": "ISTIO_MUTUAL", "sni": sni, "autoSNI": false, "autoNames": false, "verified": false})

# Careless: sni-mismatch denies the name that is asked for, where it is not off, exempt or lowered. What is taken for the server is said here.
test_says_what_the_meshs_own_tls_takes[name] if {
	some name, flow in {
		"a right name": istio_mutual("edition.cnn.com"),
		"a cluster's name": istio_mutual("outbound_.80_._.edition.cnn.com"),
		"a rule for Services": object.union(istio_mutual("outbound_.80_._.edition.cnn.com"), {"ruleForServices": true}),
		"a lost check": object.union(istio_mutual("outbound_.80_._.edition.cnn.com"), {"lostVerification": {"host": "edition.cnn.com", "service": fixtures.service_entry}}),
	}
	some v in found with input as fixtures.review("DestinationRule", [flow])
	contains(v.message, sprintf("%s has mode ISTIO_MUTUAL, which takes any certificate of the mesh's CA, and none of another", [tls]))
}

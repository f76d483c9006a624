package tlsward.opaque_tcp_test

import data.tlsward.fixtures
import data.tlsward.opaque_tcp.violation as found

opaque := object.union(fixtures.plaintext_flow, {
	"host": "db.example.com",
	"port": 3306,
	"targetPorts": [3306],
	"protocol": "MYSQL",
	"family": "opaque",
	"payload": "opaque",
})

test_warns_of_a_database if {
	result := found with input as fixtures.review("ServiceEntry", [opaque])
	{v.message | some v in result} == {concat(" ", [
		"sidecar default to db.example.com:3306: MYSQL leaves the mesh as the application writes it, in plaintext if",
		"it does not encrypt itself: no DestinationRule applies to this client.",
	])}
	some v in result
	yaml.unmarshal(v.fix).spec.trafficPolicy.portLevelSettings[0].tls == {
		"mode": "SIMPLE",
		"sni": "db.example.com",
		"subjectAltNames": ["db.example.com"],
	}
}

test_says_that_the_server_gets_what_is_meant_for_others if {
	result := found with input as fixtures.review("ServiceEntry", [object.union(opaque, {"portFallback": true})])
	some v in result
	endswith(v.message, "to this client. The server also gets what these pods send to port 3306 of any address that no ServiceEntry declares.")
	startswith(v.fix, "# So that the server gets nobody else's bytes, name its addresses in spec.addresses of ServiceEntry default/edition-cnn-com, or")
}

test_passes_http_and_tls if {
	found == set() with input as fixtures.review("ServiceEntry", [fixtures.plaintext_flow, fixtures.originated_flow({})])
}

# Careless: a TCP port whose TLS a rule starts is warned of all the same.
test_passes_a_database_under_tls if {
	found == set() with input as fixtures.review("ServiceEntry", [object.union(opaque, {"verdict": "originated"})])
}

# TLS that a gateway has taken off is tls-pending's.
test_passes_opaque_bytes_to_a_tls_port if {
	found == set() with input as fixtures.review("ServiceEntry", [object.union(opaque, {"family": "tls"})])
}

test_leaves_what_lost_tls_to_plaintext_egress if {
	found == set() with input as fixtures.review("ServiceEntry", [object.union(opaque, {"before": "originated"})])
}

test_passes_the_way_to_a_gateway if {
	found == set() with input as fixtures.review("ServiceEntry", [object.union(opaque, {"hopKind": "gateway"})])
}

test_ignores_deletions if {
	found == set() with input as fixtures.deletion("ServiceEntry", [opaque])
}

# Careless: the name of one host in the rule of several is asked for, and checked, at all the others.
test_gives_a_host_its_own_rule_where_others_share_one if {
	flow := object.union(fixtures.flow_with_rule("spec.trafficPolicy.tls", {"cause": "unset"}), {"family": "opaque", "payload": "opaque", "wildcardRule": true})
	some v in found with input as fixtures.review("DestinationRule", [flow])
	contains(v.fix, "# A rule for this host alone: the one that decides is for other hosts too.\n")
	object.subset(yaml.unmarshal(v.fix), {
		"spec.host": "edition.cnn.com",
		"spec.trafficPolicy.portLevelSettings[+]": {
			"port": {"number": 80},
			"tls": {"mode": "SIMPLE", "sni": "edition.cnn.com", "subjectAltNames": ["edition.cnn.com"]},
		},
	})
}

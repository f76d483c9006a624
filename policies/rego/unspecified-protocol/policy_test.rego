package tlsward.unspecified_protocol_test

import data.tlsward.fixtures
import data.tlsward.unspecified_protocol.violation as found

sniffed := object.remove(object.union(fixtures.plaintext_flow, {"family": "unspecified", "payload": "unspecified"}), {"protocol"})

test_warns_of_a_port_without_a_protocol if {
	found == {{
		"host": "edition.cnn.com",
		"port": 80,
		"client": "sidecar default",
		"decidedBy": "",
		"message": concat(" ", [
			"sidecar default to edition.cnn.com:80: port 80 of ServiceEntry default/edition-cnn-com has no protocol,",
			"so that Istio guesses, and it leaves the mesh in plaintext.",
		]),
		"fix": "# In ServiceEntry default/edition-cnn-com: protocol: HTTP on port 80, or what the server speaks.\n",
	}} with input as fixtures.review("ServiceEntry", [sniffed])
}

test_passes_a_protocol if {
	found == set() with input as fixtures.review("ServiceEntry", [fixtures.plaintext_flow])
}

# Careless: TLS that a rule starts makes the guess harmless.
test_passes_a_port_under_tls if {
	found == set() with input as fixtures.review("ServiceEntry", [object.union(fixtures.originated_flow({}), {"family": "unspecified"})])
}

test_has_a_text_for_an_unknown_entry if {
	result := found with input as fixtures.review("ServiceEntry", [object.remove(sniffed, {"service"})])
	some v in result
	startswith(v.fix, "# In the ServiceEntry:")
}

test_passes_the_way_to_a_gateway if {
	found == set() with input as fixtures.review("ServiceEntry", [object.union(sniffed, {"hopKind": "gateway"})])
}

test_ignores_deletions if {
	found == set() with input as fixtures.deletion("ServiceEntry", [sniffed])
}

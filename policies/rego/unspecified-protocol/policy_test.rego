package tlsward.unspecified_protocol_test

import data.tlsward.given
import data.tlsward.unspecified_protocol.violation as found

sniffed := object.remove(object.union(given.plaintext, {"family": "unspecified", "payload": "unspecified"}), {"protocol"})

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
	}} with input as given.review("ServiceEntry", [sniffed])
}

test_passes_a_protocol if {
	found == set() with input as given.review("ServiceEntry", [given.plaintext])
}

# Careless: TLS that a rule starts makes the guess harmless.
test_passes_a_port_under_tls if {
	found == set() with input as given.review("ServiceEntry", [object.union(given.encrypted({}), {"family": "unspecified"})])
}

test_has_words_for_an_unknown_entry if {
	result := found with input as given.review("ServiceEntry", [object.remove(sniffed, {"service"})])
	some v in result
	startswith(v.fix, "# In the ServiceEntry:")
}

test_passes_the_way_to_a_gateway if {
	found == set() with input as given.review("ServiceEntry", [object.union(sniffed, {"hopKind": "gateway"})])
}

test_says_nothing_of_a_deletion if {
	found == set() with input as given.deletion("ServiceEntry", [sniffed])
}

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

sniffed_under_tls(hop) := object.union(fixtures.originated_flow(hop), {"family": "unspecified"})

# Requests are checked for their Host header. Other bytes have none.
test_warns_where_requests_alone_are_checked if {
	result := found with input as fixtures.review("ServiceEntry", [sniffed_under_tls({"autoNames": true, "verified": true, "names": []})])
	{v.message | some v in result} == {concat(" ", [
		"sidecar default to edition.cnn.com:80: port 80 of ServiceEntry default/edition-cnn-com has no protocol, so that Istio guesses:",
		"of what it does not take for HTTP, the name in the server's certificate is not checked.",
	])}
}

# Careless: names that the rule has are checked whatever is sent; where none is checked, unverified-server says so.
test_passes_a_port_under_tls[name] if {
	some name, hop in {
		"names": {"names": ["edition.cnn.com"], "verified": true},
		"names beside automatic ones": {"names": ["edition.cnn.com"], "autoNames": true, "verified": true},
		"nothing is checked": {"names": [], "verified": false},
		"of the mesh": {"names": [], "autoNames": false, "tls": "ISTIO_MUTUAL", "verified": true},
	}
	found == set() with input as fixtures.review("ServiceEntry", [sniffed_under_tls(hop)])
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

package tlsward.double_tls_test

import data.tlsward.double_tls.violation as found
import data.tlsward.given

twice(field) := object.union(
	given.ruled(field, {"verdict": "double-tls", "protocol": "HTTPS", "family": "tls", "payload": "tls", "port": 443}),
	{"cause": ""},
)

test_warns_of_tls_around_https if {
	found == {{
		"host": "edition.cnn.com",
		"port": 443,
		"client": "sidecar default",
		"decidedBy": "DestinationRule default/edition-cnn-com spec.trafficPolicy.tls",
		"message": concat(" ", [
			"sidecar default to edition.cnn.com:443: the application speaks TLS on this port (HTTPS), and",
			"DestinationRule default/edition-cnn-com spec.trafficPolicy.tls wraps it into TLS once more.",
		]),
		"fix": concat("\n", [
			"# in DestinationRule default/edition-cnn-com",
			`{"spec.trafficPolicy.portLevelSettings[+]":{"port":{"number":443},"tls":{"mode":"DISABLE"}}}`,
			"",
		]),
	}} with input as given.review("DestinationRule", [twice("spec.trafficPolicy.tls")])
}

test_changes_the_port_where_it_has_settings if {
	result := found with input as given.review("DestinationRule", [twice("spec.trafficPolicy.portLevelSettings[1].tls")])
	{v.fix | some v in result} == {"# in DestinationRule default/edition-cnn-com\n{\"spec.trafficPolicy.portLevelSettings[1].tls.mode\":\"DISABLE\"}\n"}
}

test_has_words_where_nothing_decided if {
	flow := object.union(twice(""), {"hops": [given.hop]})
	result := found with input as given.review("DestinationRule", [flow])
	{v.fix | some v in result} == {"# Leave TLS on this port to the application.\n"}
	some v in result
	endswith(v.message, "and the proxy wraps it into TLS once more.")
}

test_passes_tls_around_http if {
	found == set() with input as given.review("DestinationRule", [given.encrypted({})])
}

# Careless: any HTTPS port is warned of, though the application's own TLS is what it should be.
test_passes_tls_of_the_application_alone if {
	flow := object.union(twice("spec.trafficPolicy.tls"), {"verdict": "application-tls"})
	found == set() with input as given.review("ServiceEntry", [flow])
}

test_says_nothing_of_a_deletion if {
	found == set() with input as given.deletion("ServiceEntry", [twice("spec.trafficPolicy.tls")])
}

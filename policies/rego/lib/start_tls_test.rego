package tlsward.lib_test

import data.tlsward.fixtures
import data.tlsward.lib

_mutual(cause) := fixtures.flow_with_rule("spec.trafficPolicy.tls", {"cause": cause})

_fix_among(flow, others) := fix if {
	fix := lib.start_tls(flow) with input as fixtures.review("ServiceEntry", array.concat([flow], others))
}

# Careless: the certificate is taken out of a rule that works for others, before anything else is offered.
test_keeps_a_certificate_that_works_for_its_own_namespace if {
	works := object.union(_mutual("x"), {"client": {"kind": "waypoint", "namespace": "default"}, "verdict": "originated"})
	left_out := object.union(_mutual("credential-ignored"), {"client": {"namespace": "*"}})
	fix := _fix_among(left_out, [works])
	contains(fix, "# in ServiceEntry default/edition-cnn-com\n{\"spec.exportTo\":[\".\"]}\n---\n# in DestinationRule default/edition-cnn-com\n")
	not contains(fix, "SIMPLE")
	own := _mutual("credential-ignored")
	contains(_fix_among(own, [works]), "SIMPLE")
	contains(_fix_among(left_out, [works, own]), "SIMPLE")
	contains(_fix_among(left_out, []), "SIMPLE")
}

test_offers_what_keeps_the_certificate_first[cause] if {
	some cause, first in {
		"credential-ignored": "# Where the server asks for the client's certificate, keep MUTUAL, and say whose Secret it is, ",
		"incomplete-mutual": "# Where the server asks for the client's certificate, keep MUTUAL, and name it: ",
	}
	fix := _fix_among(_mutual(cause), [])
	startswith(fix, first)
	contains(fix, " Only where it asks for none:\n# in ")
}

# Careless: TLS at the top of the rule is TLS around that of the application, on the ports that it encrypts.
test_starts_no_tls_around_that_of_the_application[cause] if {
	some cause in ["no-mode", "incomplete-mutual", "mutual-at-waypoint"]
	flow := _mutual(cause)
	encrypted := object.union(flow, {"port": 443, "payload": "tls", "verdict": "application-tls"})
	yaml.unmarshal(_fix_among(flow, [encrypted])) == {
		"spec.trafficPolicy.tls": null,
		"spec.trafficPolicy.portLevelSettings[+]": {"port": {"number": 80}, "tls": {"mode": "SIMPLE"}},
	}
}

# Careless: the handshake with a port that speaks plaintext fails, and whoever answers is not checked.
test_leads_other_bytes_to_a_tls_port if {
	opaque := object.union(fixtures.plaintext_flow, {"payload": "opaque", "family": "opaque", "targetPorts": [80]})
	review := object.union(fixtures.review("ServiceEntry", [opaque]), {"object": {"spec": {"ports": [{"number": 79}, {"number": 80}]}}})
	fix := lib.start_tls(opaque) with input as review
	documents := split(fix, "---\n")
	yaml.unmarshal(documents[0]) == {"spec.ports[1].targetPort": 443}
	yaml.unmarshal(documents[1]).spec.trafficPolicy.portLevelSettings[0].tls == {
		"mode": "SIMPLE",
		"sni": "edition.cnn.com",
		"subjectAltNames": ["edition.cnn.com"],
	}
	other := lib.start_tls(opaque) with input as fixtures.review("DestinationRule", [opaque])
	startswith(other, "# TLS needs a port of the server that speaks it: in ServiceEntry default/edition-cnn-com, targetPort: 443 on port 80. And:\n{")
}

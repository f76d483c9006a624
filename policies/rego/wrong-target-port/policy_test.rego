package tlsward.wrong_target_port_test

import data.tlsward.fixtures
import data.tlsward.wrong_target_port.violation as found

towards(ports) := object.union(fixtures.originated_flow({}), {"targetPorts": ports})

test_warns_of_tls_to_port_80 if {
	found == {{
		"host": "edition.cnn.com",
		"port": 80,
		"client": "sidecar default",
		"decidedBy": "DestinationRule default/edition-cnn-com spec.trafficPolicy.portLevelSettings[0].tls",
		"message": concat(" ", [
			"sidecar default to edition.cnn.com:80: TLS starts towards port 80 of the server, which speaks plaintext:",
			"the handshake fails. The port is said by ServiceEntry default/edition-cnn-com.",
		]),
		"fix": concat(" ", [
			"# In ServiceEntry default/edition-cnn-com: targetPort: 443 on port 80,",
			"or another port of the server that speaks TLS.\n",
		]),
	}} with input as fixtures.review("DestinationRule", [towards([80])])
}

test_passes_tls_to_port_443 if {
	found == set() with input as fixtures.review("DestinationRule", [towards([443])])
}

# Careless: the service's port is looked at, not the one that the bytes go to; or only the first of several.
test_looks_at_every_effective_port if {
	count(found) == 1 with input as fixtures.review("DestinationRule", [towards([443, 80])])
	found == set() with input as fixtures.review("DestinationRule", [object.remove(towards([]), {"targetPorts"})])
}

test_passes_plaintext_to_port_80 if {
	found == set() with input as fixtures.review("ServiceEntry", [object.union(fixtures.plaintext_flow, {"targetPorts": [80]})])
}

test_passes_the_way_to_a_gateway if {
	found == set() with input as fixtures.review("DestinationRule", [object.union(towards([80]), {"hopKind": "gateway"})])
}

test_has_a_text_for_an_unknown_entry if {
	result := found with input as fixtures.review("DestinationRule", [object.remove(towards([80]), {"service"})])
	some v in result
	startswith(v.fix, "# In the ServiceEntry:")
}

test_ignores_deletions if {
	found == set() with input as fixtures.deletion("ServiceEntry", [towards([80])])
}

# A workload of the mesh takes Istio's own mutual TLS on any port.
test_passes_mutual_tls_that_istio_starts_by_itself if {
	hop := object.union(fixtures.originated_flow({}).hops[0], {"tls": "ISTIO_MUTUAL", "decidedBy": null})
	flow := object.union(towards([80]), {"hops": [hop]})
	found == set() with input as fixtures.review("ServiceEntry", [flow])
	asked := object.union(flow, {"hops": [object.union(hop, {"decidedBy": fixtures.originated_flow({}).hops[0].decidedBy})]})
	count(found) == 1 with input as fixtures.review("DestinationRule", [asked])
}

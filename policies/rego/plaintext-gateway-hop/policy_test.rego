package tlsward.plaintext_gateway_hop_test

import data.tlsward.fixtures
import data.tlsward.plaintext_gateway_hop.violation as found

hop := object.union(fixtures.plaintext_flow, {
	"hopKind": "gateway",
	"host": "istio-egressgateway.istio-system.svc.cluster.local",
	"targetPorts": [80],
})

test_warns_of_plaintext_to_the_gateway if {
	result := found with input as fixtures.review("VirtualService", [hop])
	{v.message | some v in result} == {concat(" ", [
		"sidecar default to istio-egressgateway.istio-system.svc.cluster.local:80: HTTP goes to the egress gateway in",
		"plaintext, and the gateway does not know who sends it: no DestinationRule applies to this client.",
	])}
	some v in result
	yaml.unmarshal(v.fix).spec.trafficPolicy.portLevelSettings == [{
		"port": {"number": 80},
		"tls": {"mode": "ISTIO_MUTUAL", "sni": "edition.cnn.com"},
	}]
}

test_passes_mutual_tls_to_the_gateway if {
	found == set() with input as fixtures.review("VirtualService", [object.union(hop, {"verdict": "originated"})])
}

# Careless: a server that expects TLS is tls-pending's, and an open server is this policy's.
test_passes_a_server_that_expects_tls if {
	found == set() with input as fixtures.review("VirtualService", [object.union(hop, {"serverTLS": "SIMPLE"})])
}

test_takes_the_hosts_name_where_the_server_has_none if {
	result := found with input as fixtures.review("VirtualService", [object.remove(hop, {"sniHosts"})])
	some v in result
	contains(v.fix, `"sni":"istio-egressgateway.istio-system.svc.cluster.local"`)
}

test_passes_the_way_out if {
	found == set() with input as fixtures.review("VirtualService", [fixtures.plaintext_flow])
}

test_ignores_deletions if {
	found == set() with input as fixtures.deletion("VirtualService", [hop])
}

package tlsward.plaintext_gateway_hop_test

import data.tlsward.fixtures
import data.tlsward.plaintext_gateway_hop.violation as found

hop := object.union(fixtures.plaintext_flow, {
	"hopKind": "gateway",
	"host": "istio-egressgateway.istio-system.svc.cluster.local",
	"targetPorts": [80],
	"serverName": "edition.cnn.com",
	"service": {"kind": "Service", "namespace": "istio-system", "name": "istio-egressgateway"},
})

hop_to_own_server := object.union(hop, {"server": {"gateway": {"kind": "Gateway", "namespace": "shop", "name": "egress"}, "index": 1}})

# The second part of a fix.
rule_of(fix) := yaml.unmarshal(split(fix, "\n---\n")[1])

test_warns_of_plaintext_to_the_gateway if {
	result := found with input as fixtures.review("VirtualService", [hop_to_own_server])
	{v.message | some v in result} == {concat(" ", [
		"sidecar default to istio-egressgateway.istio-system.svc.cluster.local:80: HTTP goes to the egress gateway in",
		"plaintext, and the gateway does not know who sends it: no DestinationRule applies to this client.",
	])}
	some v in result
	rule_of(v.fix).spec.trafficPolicy.portLevelSettings == [{
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

# Plaintext is on the way before the server refuses it.
test_warns_of_a_rule_without_tls_to_a_server_that_expects_it if {
	every cause in ["disabled", "no-mode"] {
		changes := {"serverTLS": "ISTIO_MUTUAL", "cause": cause}
		result := found with input as fixtures.review("DestinationRule", [object.union(hop, changes)])
		count(result) == 1
		some v in result
		contains(v.message, "in plaintext, and its server, which expects ISTIO_MUTUAL TLS, will refuse it")
	}
}

# Careless: the name of the gateway's Service, which its server does not have.
test_names_no_sni_where_the_server_takes_any if {
	result := found with input as fixtures.review("VirtualService", [object.remove(hop_to_own_server, {"serverName"})])
	some v in result
	rule_of(v.fix).spec.trafficPolicy.portLevelSettings[0].tls == {"mode": "ISTIO_MUTUAL"}
}

# Careless: the namespace of what is under review, where clients of others do not look.
test_puts_the_rule_for_all_other_namespaces_beside_the_gateway if {
	client := {"kind": "sidecar", "namespace": "*"}
	result := found with input as fixtures.review("VirtualService", [object.union(hop_to_own_server, {"client": client})])
	some v in result
	rule_of(v.fix).metadata.namespace == "istio-system"
}

test_names_a_server_for_what_comes_to_it[payload] if {
	some payload, protocol in {"http": "HTTPS", "unspecified": "HTTPS", "opaque": "TLS"}
	result := found with input as fixtures.review("VirtualService", [object.union(hop, {"payload": payload})])
	some v in result
	contains(v.fix, sprintf("on a port where none takes plaintext: protocol: %s, tls: {mode: ISTIO_MUTUAL};\n", [protocol]))
	yaml.unmarshal(v.fix) == null # the rule alone would break what works
}

test_passes_the_way_out if {
	found == set() with input as fixtures.review("VirtualService", [fixtures.plaintext_flow])
}

test_ignores_deletions if {
	found == set() with input as fixtures.deletion("VirtualService", [hop])
}

# Both halves, each of which alone breaks the way.
test_changes_the_server_and_the_rule[payload] if {
	some payload, protocol in {"http": "HTTPS", "opaque": "TLS"}
	server := {"gateway": {"kind": "Gateway", "namespace": "shop", "name": "egress"}, "index": 1}
	result := found with input as fixtures.review("VirtualService", [object.union(hop, {"payload": payload, "server": server})])
	some v in result
	[first, second] := split(v.fix, "\n---\n")
	contains(first, "# in Gateway shop/egress\n")
	yaml.unmarshal(first) == {"spec.servers[1].port.protocol": protocol, "spec.servers[1].tls": {"mode": "ISTIO_MUTUAL"}}
	yaml.unmarshal(second).kind == "DestinationRule"
}

simple(changes) := fixtures.review("DestinationRule", [object.union(hop, object.union(
	{
		"verdict": "originated",
		"serverTLS": "ISTIO_MUTUAL",
		"hops": [{
			"tls": "SIMPLE", "sni": "", "verified": true,
			"decidedBy": {"object": {"kind": "DestinationRule", "namespace": "shop", "name": "hop"}, "field": "spec.trafficPolicy.tls"},
		}],
	},
	changes,
))])

test_warns_of_tls_without_the_certificate_of_the_mesh if {
	result := found with input as simple({})
	count(result) == 1
	some v in result
	contains(v.message, "mode SIMPLE), and the egress gateway's server, which expects ISTIO_MUTUAL, will refuse it: DestinationRule shop/hop spec.trafficPolicy.tls.")
}

test_passes_tls_as_the_server_has_it if {
	found == set() with input as simple({"serverTLS": "SIMPLE"})
}

# A listener of the Gateway API asks for mutual TLS by an option.
test_mends_a_listener if {
	server := {"gateway": {"kind": "KubernetesGateway", "namespace": "istio-system", "name": "egress"}, "index": 1}
	result := found with input as fixtures.review("HTTPRoute", [object.union(hop, {"server": server})])
	some v in result
	contains(v.fix, "# in Gateway (gateway.networking.k8s.io) istio-system/egress\n")
	contains(v.fix, `"spec.listeners[1].protocol":"HTTPS"`)
	contains(v.fix, `"gateway.istio.io/tls-terminate-mode":"ISTIO_MUTUAL"`)
}

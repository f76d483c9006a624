package tlsward.tls_pending_test

import data.tlsward.fixtures
import data.tlsward.tls_pending.violation as found

test_warns_of_a_flow_without_a_rule if {
	found == {{
		"host": "edition.cnn.com",
		"port": 80,
		"client": "sidecar default",
		"decidedBy": "",
		"message": concat(" ", [
			"sidecar default to edition.cnn.com:80: HTTP leaves the mesh in plaintext (to port 443 of the server)",
			"until a DestinationRule starts TLS: no DestinationRule applies to this client.",
		]),
		"fix": sprintf("%s\n", [json.marshal({
			"apiVersion": "networking.istio.io/v1",
			"kind": "DestinationRule",
			"metadata": {"name": "edition-cnn-com-tls", "namespace": "default"},
			"spec": {
				"host": "edition.cnn.com",
				"trafficPolicy": {"portLevelSettings": [{"port": {"number": 80}, "tls": {"mode": "SIMPLE"}}]},
			},
		})]),
	}} with input as fixtures.review("ServiceEntry", [fixtures.plaintext_flow])
}

# A rule with connection pools for the whole mesh says nothing of the host, whose own rule may still come.
test_warns_of_a_wildcard_rule_without_tls if {
	flow := fixtures.flow_with_rule("spec.trafficPolicy.tls", {"cause": "unset"})
	count(found) == 1 with input as fixtures.review("DestinationRule", [object.union(flow, {"wildcardRule": true})])
	found == set() with input as fixtures.review("DestinationRule", [flow])
}

test_passes_tls if {
	found == set() with input as fixtures.review("ServiceEntry", [fixtures.originated_flow({})])
}

test_warns_of_tls_that_a_gateway_took_off if {
	flow := object.union(fixtures.plaintext_flow, {"family": "tls", "payload": "opaque"})
	count(found) == 1 with input as fixtures.review("VirtualService", [flow])
}

test_passes_tls_of_the_application if {
	flow := object.union(fixtures.plaintext_flow, {"family": "tls", "payload": "tls"})
	found == set() with input as fixtures.review("ServiceEntry", [flow])
}

# Careless: a policy that fires beside the one that explains the plaintext says everything twice.
test_is_silent_where_another_policy_explains[change] if {
	some change in [
		{"cause": "unselected"},
		{"ignored": true, "cause": "credential-ignored"},
		{"cause": "unknown-host"},
		{"cause": "case-mismatch"},
		{"family": "unspecified"},
		{"family": "opaque", "payload": "opaque"},
	]
	other := object.union(fixtures.plaintext_flow, object.union(change, {"client": {"namespace": "shop"}}))
	found == set() with input as fixtures.review("DestinationRule", [fixtures.plaintext_flow, other])
}

# Careless: one port's explanation silences the other ports.
test_warns_of_a_port_that_nothing_explains if {
	other := object.union(fixtures.plaintext_flow, {"cause": "unselected", "port": 8080})
	{v.port | some v in found} == {80} with input as fixtures.review("DestinationRule", [fixtures.plaintext_flow, other])
}

test_leaves_what_lost_tls_to_plaintext_egress if {
	found == set() with input as fixtures.review("ServiceEntry", [object.union(fixtures.plaintext_flow, {"before": "originated"})])
}

test_leaves_a_gateway_route_to_plaintext_egress if {
	flow := object.union(fixtures.plaintext_flow, {"client": {"kind": "gateway", "namespace": "istio-system"}})
	found == set() with input as fixtures.review("VirtualService", [flow])
	count(found) == 1 with input as fixtures.review("ServiceEntry", [flow])
}

test_ignores_deletions if {
	found == set() with input as fixtures.deletion("DestinationRule", [fixtures.plaintext_flow])
}

hop(changes) := object.union(
	object.union(fixtures.plaintext_flow, {
		"hopKind": "gateway",
		"serverTLS": "ISTIO_MUTUAL",
		"serverName": "edition.cnn.com",
		"subset": "cnn",
		"host": "istio-egressgateway.istio-system.svc.cluster.local",
		"port": 443,
	}),
	changes,
)

test_warns_of_plaintext_to_a_tls_port_of_a_gateway if {
	result := found with input as fixtures.review("Gateway", [hop({})])
	{v.message | some v in result} == {concat(" ", [
		"sidecar default to istio-egressgateway.istio-system.svc.cluster.local:443 (subset cnn): plaintext to a port of",
		"the gateway that expects ISTIO_MUTUAL TLS, until a DestinationRule starts it.",
	])}
	some v in result
	yaml.unmarshal(v.fix).spec == {
		"host": "istio-egressgateway.istio-system.svc.cluster.local",
		"subsets": [{"name": "cnn", "trafficPolicy": {"portLevelSettings": [{
			"port": {"number": 443},
			"tls": {"mode": "ISTIO_MUTUAL", "sni": "edition.cnn.com"},
		}]}}],
	}
	yaml.unmarshal(v.fix).metadata.name == "istio--egressgateway-istio--system-svc-cluster-local-cnn-tls"
}

test_starts_the_tls_that_the_gateway_asks_for if {
	tls({"serverTLS": "SIMPLE"}) == {"mode": "SIMPLE"}
	tls({"serverTLS": "SIMPLE", "payload": "opaque"}) == {"mode": "SIMPLE", "sni": "edition.cnn.com"}
	tls({"serverTLS": "MUTUAL"}) == {
		"mode": "MUTUAL",
		"clientCertificate": "/etc/certs/tls.crt",
		"privateKey": "/etc/certs/tls.key",
		"sni": "edition.cnn.com",
	}
}

tls(changes) := yaml.unmarshal(v.fix).spec.subsets[0].trafficPolicy.portLevelSettings[0].tls if {
	result := found with input as fixtures.review("Gateway", [hop(changes)])
	some v in result
}

test_passes_plaintext_to_a_plaintext_gateway if {
	found == set() with input as fixtures.review("Gateway", [object.remove(hop({}), {"serverTLS"})])
}

# The server is written down to speak plaintext, and a rule for other settings changes nothing of it.
left_in_plaintext := object.union(fixtures.plaintext_flow, {
	"cause": "unset",
	"before": "plaintext",
	"decidedByObject": true,
	"targetPorts": [80],
	"rule": {"kind": "DestinationRule", "namespace": "default", "name": "legacy"},
})

test_warns_where_a_rule_leaves_a_plaintext_server_as_it_was if {
	count(found) == 1 with input as fixtures.review("DestinationRule", [left_in_plaintext])
	found == set() with input as fixtures.review("DestinationRule", [object.union(left_in_plaintext, {"before": "originated"})])
	found == set() with input as fixtures.review("DestinationRule", [object.union(left_in_plaintext, {"targetPorts": [443]})])
	found == set() with input as fixtures.review("DestinationRule", [object.union(left_in_plaintext, {"cause": "disabled"})])
}

# Careless: a new rule beside the one that stands, which Istio would merge away.
test_fix_is_in_the_rule_that_stands if {
	hop := object.union(fixtures.plaintext_hop, {"decidedBy": {"object": left_in_plaintext.rule, "field": "spec.trafficPolicy.tls"}})
	result := found with input as fixtures.review("DestinationRule", [object.union(left_in_plaintext, {"hops": [hop]})])
	some v in result
	startswith(v.fix, "# in DestinationRule default/legacy\n")
}

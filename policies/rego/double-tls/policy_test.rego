package tlsward.double_tls_test

import data.tlsward.double_tls.violation as found
import data.tlsward.fixtures

double_tls(field) := object.union(
	fixtures.flow_with_rule(field, {"verdict": "double-tls", "protocol": "HTTPS", "family": "tls", "payload": "tls", "port": 443}),
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
	}} with input as fixtures.review("DestinationRule", [double_tls("spec.trafficPolicy.tls")])
}

test_changes_the_port_where_it_has_settings if {
	result := found with input as fixtures.review("DestinationRule", [double_tls("spec.trafficPolicy.portLevelSettings[1].tls")])
	{v.fix | some v in result} == {"# in DestinationRule default/edition-cnn-com\n{\"spec.trafficPolicy.portLevelSettings[1].tls.mode\":\"DISABLE\"}\n"}
}

# Careless: what a gateway needs is disabled, and its bytes leave in plaintext.
test_leaves_a_setting_that_others_need if {
	flow := double_tls("spec.trafficPolicy.tls")
	gateway := object.union(flow, {"client": {"kind": "gateway", "namespace": "istio-system"}, "verdict": "originated"})
	route := object.union(flow, {"verdict": "originated", "payload": "http"})
	result := found with input as fixtures.review("DestinationRule", [flow, gateway, route])
	{v.fix | some v in result} == {concat(" ", [
		"# gateway istio-system and sidecar default sends plain HTTP here, and needs this TLS.",
		"Let the application send http:// on the same way.\n",
	])}
}

test_gives_a_gateway_a_rule_of_its_own if {
	flow := double_tls("spec.trafficPolicy.tls")
	hop := object.union(flow.hops[0], {"tls": "SIMPLE", "autoSNI": true})
	gateway := object.union(flow, {"client": {"kind": "gateway", "namespace": "istio-system"}, "verdict": "originated", "hops": [hop]})
	result := found with input as fixtures.review("DestinationRule", [flow, gateway])
	some v in result
	documents := split(v.fix, "---\n")
	yaml.unmarshal(documents[0]) == {
		"apiVersion": "networking.istio.io/v1",
		"kind": "DestinationRule",
		"metadata": {"name": "edition-cnn-com-private-tls", "namespace": "istio-system"},
		"spec": {
			"host": "edition.cnn.com",
			"exportTo": ["."],
			"trafficPolicy": {"portLevelSettings": [{"port": {"number": 443}, "tls": {"mode": "SIMPLE"}}]},
		},
	}
	yaml.unmarshal(documents[1]) == {"spec.trafficPolicy.portLevelSettings[+]": {"port": {"number": 443}, "tls": {"mode": "DISABLE"}}}
	application := object.union(flow, {"client": {"kind": "sidecar", "namespace": "istio-system"}})
	other := found with input as fixtures.review("DestinationRule", [flow, gateway, application])
	some w in other
	startswith(w.fix, "# gateway istio-system sends plain HTTP here")
}

test_ignores_clients_of_other_settings[changes] if {
	some changes in [{"host": "other.cnn.com"}, {"port": 8443}, {"verdict": "plaintext"}, {"hops": [fixtures.plaintext_hop]}]
	flow := double_tls("spec.trafficPolicy.tls")
	gateway := object.union(flow, {"client": {"kind": "gateway"}, "verdict": "originated"})
	result := found with input as fixtures.review("DestinationRule", [flow, object.union(gateway, changes)])
	some v in result
	startswith(v.fix, "# in DestinationRule default/edition-cnn-com\n")
}

test_fix_has_a_caveat_where_clients_may_be_missing if {
	result := found with input as fixtures.review("VirtualService", [double_tls("spec.trafficPolicy.tls")])
	some v in result
	startswith(v.fix, "# Unless a gateway or a route sends plain HTTP to this port and needs the TLS:\n# in DestinationRule ")
}

gateway_hop(mode) := object.union(double_tls("spec.trafficPolicy.tls"), {"hopKind": "gateway", "serverTLS": mode})

# Careless: the gateway's server accepts nothing without this TLS.
test_fix_leaves_tls_that_a_gateway_ends[mode] if {
	some mode in ["SIMPLE", "MUTUAL", "ISTIO_MUTUAL"]
	result := found with input as fixtures.review("VirtualService", [gateway_hop(mode)])
	{v.fix | some v in result} == {concat(" ", [
		"# The gateway's server needs this TLS, and reads requests inside it. Give that port of the Gateway protocol: TLS, and let",
		"a tcp route pass on what is inside.\n",
	])}
}

test_fix_disables_tls_that_a_gateway_passes_on[mode] if {
	some mode in ["", "PASSTHROUGH"]
	result := found with input as fixtures.review("VirtualService", [gateway_hop(mode)])
	some v in result
	contains(v.fix, "# in DestinationRule ")
}

test_has_a_text_where_nothing_decided if {
	flow := object.union(double_tls(""), {"hops": [fixtures.plaintext_hop]})
	result := found with input as fixtures.review("DestinationRule", [flow])
	{v.fix | some v in result} == {"# Leave TLS on this port to the application.\n"}
	some v in result
	endswith(v.message, "and the proxy wraps it into TLS once more.")
}

test_passes_tls_around_http if {
	found == set() with input as fixtures.review("DestinationRule", [fixtures.originated_flow({})])
}

# Careless: any HTTPS port is warned of, though the application's own TLS is what it should be.
test_passes_tls_of_the_application_alone if {
	flow := object.union(double_tls("spec.trafficPolicy.tls"), {"verdict": "application-tls"})
	found == set() with input as fixtures.review("ServiceEntry", [flow])
}

test_ignores_deletions if {
	found == set() with input as fixtures.deletion("ServiceEntry", [double_tls("spec.trafficPolicy.tls")])
}

package tlsward.lib_test

import data.tlsward.fixtures
import data.tlsward.lib

test_client_name if {
	lib.client_name({"kind": "sidecar", "namespace": "default"}) == "sidecar default"
	lib.client_name({"kind": "gateway", "namespace": "istio-system", "gateways": ["a/b"]}) == "gateway istio-system"
	lib.client_name({"kind": "sidecar", "namespace": "*"}) == "sidecar any other namespace"
	lib.client_name({"kind": "sidecar", "namespace": "*", "labels": {"app": "curl"}}) == "sidecar any other namespace app=curl"
	lib.client_name({"kind": "sidecar", "namespace": "default", "labels": {"version": "v1", "app": "curl"}}) == "sidecar default app=curl version=v1"
}

test_flow_message_has_the_subset if {
	flow := object.union(fixtures.plaintext_flow, {"subset": "v1"})
	lib.flow_message(flow, "x") == "sidecar default to edition.cnn.com:80 (subset v1): x"
}

test_flow_message_counts_other_hosts if {
	lib.flow_message(object.union(fixtures.plaintext_flow, {"otherHosts": 1}), "x") == "sidecar default to edition.cnn.com:80 and one host more: x"
	lib.flow_message(object.union(fixtures.plaintext_flow, {"otherHosts": 9}), "x") == "sidecar default to edition.cnn.com:80 and 9 hosts more: x"
}

# A flow that the model gives no hops for must not make a message undefined, and its violation with it.
test_a_flow_without_hops_has_texts[hops] if {
	some hops in [null, []]
	flow := object.union(fixtures.plaintext_flow, {"hops": hops})
	lib.last_hop(flow) == {"decidedBy": null, "sni": "", "verified": false}
	lib.decided_by(flow) == ""
	lib.flow_violation(flow, {}).decidedBy == ""
	yaml.unmarshal(lib.start_tls(flow)).kind == "DestinationRule"
}

test_decided_by if {
	lib.decided_by(fixtures.flow_with_rule("spec.trafficPolicy.tls", {})) == "DestinationRule default/edition-cnn-com spec.trafficPolicy.tls"
	lib.decided_by(fixtures.flow_with_rule("", {})) == "DestinationRule default/edition-cnn-com"
}

test_object_name if {
	lib.object_name({"kind": "Namespace", "name": "default"}) == "Namespace default"
	lib.object_name({"kind": "KubernetesGateway", "namespace": "a", "name": "b"}) == "Gateway (gateway.networking.k8s.io) a/b"
}

test_lost_tls if {
	lib.lost_tls({"verdict": "plaintext", "before": "application-tls"})
	not lib.lost_tls({"verdict": "plaintext", "before": "plaintext"})
	not lib.lost_tls({"verdict": "plaintext", "before": "unknown"})
	not lib.lost_tls({"verdict": "plaintext"})
	not lib.lost_tls({"verdict": "originated", "before": "originated"})
}

test_host_matches if {
	lib.host_matches("*", "a.example.com")
	lib.host_matches("A.example.com", "a.Example.com")
	lib.host_matches("*.example.com", "a.b.EXAMPLE.com")
	not lib.host_matches("*.example.com", "example.com")
	not lib.host_matches("*.example.com", "notexample.com")
	not lib.host_matches("example.com", "a.example.com")
	not lib.host_matches("*example.com", "a.example.com")
}

package tlsward.lib_test

import data.tlsward.given
import data.tlsward.lib

test_client_reads_as_a_person_would if {
	lib.client({"kind": "sidecar", "namespace": "default"}) == "sidecar default"
	lib.client({"kind": "gateway", "namespace": "istio-system", "gateways": ["a/b"]}) == "gateway istio-system"
	lib.client({"kind": "sidecar", "namespace": "*"}) == "sidecar any other namespace"
	lib.client({"kind": "sidecar", "namespace": "*", "labels": {"app": "curl"}}) == "sidecar any other namespace app=curl"
	lib.client({"kind": "sidecar", "namespace": "default", "labels": {"version": "v1", "app": "curl"}}) == "sidecar default app=curl version=v1"
}

test_a_subset_is_said if {
	flow := object.union(given.plaintext, {"subset": "v1"})
	lib.says(flow, "x") == "sidecar default to edition.cnn.com:80 (subset v1): x"
}

test_hosts_that_fare_alike_are_counted if {
	lib.says(object.union(given.plaintext, {"otherHosts": 1}), "x") == "sidecar default to edition.cnn.com:80 and one host more: x"
	lib.says(object.union(given.plaintext, {"otherHosts": 9}), "x") == "sidecar default to edition.cnn.com:80 and 9 hosts more: x"
}

# A flow that the model gives no hops for must not make a message undefined, and its violation with it.
test_a_flow_without_hops_has_words[hops] if {
	some hops in [null, []]
	flow := object.union(given.plaintext, {"hops": hops})
	lib.last(flow) == {"decidedBy": null, "sni": "", "verified": false}
	lib.decided(flow) == ""
	lib.at(flow, {}).decidedBy == ""
	yaml.unmarshal(lib.start_tls(flow)).kind == "DestinationRule"
}

test_decided_names_object_and_field if {
	lib.decided(given.ruled("spec.trafficPolicy.tls", {})) == "DestinationRule default/edition-cnn-com spec.trafficPolicy.tls"
	lib.decided(given.ruled("", {})) == "DestinationRule default/edition-cnn-com"
}

test_ref if {
	lib.ref({"kind": "Namespace", "name": "default"}) == "Namespace default"
	lib.ref({"kind": "KubernetesGateway", "namespace": "a", "name": "b"}) == "Gateway (gateway.networking.k8s.io) a/b"
}

test_lost if {
	lib.lost({"verdict": "plaintext", "before": "application-tls"})
	not lib.lost({"verdict": "plaintext", "before": "plaintext"})
	not lib.lost({"verdict": "plaintext", "before": "unknown"})
	not lib.lost({"verdict": "plaintext"})
	not lib.lost({"verdict": "originated", "before": "originated"})
}

test_covers if {
	lib.covers("*", "a.example.com")
	lib.covers("A.example.com", "a.Example.com")
	lib.covers("*.example.com", "a.b.EXAMPLE.com")
	not lib.covers("*.example.com", "example.com")
	not lib.covers("*.example.com", "notexample.com")
	not lib.covers("example.com", "a.example.com")
	not lib.covers("*example.com", "a.example.com")
}

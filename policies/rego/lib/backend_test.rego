package tlsward.lib_test

import data.tlsward.fixtures
import data.tlsward.lib

_policy := {"kind": "BackendTLSPolicy", "namespace": "default", "name": "cnn"}

# A flow in plaintext, since sidecars do not read the policy's CA certificates.
_unread := object.union(fixtures.plaintext_flow, {
	"cause": "credential-ignored",
	"rule": _policy,
	"hops": [object.union(fixtures.plaintext_hop, {"decidedBy": {"object": _policy, "field": "spec.validation"}})],
})

test_the_fix_beside_policies_is_one if {
	flow := object.union(fixtures.plaintext_flow, {"backendSection": "http"})
	fix := lib.new_rule(flow, {"mode": "SIMPLE"}) with input as fixtures.review("ServiceEntry", [flow])
	policy := yaml.unmarshal(fix)
	policy.kind == "BackendTLSPolicy"
	policy.metadata == {"name": "edition-cnn-com-tls", "namespace": "default"}
	policy.spec.targetRefs == [{"group": "networking.istio.io", "kind": "ServiceEntry", "name": "edition-cnn-com", "sectionName": "http"}]
	policy.spec.validation.subjectAltNames == [{"type": "Hostname", "hostname": "edition.cnn.com"}]
}

# Careless: a policy has no field for what a gateway's server wants.
test_no_policy_for_other_tls if {
	flow := object.union(fixtures.plaintext_flow, {"backendSection": "http"})
	fix := lib.new_rule(flow, {"mode": "ISTIO_MUTUAL"}) with input as fixtures.review("ServiceEntry", [flow])
	yaml.unmarshal(fix).kind == "DestinationRule"
}

# Careless: a rule in the client's own namespace would end its lookup, and take away what the policies say of other ports.
test_a_rule_beside_policies_for_other_ports_is_in_their_namespace if {
	flow := object.union(fixtures.plaintext_flow, {"client": {"namespace": "shop"}, "rule": _policy})
	fix := lib.new_rule(flow, {"mode": "SIMPLE"}) with input as fixtures.review("ServiceEntry", [flow])
	yaml.unmarshal(fix).metadata.namespace == "default"
}

test_certificates_that_sidecars_do_not_read if {
	lib.decided_by_policy(_unread)
	endswith(lib.cause_text(_unread), "has its CA certificates in what is no ConfigMap, and sidecars start no TLS by that")
	fix := lib.start_tls(_unread) with input as fixtures.review("BackendTLSPolicy", [_unread])
	contains(fix, "# in BackendTLSPolicy default/cnn")
	contains(fix, `"spec.validation.wellKnownCACertificates":"System"`)
}

package tlsward.bypassed_proxy_test

import data.tlsward.bypassed_proxy.violation as found
import data.tlsward.fixtures

test_warns_of_each_field if {
	review := object.union(fixtures.review("Deployment", []), {"bypasses": [
		{"field": "spec.template.spec.hostNetwork", "means": "no-proxy"},
		{"field": "spec.template.metadata.annotations[traffic.sidecar.istio.io/excludeOutboundPorts]", "means": "excluded"},
		{"field": "spec.template.metadata.annotations[traffic.sidecar.istio.io/excludeInboundPorts]", "means": "inbound"},
		{"field": "spec.template.metadata.annotations[proxy.istio.io/config]", "means": "other-proxy"},
		{"field": "spec.template.spec.containers[0].securityContext.runAsUser", "means": "privileged"},
	]})
	count(found) == 5 with input as review
	every v in found {
		v.fix != ""
	} with input as review
}

test_says_what_and_how_to_mend_it if {
	review := object.union(fixtures.review("Pod", []), {"bypasses": [{"field": "spec.hostNetwork", "means": "no-proxy"}]})
	some v in found with input as review
	contains(v.message, "spec.hostNetwork: its pods have no proxy")
	contains(v.fix, `{"spec.hostNetwork":null}`)
}

test_says_nothing_without if {
	found == set() with input as fixtures.review("Pod", [])
}

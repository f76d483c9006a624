package tlsward.outside_model_test

import data.tlsward.fixtures
import data.tlsward.outside_model.violation as found

_unknown(field) := {"field": field, "patch": false, "startsPlaintext": false}

_patch(plain) := {"field": "spec.configPatches[0]", "patch": true, "startsPlaintext": plain}

test_warns_of_a_patch if {
	some v in found with input as object.union(fixtures.review("EnvoyFilter", []), {"outsideModel": [_patch(false)]})
	contains(v.message, "spec.configPatches[0] patches what leaves from proxies")
	contains(v.fix, "SIDECAR_INBOUND")
}

# One cause is one violation: plaintext-egress says it.
test_leaves_plain_words_to_plaintext_egress if {
	found == set() with input as object.union(fixtures.review("EnvoyFilter", []), {"outsideModel": [_patch(true)]})
}

test_names_the_envoyfilter_that_makes_an_answer_uncertain if {
	other := object.union(_patch(false), {
		"object": {"kind": "EnvoyFilter", "namespace": "istio-system", "name": "tune"},
		"client": {"kind": "sidecar", "namespace": "shop"}, "host": "api.bank.example", "port": 80,
	})
	some v in found with input as object.union(fixtures.review("ServiceEntry", []), {"outsideModel": [other]})
	v.host == "api.bank.example"
	startswith(v.message, "sidecar shop to api.bank.example:80: EnvoyFilter istio-system/tune spec.configPatches[0] patches")
}

test_warns_of_each_field if {
	review := object.union(fixtures.review("ServiceEntry", []), {"outsideModel": [_unknown("metadata.labels[istio.io/new]"), _unknown("spec.speed")]})
	count(found) == 2 with input as review
}

test_says_what_and_how_to_mend_it if {
	review := object.union(fixtures.review("ServiceEntry", []), {"outsideModel": [_unknown("spec.speed")]})
	some v in found with input as review
	contains(v.message, "Istio may obey spec.speed, which tlsward does not know")
	contains(v.decidedBy, "spec.speed")
	contains(v.fix, `{"spec.speed":null}`)
}

test_says_nothing_without if {
	found == set() with input as fixtures.review("ServiceEntry", [])
}

test_says_what_hangs_on_it[means] if {
	some means, words in {
		"no-mtls": "lets other proxies send plaintext to these pods",
		"not-strict": "no longer keeps plaintext out of these pods",
		"extension": "in what leaves from proxies",
		"capture": "changes which connections these proxies take",
		"gateway-route": "attaches it to a gateway that tlsward does not follow",
		"gateway-addresses": "names other pods than those of one Service",
		"image": "names a proxy that Istio does not publish",
		"gateway-pods": "takes the place of spec.selector",
		"former-address": "keep the one that it had",
		"endpoint-slice": "is for bytes of a headless Service without a selector",
		"search-domain": "ends in a search domain of pods",
		"revision": "gives the object to a control plane that is here too",
	}
	some v in found with input as object.union(fixtures.review("ProxyConfig", []), {"outsideModel": [object.union(_unknown("spec.x"), {"means": means})]})
	contains(v.message, words)
}

test_mends_a_mode if {
	review := object.union(fixtures.review("PeerAuthentication", []), {"outsideModel": [object.union(_unknown("spec.mtls.mode"), {"means": "no-mtls"})]})
	some v in found with input as review
	contains(v.fix, `{"spec.mtls.mode":"STRICT"}`)
}

test_says_what_is_followed_instead if {
	some v in found with input as object.union(fixtures.review("HTTPRoute", []), {"outsideModel": [object.union(_unknown("spec.parentRefs[0]"), {"means": "gateway-route"})]})
	contains(v.fix, "a Gateway of class istio")
}

test_mends_the_mode_of_a_port if {
	review := object.union(fixtures.review("PeerAuthentication", []), {"outsideModel": [object.union(_unknown("spec.portLevelMtls[443].mode"), {"means": "no-mtls"})]})
	some v in found with input as review
	v.fix == "# Where all callers have proxies, let spec.portLevelMtls[443].mode be STRICT.\n"
}

test_refuses_what_takes_the_place_of_a_selector if {
	field := "metadata.annotations[internal.istio.io/gateway-service]"
	review := object.union(fixtures.review("Gateway", []), {"outsideModel": [object.union(_unknown(field), {"means": "gateway-pods"})]})
	some v in found with input as review
	v.action == "deny"
	contains(v.fix, "Let spec.selector say which pods")
}

test_has_a_name_left_out if {
	review := object.union(fixtures.review("ServiceEntry", []), {"outsideModel": [object.union(_unknown("spec.hosts[0]"), {"means": "search-domain"})]})
	some v in found with input as review
	v.fix == "# Leave this name out of spec.hosts.\n"
}

test_has_an_address_forgotten if {
	review := object.union(fixtures.review("WorkloadEntry", []), {"outsideModel": [object.union(_unknown("spec.address"), {"means": "former-address"})]})
	some v in found with input as review
	contains(v.fix, "Delete this WorkloadEntry and create it anew")
}

test_says_what_held_tls_up if {
	withdrawn := object.union(_patch(false), {"means": "tls-withdrawn"})
	some v in found with input as object.union(fixtures.review("EnvoyFilter", []), {"outsideModel": [withdrawn]})
	contains(v.message, "spec.configPatches[0] started TLS, and this")
	contains(v.fix, "DestinationRule")
}

test_names_the_namespace_of_another_control_plane if {
	other := object.union(_unknown("metadata.labels[istio.io/rev]"), {
		"object": {"kind": "Namespace", "name": "shop"}, "means": "revision",
		"client": {"kind": "sidecar", "namespace": "shop"}, "host": "api.bank.example", "port": 80,
	})
	some v in found with input as object.union(fixtures.review("ServiceEntry", []), {"outsideModel": [other]})
	contains(v.message, "Namespace shop metadata.labels[istio.io/rev] gives these pods to a control plane that is here too")
}

test_says_where_an_extension_is_followed[field] if {
	some field, fix in {"spec.match": `{"spec.match":[{"mode":"SERVER"}]}`, "spec.match[0].mode": `{"spec.match[0].mode":"SERVER"}`}
	some v in found with input as object.union(fixtures.review("WasmPlugin", []), {"outsideModel": [object.union(_unknown(field), {"means": "extension"})]})
	contains(v.fix, fix)
}

test_says_what_comes_before_the_deletion_of_a_mode if {
	weaker := {"outsideModel": [object.union(_unknown("spec.mtls.mode"), {"means": "not-strict"})]}
	review := object.union(fixtures.review("PeerAuthentication", []), object.union(weaker, {"request": {"operation": "DELETE"}}))
	some v in found with input as review
	contains(v.fix, "another PeerAuthentication with mode STRICT")
}

test_warns_of_certificates_that_nobody_has_read if {
	unknown := object.union(_unknown("spec.validation.caCertificateRefs[0]"), {"means": "ca-certificates"})
	some v in found with input as object.union(fixtures.review("BackendTLSPolicy", []), {"outsideModel": [unknown]})
	contains(v.message, "sidecars start no TLS, and what they send leaves in plaintext")
	contains(v.fix, `"spec.validation.wellKnownCACertificates":"System"`)
}

# What mends each.
test_mends_what_has_another_way if {
	every told in [
		["Ingress", "istio-ingress", "Write a Gateway and a VirtualService"],
		["DestinationRule", "tunnel", "declare the protocol of the host's port as TLS"],
		["EnvoyFilter", "inbound", "Say whom to let in with an AuthorizationPolicy"],
		["WorkloadEntry", "former-address", "Delete this WorkloadEntry and create it anew"],
	] {
		[kind, means, words] := told
		_mended(kind, means, words)
	}
}

_mended(kind, means, words) if {
	some v in found with input as object.union(fixtures.review(kind, []), {"outsideModel": [object.union(_unknown("spec.x"), {"means": means})]})
	contains(v.fix, words)
}

package tlsward.lib_test

import data.tlsward.fixtures
import data.tlsward.plaintext_gateway_hop.violation as in_plaintext
import data.tlsward.sni_mismatch.violation as mismatched
import data.tlsward.unverified_server.violation as unverified

_leg := {
	"ingress": {"kind": "Ingress", "namespace": "istio-system", "name": "alb"},
	"decidedBy": {"object": {"kind": "Ingress", "namespace": "istio-system", "name": "alb"}, "field": "metadata.annotations[x]"},
	"service": "istio-system/gw", "port": 443, "tls": true, "serverName": "a.example", "nameMatches": true, "verified": true,
	"clientCertificate": true, "gateway": {"kind": "Gateway", "namespace": "istio-system", "name": "public"},
	"serverTLS": "MUTUAL", "serverHosts": ["a.example"],
}

_review(fields) := object.union(fixtures.review("Ingress", []), {"ingressLegs": [object.union(_leg, fields)]})

test_a_checked_leg_passes if {
	in_plaintext == set() with input as _review({})
	mismatched == set() with input as _review({})
	unverified == set() with input as _review({})
}

test_plaintext_to_a_server_of_either_kind if {
	some v in in_plaintext with input as _review({"tls": false})
	contains(v.message, "Ingress istio-system/alb to istio-system/gw:443: its controller sends plaintext to a server of Gateway istio-system/public that expects MUTUAL TLS")
	some w in in_plaintext with input as _review({"tls": false, "serverTLS": ""})
	contains(w.message, "anyone on the way can read it")
	v.fix == w.fix
}

test_a_name_that_no_server_has if {
	some v in mismatched with input as _review({"serverName": "b.example", "nameMatches": false})
	contains(v.message, "asks for b.example, and the servers of the gateway on this port answer to a.example only")
	some w in mismatched with input as _review({"serverName": "", "nameMatches": false})
	contains(w.message, "no name (it sends no SNI)")
	v.action == "warn" # plaintext in its place is no more than a warning
}

_decided_by(annotation) := {"decidedBy": {"object": _leg.ingress, "field": sprintf("metadata.annotations[%s]", [annotation])}}

# Careless: whoever has done what the first warning says gets the next one.
test_the_first_fix_has_all_annotations if {
	in_plain := object.union(_decided_by("nginx.ingress.kubernetes.io/backend-protocol"), {"tls": false, "serverHosts": ["*.example", "a.example"]})
	some v in in_plaintext with input as _review(in_plain)
	v.fix == concat("\n", [
		"# Ingress istio-system/alb, annotations, for a port whose server ends TLS:",
		"#   nginx.ingress.kubernetes.io/backend-protocol: 'HTTPS'",
		"#   nginx.ingress.kubernetes.io/proxy-ssl-name: 'a.example'",
		"#   nginx.ingress.kubernetes.io/proxy-ssl-secret: 'istio-system/<secret with ca.crt, tls.crt and tls.key>'",
		"#   nginx.ingress.kubernetes.io/proxy-ssl-server-name: 'on'",
		"#   nginx.ingress.kubernetes.io/proxy-ssl-verify: 'on'",
		"",
	])
}

test_each_controller_has_its_own_annotations[annotation] if {
	some annotation, line in {
		"ingress.bluemix.net/ssl-services": "ssl-service=gw ssl-secret=<secret> proxy-ssl-name=<host>",
		"alb.ingress.kubernetes.io/backend-protocol": "HTTPS",
		"cloud.google.com/app-protocols": `{"<name of the port>":"HTTPS"}`,
		"traefik.ingress.kubernetes.io/service.serversscheme": "https",
	}
	leg := object.union(_decided_by(annotation), {"tls": false, "serverHosts": ["*"]})
	some v in in_plaintext with input as _review(leg)
	endswith(v.fix, sprintf("#   %s: '%s'\n", [annotation, line]))
}

# Careless: the message names an annotation that is not there.
test_names_an_annotation_where_there_is_one if {
	some v in in_plaintext with input as object.union(_review({"tls": false}), {"request": {"kind": "Ingress", "namespace": "istio-system", "name": "alb"}})
	v.decidedBy == "Ingress istio-system/alb"
	some w in in_plaintext with input as object.union(_review({"tls": false}), {
		"request": {"kind": "Ingress", "namespace": "istio-system", "name": "alb"},
		"object": {"metadata": {"annotations": {"x": "y"}}},
	})
	w.decidedBy == "Ingress istio-system/alb metadata.annotations[x]"
}

test_no_check_and_no_certificate if {
	some v in unverified with input as _review({"verified": false})
	contains(v.message, "does not check the certificate")
	some w in unverified with input as _review({"clientCertificate": false})
	contains(w.message, "shows no certificate")
	count(unverified) == 2 with input as _review({"verified": false, "clientCertificate": false})
}

# One cause is one violation.
test_a_wrong_name_is_said_once if {
	unverified == set() with input as _review({"nameMatches": false, "verified": false})
}

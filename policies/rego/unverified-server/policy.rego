# METADATA
# title: TLS to a server whose name is not checked
# description: |-
#   TLS is started without checking whose certificate the server shows: an explicit sni without subjectAltNames, a
#   BackendTLSPolicy with a hostname alone, insecureSkipVerify, a port that is not HTTP without subjectAltNames, or the mesh's own
#   mutual TLS to a server outside, by a label of its endpoints without a serviceAccount. Anyone on the way can be the server. Refused
#   where clients of another namespace lose a check that they had, by a rule, an entry or, where another namespace declares the
#   host, any object, or where they then have it made by another CA than the host's namespace chose. A rule for a service of the mesh, in
#   whose TLS nobody is checked, takes that check from everybody's clients, and is told. Where a route of such a namespace answers in the server's place, at a sidecar or a gateway (a redirect elsewhere, or in plaintext,
#   a direct response, or a fault that is no error), that is told, for services of the mesh too, and so is a Host header that it gives requests
#   to a server whose SNI is written down. So is a controller of an Ingress that does not check the gateway to which it leads, or shows no certificate
#   where its server expects one.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings
#     description: ClientTLSSettings
# custom:
#   id: unverified-server
#   action: warn
#   strongest: deny
#   kinds: [BackendTLSPolicy, DestinationRule, GRPCRoute, Gateway, GatewayClass, HTTPRoute, Ingress, KubernetesGateway, ListenerSet, Namespace, ReferenceGrant, Service, ServiceEntry, Sidecar, TCPRoute, TLSRoute, VirtualService, WorkloadEntry]
package tlsward.unverified_server

import data.tlsward.lib

violation contains _violation(f) if {
	some f in input.egress
	_is_answered_for(f)
	f.hopKind == "egress"
	f.verdict == "originated" # around the application's own TLS, the application checks the name
	some i, hop in f.hops
	not hop.verified
	i == count(f.hops) - 1
}

# Without hops nothing says that the name is checked.
violation contains _violation(f) if {
	some f in input.egress
	_is_answered_for(f)
	f.hopKind == "egress"
	f.verdict == "originated"
	f.hops in {null, []}
}

# The controller of an Ingress does not check which gateway it has reached, or cannot show who it is.
violation contains lib.ingress_violation(leg, text) if {
	input.request.operation != "DELETE"
	some leg in input.ingressLegs
	leg.tls
	leg.serverTLS != ""
	leg.nameMatches
	some text in _ingress_findings(leg)
}

_ingress_findings(leg) := {text |
	not leg.verified
	text := "its controller does not check the certificate of the gateway: anyone on the way can be the server."
} | {text |
	leg.serverTLS == "MUTUAL"
	not leg.clientCertificate
	text := "its controller shows no certificate, and the server expects MUTUAL TLS: no connection."
}

# The name is checked, by a CA that neither these clients nor the host's owner chose.
violation contains lib.flow_violation(f, {"message": _trust_message(f), "fix": lib.leave_to_others(f), "action": "deny"}) if {
	some f in input.egress
	f.lostVerification.trust
}

_trust_message(f) := lib.flow_message(f, sprintf(
	concat(" ", [
		"these clients ask for %s, and with this %s of %s the server's certificate is checked by %s, and no more by what it was.",
		"It is for their namespace, or for the host's, to decide whom they trust.",
	]),
	[lib.asked_for(f), input.request.operation, lib.object_name(lib.reviewed_object), f.lostVerification.trust],
))

# A deletion answers for what others lose by it alone.
_is_answered_for(_) if input.request.operation != "DELETE"

_is_answered_for(f) if f.lostVerification

# The mesh's own mutual TLS says who answers.
violation contains lib.flow_violation(f, {"message": _mesh_message(f), "fix": _mesh_fix(f)}) if {
	some f in input.egress
	f.hopKind == "mesh"
	f.verdict == "originated"
}

_mesh_message(f) := lib.flow_message(f, sprintf(
	"%s would lose the mesh's own mutual TLS, with the check of who answers, by this %s: TLS starts, and nobody is checked: %s.",
	[lib.connections(f), input.request.operation, _reason(f)],
))

_mesh_fix(f) := lib.keep_object if {
	input.request.operation == "DELETE"
} else := sprintf(
	"# Where the pods of %s have a sidecar, leave the settings of tls out: Istio starts mutual TLS by itself. Else name the server:\n%s",
	[lib.service_name(f), _fix(f)],
)

# Nothing leaves, but the application takes the answer for the server's.
violation contains lib.flow_violation(f, {"message": _answered_message(f), "fix": lib.leave_to_others(f)}) if {
	some f in input.egress
	f.hopKind == "none"
	f.lostVerification
}

# The server is right, and what it is asked for is another's.
violation contains lib.flow_violation(f, {"message": _rewritten_message(f), "fix": lib.leave_to_others(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.lostVerification.asks
}

_rewritten_message(f) := lib.flow_message(f, sprintf(
	concat(" ", [
		"these clients ask for %s, and with this %s of %s the server whose name is checked is asked for %s (the Host header):",
		"one server may have the sites of many, and whoever has that name there gets their requests. It is for their namespace, or for the host's, to rewrite them.",
	]),
	[lib.asked_for(f), input.request.operation, lib.object_name(lib.reviewed_object), f.lostVerification.asks],
))

_answered_message(f) := lib.flow_message(f, sprintf(
	concat(" ", [
		"%s answers requests in the place of %s, whose certificate was checked before this %s, and is neither of these",
		"clients' namespace nor of the host's: a redirect sends the application to another server, or on in plaintext.",
	]),
	[lib.decided_by(f), lib.asked_for(f), input.request.operation],
)) if {
	endswith(lib.decided_by(f), ".redirect")
} else := lib.flow_message(f, sprintf(
	concat(" ", [
		"%s answers requests in the place of %s, whose certificate was checked before this %s, and is neither of these",
		"clients' namespace nor of the host's.",
	]),
	[lib.decided_by(f), lib.asked_for(f), input.request.operation],
))

_violation(f) := lib.flow_violation(f, {"message": _lost_message(f), "fix": _lost_fix(f), "action": "deny"}) if {
	f.lostVerification
} else := lib.flow_violation(f, {"message": _message(f), "fix": _fix(f)})

_lost_message(f) := lib.flow_message(f, sprintf(
	concat(" ", [
		"these clients ask for %s, and with this %s of %s the name in the server's certificate is not checked any more: %s.",
		"%s",
	]),
	[
		lib.asked_for(f),
		input.request.operation,
		lib.object_name(lib.reviewed_object),
		_reason(f),
		lib.whose_decision(f, "decide whom they trust"),
	],
))

_lost_fix(f) := _fix(f) if {
	lib.is_of_owner(f)
	input.request.operation != "DELETE"
	lib.last_hop(f).decidedBy.object == lib.reviewed_object
} else := lib.leave_to_others(f)

_message(f) := lib.flow_message(f, sprintf("TLS starts, but the name in the server's certificate is not checked: %s.", [_reason(f)]))

_reason(f) := "the label of its endpoints (security.istio.io/tlsMode) starts the mesh's own mutual TLS, for which any workload of the mesh may be the server" if {
	_is_labelled(f)
} else := sprintf("%s has no subjectAltNames, and Istio does not check its hostname, which it sends as SNI", [lib.decided_by(f)]) if {
	lib.decided_by_policy(f)
} else := sprintf("insecureSkipVerify is set in %s", [lib.decided_by(f)]) if {
	lib.last_hop(f).insecure
} else := sprintf("%s has mode ISTIO_MUTUAL, which takes any certificate of the mesh's CA, and none of another", [lib.decided_by(f)]) if {
	lib.outside_by_istio_mutual(f)
} else := sprintf("sni is set in %s, which turns the automatic check off, and subjectAltNames is not", [lib.decided_by(f)]) if {
	lib.last_hop(f).sni != ""
} else := sprintf("%s has no subjectAltNames, and only HTTP ports have an automatic check", [lib.decided_by(f)])

# Nothing sets TLS, and it starts all the same.
_is_labelled(f) if {
	lib.last_hop(f).tls == "ISTIO_MUTUAL"
	not lib.last_hop(f).decidedBy.object
}

_fix(f) := "# Name the server's identity in spec.subjectAltNames of the ServiceEntry, or in serviceAccount of its endpoints.\n" if {
	_is_labelled(f)
} else := lib.set_fields(
	lib.last_hop(f).decidedBy.object,
	{"spec.validation.subjectAltNames": [{"type": "Hostname", "hostname": lib.last_hop(f).sni}]},
) if {
	lib.decided_by_policy(f)
} else := lib.set_fields(lib.last_hop(f).decidedBy.object, _secure(f)) if {
	_names_are_known(f)
} else := lib.set_for_host(f, object.union({sprintf("%s.subjectAltNames", [lib.tls_path(f)]): [f.host]}, _secure(f))) if {
	lib.last_hop(f).decidedBy.object
} else := "# Name the server in subjectAltNames.\n"

_secure(f) := {sprintf("%s.insecureSkipVerify", [lib.tls_path(f)]): null} if {
	lib.last_hop(f).insecure
} else := {sprintf("%s.mode", [lib.tls_path(f)]): "SIMPLE"} if {
	lib.outside_by_istio_mutual(f)
} else := {}

# With the check on again, there are names for it: those that are written, or for each request that of its Host header.
_names_are_known(f) if {
	lib.last_hop(f).insecure
	lib.last_hop(f).autoSNI
	f.payload == "http"
}

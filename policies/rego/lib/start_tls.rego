package tlsward.lib

# METADATA
# description: |-
#   The fix that starts TLS for a flow in plaintext: in the rule that applies to it or, where there is none, in a new one.
#   Where the rule asks for MUTUAL, that is what a person wants: TLS without the client's certificate is offered as what it
#   is, behind what keeps the certificate.
start_tls(flow) := sprintf("# Or let a ConfigMap of its namespace have the CA's certificates, under ca.crt.\n%s", [set_fields(
	last_hop(flow).decidedBy.object,
	{"spec.validation.caCertificateRefs": null, "spec.validation.wellKnownCACertificates": "System"},
)]) if {
	flow.cause == "credential-ignored"
	decided_by_policy(flow)
} else := keep_to_own_namespace(flow) if {
	flow.cause == "credential-ignored"
	_serves_own_clients_alone(flow)
} else := concat("", [_select_pods, _start_tls_in_rule(flow)]) if {
	flow.cause == "credential-ignored"
} else := concat("", [_name_certificate, _start_tls_in_rule(flow)]) if {
	flow.cause == "incomplete-mutual"
} else := _start_tls_in_rule(flow) if {
	_lacks_something(flow)
} else := set_fields(_deciding_rule(flow), {sprintf("%s.mode", [tls_path(flow)]): "SIMPLE"}) if {
	contains(tls_path(flow), "portLevelSettings[")
	flow.payload == "http"
} else := _with_tls_port(flow, start_tls_with(flow, _simple_tls(flow)))

_lacks_something(flow) if flow.cause in {"no-mode", "mutual-at-waypoint"}

_select_pods := concat("\n", [
	"# Where the server asks for the client's certificate, keep MUTUAL, and say whose Secret it is, by the labels of its pods:",
	"# spec.workloadSelector.matchLabels. Only where it asks for none:",
	"",
])

_name_certificate := concat("\n", [
	"# Where the server asks for the client's certificate, keep MUTUAL, and name it: credentialName, or clientCertificate and",
	"# privateKey. Only where it asks for none:",
	"",
])

# The settings are completed where they are. Those of the whole rule are not, where they are for a port that the application
# encrypts, too: that would get TLS inside TLS.
_start_tls_in_rule(flow) := set_fields(_deciding_rule(flow), object.union(
	{sprintf("%s.%s", [trim_suffix(tls_path(flow), ".tls"), "portLevelSettings[+]"]): {"port": {"number": flow.port}, "tls": _simple_tls(flow)}},
	_without_settings(flow),
)) if {
	not contains(tls_path(flow), "portLevelSettings[")
	_decides_for_encrypted_ports(flow)
} else := set_fields(_deciding_rule(flow), object.union(
	{sprintf("%s.%s", [tls_path(flow), field]): value | some field, value in _simple_tls(flow)},
	{sprintf("%s.credentialName", [tls_path(flow)]): null | flow.cause == "credential-ignored"},
))

_without_settings(flow) := {} if {
	_works_for_some(flow)
} else := {tls_path(flow): null}

_decides_for_encrypted_ports(flow) if {
	some other in input.egress
	other.host == flow.host
	other.payload == "tls"
	last_hop(other).decidedBy == last_hop(flow).decidedBy
}

# METADATA
# description: Whether the settings that start no TLS for a flow start it for other clients.
_works_for_some(flow) if {
	some other in input.egress
	other.host == flow.host
	other.verdict in {"originated", "double-tls"}
	last_hop(other).decidedBy == last_hop(flow).decidedBy
}

# The certificate is of use to the rule's own namespace, and its host is exported to others, who cannot have it.
_serves_own_clients_alone(flow) if {
	_works_for_some(flow)
	flow.service.kind == "ServiceEntry"
	flow.service.namespace == _deciding_rule(flow).namespace
	every other in input.egress {
		_is_not_left_out(other, flow)
	}
}

_is_not_left_out(other, _) if other.verdict != "plaintext"

_is_not_left_out(other, flow) if other.client.namespace != _deciding_rule(flow).namespace

# METADATA
# description: |-
#   The fix that keeps a host, and the rule whose certificate clients of other namespaces cannot have, to its own namespace.
keep_to_own_namespace(flow) := concat("---\n", [
	concat("", [
		"# Only clients of its own namespace can have the certificate. Others then do not have the host: what they send there\n",
		"# leaves as they write it, or not at all with REGISTRY_ONLY.\n",
		set_fields(flow.service, {"spec.exportTo": ["."]}),
	]),
	set_fields(_deciding_rule(flow), {"spec.exportTo": ["."]}),
])

# Only requests have their server's name checked by themselves. A rule for several hosts can name none.
_simple_tls(flow) := {"mode": "SIMPLE", "sni": flow.host, "subjectAltNames": [flow.host]} if {
	flow.payload == "opaque"
	not contains(flow.host, "*")
	not flow.wildcardRule
} else := {"mode": "SIMPLE"}

# The webhook leads ports for HTTP to 443 itself; others stay at a port that speaks plaintext.
_with_tls_port(flow, fix) := concat("---\n", [
	concat("", ["# TLS needs a port of the server that speaks it:\n", set_fields(flow.service, {sprintf("spec.ports[%d].targetPort", [i]): 443})]),
	fix,
]) if {
	_goes_to_plaintext_port(flow)
	flow.service == reviewed_object
	some i, port in input.object.spec.ports
	port.number == flow.port
} else := sprintf("# TLS needs a port of the server that speaks it: in %s, targetPort: 443 on port %d. And:\n%s", [service_name(flow), flow.port, fix]) if {
	_goes_to_plaintext_port(flow)
} else := fix

_goes_to_plaintext_port(flow) if {
	flow.payload == "opaque"
	flow.targetPorts == [80]
}

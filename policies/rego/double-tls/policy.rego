# METADATA
# title: TLS inside TLS
# description: |-
#   A proxy starts TLS around bytes that the application encrypts already. The server sees TLS where it expects the
#   application's protocol, unless it ends both. An egress gateway that ends the outer TLS and passes on what is inside,
#   by a server of protocol TLS, is no such server.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings
#     description: ClientTLSSettings
# custom:
#   id: double-tls
#   action: warn
#   kinds: [BackendTLSPolicy, DestinationRule, GRPCRoute, Gateway, HTTPRoute, KubernetesGateway, ListenerSet, ReferenceGrant, ServiceEntry, Sidecar, TCPRoute, TLSRoute, VirtualService, WorkloadEntry]
package tlsward.double_tls

import data.tlsward.lib

violation contains lib.flow_violation(f, {"message": _message(f), "fix": _fix(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.verdict == "double-tls"
}

_message(f) := lib.flow_message(f, sprintf(
	"the application speaks TLS on this port (%s), and %s wraps it into TLS once more.",
	[object.get(f, "protocol", f.family), _decided_by(f)],
))

_decided_by(f) := lib.decided_by(f) if {
	lib.decided_by(f) != ""
} else := "the proxy"

_fix(f) := concat(" ", [
	"# The gateway's server needs this TLS, and reads requests inside it. Give that port of the Gateway protocol: TLS, and let",
	"a tcp route pass on what is inside.\n",
]) if {
	f.hopKind == "gateway"
	not object.get(f, "serverTLS", "") in {"", "PASSTHROUGH", "AUTO_PASSTHROUGH"}
} else := concat("---\n", [
	concat("", [
		sprintf("# %s needs this TLS, and gets a rule of its own:\n", [_named(_gateways_that_need_tls(f))]),
		concat("---\n", [lib.private_rule(gateway, _tls_of(gateway)) | some gateway in _gateways_that_need_tls(f)]),
	]),
	concat("", [
		"# Then this one leaves the port to the application:\n",
		lib.set_fields(lib.last_hop(f).decidedBy.object, _mode_disable(f)),
	]),
]) if {
	count(_gateways_that_need_tls(f)) > 0
	count(_gateways_that_need_tls(f)) == count(_flows_that_need_tls(f))
} else := sprintf(
	"# %s sends plain HTTP here, and needs this TLS. Let the application send http:// on the same way.\n",
	[concat(" and ", {lib.client_name(other.client) | some other in _flows_that_need_tls(f)})],
) if {
	count(_flows_that_need_tls(f)) > 0
} else := sprintf("%s%s", [_caveat, lib.set_fields(lib.last_hop(f).decidedBy.object, _mode_disable(f))]) if {
	lib.last_hop(f).decidedBy.object
} else := "# Leave TLS on this port to the application.\n"

# The flows whose plaintext the same settings encrypt: of a gateway, or by a route from an HTTP port. Without these settings
# it would leave in plaintext.
_flows_that_need_tls(f) := {other |
	some other in input.egress
	other.verdict == "originated"
	other.host == f.host
	other.port == f.port
	lib.last_hop(other).decidedBy == lib.last_hop(f).decidedBy
}

# Those of gateways of another namespace than the rule's, which find a rule of their own there first. A client certificate is
# not known here.
_gateways_that_need_tls(f) := {other |
	some other in _flows_that_need_tls(f)
	other.client.kind == "gateway"
	other.client.namespace != lib.last_hop(f).decidedBy.object.namespace
	lib.last_hop(other).tls == "SIMPLE"
	not contains(other.host, "*")
	not _is_namespace_of_applications(other.client.namespace, f)
}

# The rule would be that of all pods of the gateway's namespace.
_is_namespace_of_applications(namespace, f) if {
	some other in input.egress
	other.verdict == "double-tls"
	other.host == f.host
	other.client.namespace == namespace
}

_named(flows) := concat(" and ", {lib.client_name(flow.client) | some flow in flows})

_tls_of(flow) := {"mode": "SIMPLE"} if {
	lib.last_hop(flow).autoSNI
} else := {"mode": "SIMPLE", "sni": flow.host, "subjectAltNames": [flow.host]}

# The flows of these reviews are those of all clients of the host; other reviews may leave clients out.
_caveat := "" if {
	input.request.kind in {"DestinationRule", "ServiceEntry"}
} else := "# Unless a gateway or a route sends plain HTTP to this port and needs the TLS:\n"

_mode_disable(f) := {sprintf("%s.mode", [lib.tls_path(f)]): "DISABLE"} if {
	contains(lib.tls_path(f), "portLevelSettings[")
} else := {entry: {"port": {"number": f.port}, "tls": {"mode": "DISABLE"}}} if {
	entry := sprintf("%s.portLevelSettings[+]", [trim_suffix(lib.tls_path(f), ".tls")])
}

# METADATA
# title: Functions that policies share
# description: |-
#   Texts and fixes for violations, and the few conditions that several policies share. Nothing here decides anything.
#   Every function that returns a text is defined for every input: in an undefined message its violation is lost.
package tlsward.lib

# METADATA
# description: The fields of a violation, with host, port, client and decidedBy taken from a flow.
flow_violation(flow, fields) := object.union(
	{"host": flow.host, "port": flow.port, "client": client_name(flow.client), "decidedBy": decided_by(flow)},
	fields,
)

# METADATA
# description: |-
#   The message of a violation: the flow, as "sidecar default to edition.cnn.com:80", and a text on what is wrong.
flow_message(flow, text) := sprintf("%s to %s:%d: %s", [client_name(flow.client), flow.host, flow.port, text]) if {
	flow.port > 0
	not flow.subset
	not flow.otherHosts
} else := sprintf(
	"%s%s%s%s: %s",
	[client_name(flow.client), _destination(flow), _subset(flow), _other_hosts(flow), text],
)

# A rule can be for a host of no port that is known, or for none.
_destination(flow) := sprintf(" to %s:%d", [flow.host, flow.port]) if {
	flow.port > 0
} else := sprintf(" to %s", [flow.host]) if {
	flow.host != ""
} else := ""

default _subset(_) := ""

_subset(flow) := sprintf(" (subset %s)", [flow.subset])

default _other_hosts(_) := ""

_other_hosts(flow) := " and one host more" if flow.otherHosts == 1

_other_hosts(flow) := sprintf(" and %d hosts more", [flow.otherHosts]) if flow.otherHosts > 1

# METADATA
# description: The name of a flow's client, as "sidecar default app=curl".
client_name(client) := sprintf("%s %s", [client.kind, client.namespace]) if {
	not client.labels
	client.namespace != "*"
} else := sprintf("%s any other namespace", [client.kind]) if {
	not client.labels
} else := concat(" ", array.concat(
	[client.kind, _namespace(client)],
	[sprintf("%s=%s", [key, value]) | some key, value in client.labels],
))

_namespace(client) := "any other namespace" if {
	client.namespace == "*"
} else := client.namespace

# METADATA
# scope: document
# description: |-
#   The last hop of a flow, which is the one to judge. For a flow without hops it is a hop without TLS.
default last_hop(_) := {"decidedBy": null, "sni": "", "verified": false}

last_hop(flow) := flow.hops[count(flow.hops) - 1] if is_array(flow.hops)

# METADATA
# scope: document
# description: The object and the field that decided the TLS of a flow's last hop, or "" where none did.
default decided_by(_) := ""

decided_by(flow) := sprintf("%s %s", [object_name(decision.object), decision.field]) if {
	decision := last_hop(flow).decidedBy
	decision.field != ""
} else := object_name(last_hop(flow).decidedBy.object)

# METADATA
# scope: document
# description: The name of the ServiceEntry that declares a flow's host.
default service_name(_) := "the ServiceEntry"

service_name(flow) := object_name(flow.service)

# METADATA
# description: The name of an object by its reference, as "DestinationRule default/edition-cnn-com".
object_name(object) := sprintf("%s %s/%s", [object.kind, object.namespace, object.name]) if {
	object.namespace
	object.kind != "KubernetesGateway"
} else := sprintf("%s %s", [_kind(object), _namespaced_name(object)])

_namespaced_name(object) := sprintf("%s/%s", [object.namespace, object.name])

_namespaced_name(object) := object.name if not object.namespace

default _kind(_) := "Gateway (gateway.networking.k8s.io)"

_kind(object) := object.kind if object.kind != "KubernetesGateway"

# METADATA
# description: Whether a flow was under TLS before the review and is in plaintext after it.
lost_tls(flow) if {
	flow.verdict == "plaintext"
	flow.before in {"originated", "double-tls", "application-tls"}
}

# METADATA
# description: |-
#   Whether a flow was in plaintext to port 80 of a server before the review, and a rule that says nothing of TLS leaves it
#   so: the ServiceEntry says that this is the server's port, else TLS would have been filled in.
stays_plaintext(flow) if {
	flow.cause == "unset"
	flow.before == "plaintext"
	80 in flow.targetPorts
}

# METADATA
# description: |-
#   Whether the rule that applies to a flow is for a wildcard over the host, and says nothing of TLS, as one that has connection
#   pools for the whole mesh. A rule for the host itself, which may still come, goes before it.
awaits_own_rule(flow) if {
	flow.cause == "unset"
	flow.wildcardRule
}

# METADATA
# description: |-
#   Whether routes led all requests of a flow to no destination before the review, and they leave in plaintext after it.
newly_routed_plaintext(flow) if {
	flow.wasUnrouted
	flow.verdict == "plaintext"
	flow.payload in {"http", "unspecified"}
}

# METADATA
# description: |-
#   Whether requests go from a gateway to a port that is not for TLS, and what is under review is the VirtualService, or the route
#   of the Gateway API, that leads it, or the Gateway that it comes in by.
plaintext_gateway_route(flow) if {
	input.request.kind in {"VirtualService", "Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "KubernetesGateway", "ListenerSet", "ReferenceGrant", "Namespace"}
	flow.client.kind == "gateway"
	flow.payload == "http"
	flow.family != "tls"
}

# METADATA
# description: |-
#   Whether a rule has a flow to a server outside under ISTIO_MUTUAL, which is the mesh's own TLS: it shows the workload's
#   certificate, and takes those of the mesh's CA alone.
outside_by_istio_mutual(flow) if {
	flow.hopKind == "egress"
	last_hop(flow).tls == "ISTIO_MUTUAL"
	last_hop(flow).decidedBy.object
}

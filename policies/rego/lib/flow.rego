# METADATA
# title: What every policy needs of a flow, a host, a principal and a fix
# description: |-
#   Names that a person can read, and the few conditions that several policies share. Nothing here decides anything.
#   Every function that words something has an answer for every input: a message that came out undefined would take
#   its violation with it.
package tlsward.lib

# at gives a violation the flow that it speaks of: host, port, client, and what decided.
at(flow, rest) := object.union(
	{"host": flow.host, "port": flow.port, "client": client(flow.client), "decidedBy": decided(flow)},
	rest,
)

# says words a violation: which flow, and what is wrong with it.
says(flow, what) := sprintf("%s to %s:%d: %s", [client(flow.client), flow.host, flow.port, what]) if {
	not flow.subset
	not flow.otherHosts
} else := sprintf(
	"%s to %s:%d%s%s: %s",
	[client(flow.client), flow.host, flow.port, _subset(flow), _also(flow), what],
)

default _subset(_) := ""

_subset(flow) := sprintf(" (subset %s)", [flow.subset])

default _also(_) := ""

_also(flow) := " and one host more" if flow.otherHosts == 1

_also(flow) := sprintf(" and %d hosts more", [flow.otherHosts]) if flow.otherHosts > 1

# client names pods as a person would: "sidecar default app=curl".
client(c) := sprintf("%s %s", [c.kind, c.namespace]) if {
	not c.labels
	c.namespace != "*"
} else := sprintf("%s any other namespace", [c.kind]) if {
	not c.labels
} else := concat(" ", array.concat([c.kind, _namespace(c)], [sprintf("%s=%s", [k, v]) | some k, v in c.labels]))

_namespace(c) := "any other namespace" if {
	c.namespace == "*"
} else := c.namespace

default last(_) := {"decidedBy": null, "sni": "", "verified": false}

# last gives the hop to judge: the one that the flow's leg ends with.
last(flow) := flow.hops[count(flow.hops) - 1] if is_array(flow.hops)

default decided(_) := ""

# decided names the object and the field that decided the flow's last hop; "" where none did.
decided(flow) := sprintf("%s %s", [ref(decision.object), decision.field]) if {
	decision := last(flow).decidedBy
	decision.field != ""
} else := ref(last(flow).decidedBy.object)

default service(_) := "the ServiceEntry"

# service names the object that declares the host.
service(flow) := ref(flow.service)

# ref names an object as a person would: "DestinationRule default/edition-cnn-com".
ref(object) := sprintf("%s %s/%s", [object.kind, object.namespace, object.name]) if {
	object.namespace
	object.kind != "KubernetesGateway"
} else := sprintf("%s %s", [_kind(object), name(object)])

# name gives "namespace/name", or the name alone for what has no namespace.
name(object) := sprintf("%s/%s", [object.namespace, object.name])

name(object) := object.name if not object.namespace

default _kind(_) := "Gateway (gateway.networking.k8s.io)"

_kind(object) := object.kind if object.kind != "KubernetesGateway"

# lost is true of a flow that was under TLS before the review and is in plaintext with it.
lost(flow) if {
	flow.verdict == "plaintext"
	flow.before in {"originated", "double-tls", "application-tls"}
}

# opened is true of requests that a route of the mesh kept from leaving before the review, and that leave in plaintext
# with it.
opened(flow) if {
	flow.wasUnrouted
	flow.verdict == "plaintext"
	flow.payload in {"http", "unspecified"}
}

# gateway_route is true of a gateway's plaintext route to a plaintext port, where the VirtualService is under review or the
# Gateway that lets it out.
gateway_route(flow) if {
	input.request.kind in {"VirtualService", "Gateway"}
	flow.client.kind == "gateway"
	flow.payload == "http"
	flow.family == "http"
}

# METADATA
# title: What every policy needs of a flow, an object's reference and a host
# description: |-
#   Names that a person can read, and the few conditions that several policies share. Nothing here decides anything.
package tlsward.lib

# at gives a violation the flow that it speaks of: host, port, client, and what decided.
at(flow, rest) := object.union_n([
	{"host": flow.host, "port": flow.port, "client": client(flow.client)},
	_decided_by(flow),
	rest,
])

# client names pods as a person would: "sidecar default app=curl".
client(c) := concat(" ", array.concat(
	[c.kind, _namespace(c.namespace)],
	[sprintf("%s=%s", [k, v]) | some k, v in object.get(c, "labels", {})],
))

_namespace(namespace) := "any other namespace" if namespace == "*"

_namespace(namespace) := namespace if namespace != "*"

# last gives the hop to judge: the one that the flow's leg ends with.
last(flow) := flow.hops[count(flow.hops) - 1]

# decided names the object and the field that decided the flow's last hop. Undefined where none did.
decided(flow) := trim_right(sprintf("%s %s", [ref(decision.object), decision.field]), " ") if {
	decision := last(flow).decidedBy
	decision != null
}

_decided_by(flow) := {"decidedBy": decided(flow)}

_decided_by(flow) := {} if not decided(flow)

# ref names an object as a person would: "DestinationRule default/edition-cnn-com".
ref(object) := sprintf("%s %s/%s", [_kind(object.kind), object.namespace, object.name])

ref(object) := sprintf("%s %s", [_kind(object.kind), object.name]) if not object.namespace

_kind(kind) := "Gateway (gateway.networking.k8s.io)" if kind == "KubernetesGateway"

_kind(kind) := kind if kind != "KubernetesGateway"

# lost is true of a flow that was under TLS before the review and is in plaintext with it.
lost(flow) if {
	flow.verdict == "plaintext"
	flow.before in {"originated", "double-tls", "application-tls"}
}

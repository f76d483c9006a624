# METADATA
# title: TLS towards a plaintext port
# description: |-
#   TLS is started towards a port of the server that is known to speak plaintext (80): the handshake fails. The webhook
#   fills a targetPort in where it may; here a person, or an endpoint, has set it.
# related_resources:
#   - ref: https://istio.io/latest/docs/tasks/traffic-management/egress/egress-tls-origination/
#     description: TLS origination for egress traffic
# custom:
#   id: wrong-target-port
#   action: warn
#   kinds: [BackendTLSPolicy, DestinationRule, GRPCRoute, Gateway, HTTPRoute, KubernetesGateway, ListenerSet, ReferenceGrant, ServiceEntry, Sidecar, TCPRoute, TLSRoute, VirtualService, WorkloadEntry]
package tlsward.wrong_target_port

import data.tlsward.lib

violation contains lib.flow_violation(f, {"message": _message(f), "fix": _fix(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.hopKind == "egress"
	f.verdict == "originated"
	80 in f.targetPorts
	not _mesh_identity(f)
}

# Where nothing sets TLS and Istio starts its own mutual TLS, the server is a workload of the mesh, on whatever port.
_mesh_identity(f) if {
	hop := lib.last_hop(f)
	hop.tls == "ISTIO_MUTUAL"
	hop.decidedBy == null
}

_message(f) := lib.flow_message(f, sprintf(
	"TLS starts towards port 80 of the server, which speaks plaintext: the handshake fails. The port is said by %s.",
	[lib.service_name(f)],
))

_fix(f) := sprintf(
	"# In %s: targetPort: 443 on port %d, or another port of the server that speaks TLS.\n",
	[lib.service_name(f), f.port],
)

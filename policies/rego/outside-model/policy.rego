# METADATA
# title: Something that Istio may obey and tlsward does not know
# description: |-
#   The object has a label or an annotation of istio.io, or a field, that tlsward's model of Istio does not have: an API or a
#   control plane that is newer than this tlsward, or a feature that it does not follow. Or an EnvoyFilter patches what
#   leaves from proxies: told at the EnvoyFilter, at each object whose connections it may change, and where a patch goes that
#   started TLS; or it changes whom sidecars let in. Or a WasmPlugin or a TrafficExtension has code in what leaves. Or a PeerAuthentication takes mutual TLS from the way to pods (DISABLE), or lets
#   plaintext in beside it where it was STRICT, or a ProxyConfig changes what proxies take or which they are. Or a route of
#   the Gateway API leads out of the mesh from a gateway that is not followed. Or a BackendTLSPolicy names a ConfigMap with CA certificates. Or TLS ends at a proxy outside that passes bytes on (tunnel of a DestinationRule). What Istio makes of it,
#   and whether TLS still stands, nobody has answered for. Or it is for
#   another revision's control plane, where several are installed, or clients' pods belong to one. Or a ServiceEntry has a name that
#   ambient pods, or those whose sidecars capture DNS, ask for first when they call another host, by a search domain. Or the address of a WorkloadEntry becomes a name, and
#   Services keep the former one. Or an Ingress is of Istio's own class. Or a headless Service without a selector is for bytes on a port of servers outside. A warning; a denial under strict. A Gateway outside the root namespace
#   is refused whose annotation internal.istio.io/gateway-service, which is Istio's own, takes the place of its selector.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/labels/
#     description: Resource labels
#   - ref: https://istio.io/latest/docs/reference/config/annotations/
#     description: Resource annotations
#   - ref: https://istio.io/latest/docs/reference/config/networking/envoy-filter/
#     description: EnvoyFilter
# custom:
#   id: outside-model
#   action: warn
#   strongest: deny
#   kinds: [AuthorizationPolicy, BackendTLSPolicy, DestinationRule, EnvoyFilter, GRPCRoute, Gateway, HTTPRoute, Ingress, KubernetesGateway, ListenerSet, Namespace, PeerAuthentication, ProxyConfig, ReferenceGrant, RequestAuthentication, Service, ServiceEntry, Sidecar, TCPRoute, TLSRoute, TrafficExtension, VirtualService, WasmPlugin, WorkloadEntry]
package tlsward.outside_model

import data.tlsward.lib

violation contains object.union(
	{"message": _message(unknown), "decidedBy": lib.reviewed_field(unknown.field), "fix": _fix(unknown)},
	_action(unknown),
) if {
	some unknown in input.outsideModel
	not unknown.object
	not unknown.startsPlaintext
	not unknown.means == "any-certificate"
	not unknown.means == "wide-match"
}

violation contains {
	"message": sprintf(
		"%s to %s:%d: %s %s %s: what is said of this connection may be wrong.",
		[lib.client_name(unknown.client), unknown.host, unknown.port, lib.object_name(unknown.object), unknown.field, _other_text(unknown)],
	),
	"client": lib.client_name(unknown.client),
	"host": unknown.host,
	"port": unknown.port,
	"decidedBy": sprintf("%s %s", [lib.object_name(unknown.object), unknown.field]),
	"fix": "# Compare what the proxy really has: istioctl proxy-config cluster POD -o yaml\n",
} if {
	some unknown in input.outsideModel
	unknown.object
	unknown.client
}

_other_text(unknown) := "gives these pods to a control plane that is here too, and that is not judged" if {
	unknown.means == "revision"
} else := "patches what leaves from these proxies"

# It is nobody's to write, and puts servers and routes on the pods of everybody's gateway.
default _action(_) := {}

_action(unknown) := {"action": "deny"} if unknown.means == "gateway-pods"

_message(unknown) := sprintf(
	"%s: %s started TLS, and this %s takes it away: where no DestinationRule starts it, what these clusters send leaves the mesh in plaintext.",
	[lib.object_name(lib.reviewed_object), unknown.field, input.request.operation],
) if {
	unknown.means == "tls-withdrawn"
} else := sprintf(
	"%s: %s patches what leaves from proxies; tlsward does not follow EnvoyFilters: whether TLS still stands on the connections of these proxies, it cannot say.",
	[lib.object_name(lib.reviewed_object), unknown.field],
) if {
	unknown.patch
} else := sprintf("%s: %s %s", [lib.object_name(lib.reviewed_object), unknown.field, _meanings[unknown.means]]) if {
	unknown.means
} else := sprintf(
	"%s: Istio may obey %s, which tlsward does not know: what is said of the connections that this object moves may be wrong.",
	[lib.object_name(lib.reviewed_object), unknown.field],
)

_meanings := {
	"no-mtls": "lets other proxies send plaintext to these pods, an egress gateway's too, where no rule says ISTIO_MUTUAL; tlsward does not follow it.",
	"not-strict": "no longer keeps plaintext out of these pods, where mutual TLS was STRICT: callers without a workload identity reach them.",
	"extension": "has code of your own, or of others, in what leaves from proxies: it may change headers and routes, and call servers; tlsward does not follow it.",
	"capture": "changes which connections these proxies take, how names are resolved or with which certificates they speak; tlsward does not follow it.",
	"inbound": "changes what the sidecars of these pods take and whom they let in, past AuthorizationPolicies and mutual TLS if it says so; tlsward does not follow it.",
	"revision": "gives the object to a control plane that is here too, but has no pods that are known, or is not judged: what this object does in that one's mesh, nobody has answered for.",
	"gateway-route": "attaches it to a gateway that tlsward does not follow (of another class than Istio's own, or for pods of several Services), and it leads out of the mesh: whether what comes there leaves under TLS, it cannot say.",
	"gateway-addresses": "names other pods than those of one Service beside the Gateway; tlsward does not follow that: which proxies have these listeners, and the routes that are attached to them, it cannot say.",
	"istio-ingress": "has Istio make a Gateway for its ingress gateway of it, which lets anybody in, and VirtualServices, which nobody reviews: what they lead out in plaintext, or take from others' routes there, tlsward does not see.",
	"image": "names a proxy that Istio does not publish: what it makes of its configuration, tlsward cannot say.",
	"ca-certificates": "names a ConfigMap, and tlsward reads none: where it is not there, or has no ca.crt, sidecars start no TLS, and what they send leaves in plaintext.",
	"tunnel": "has this host, a proxy, pass on what is sent to it: TLS ends there, and what goes on is as the application wrote it; tlsward does not follow it.",
	"former-address": "is no IP address any more: Services that select this WorkloadEntry keep the one that it had, outside the mesh, until istiod starts again.",
	"search-domain": "ends in a search domain of pods: what calls a host by the name before it asks for this name first, and ztunnel, or a sidecar that captures DNS, answers with this entry, also where somebody declares that host later.",
	"endpoint-slice": "is for bytes of a headless Service without a selector: proxies have a listener for each address of its EndpointSlices, which tlsward does not read, so that one with the address of a server outside takes what everybody sends there, as it is.",
	"gateway-pods": "takes the place of spec.selector, so that the pods of any gateway may get this Gateway's servers; it is Istio's alone to write, and tlsward goes by the selector.",
}

_only_server(field) := {field: [{"mode": "SERVER"}]} if {
	field == "spec.match"
} else := {field: "SERVER"}

_fix(unknown) := "# See that a DestinationRule starts TLS for the host first: tlsward explain HOST:PORT\n" if {
	unknown.means == "tls-withdrawn"
} else := sprintf("# If it is for what comes in alone; else compare what the proxies have: istioctl proxy-config\n%s", [lib.set_fields(
	lib.reviewed_object,
	{sprintf("%s.match.context", [unknown.field]): "SIDECAR_INBOUND"},
)]) if {
	unknown.patch
} else := "# Write another PeerAuthentication with mode STRICT for the same pods first.\n" if {
	unknown.means == "not-strict"
	input.request.operation == "DELETE"
} else := sprintf("# If it is for what comes in alone:\n%s", [lib.set_fields(lib.reviewed_object, _only_server(unknown.field))]) if {
	unknown.means == "extension"
} else := sprintf("# Where all callers have proxies:\n%s", [lib.set_fields(lib.reviewed_object, {unknown.field: "STRICT"})]) if {
	unknown.field == "spec.mtls.mode"
} else := sprintf("# Where all callers have proxies, let %s be STRICT.\n", [unknown.field]) if {
	unknown.means in {"no-mtls", "not-strict"}
} else := sprintf("# Let spec.selector say which pods the Gateway is for:\n%s", [lib.set_fields(lib.reviewed_object, {unknown.field: null})]) if {
	unknown.means == "gateway-pods"
} else := sprintf("# Where the application starts TLS itself, declare the protocol of the host's port as TLS. Where there is no such proxy:\n%s", [lib.set_fields(
	lib.reviewed_object,
	{unknown.field: null},
)]) if {
	unknown.means == "tunnel"
} else := "# Say whom to let in with an AuthorizationPolicy and a PeerAuthentication; else compare what the pods have: istioctl proxy-config listener POD --port 15006 -o yaml\n" if {
	unknown.means == "inbound"
} else := "# Write a Gateway and a VirtualService in its place: these are reviewed.\n" if {
	unknown.means == "istio-ingress"
} else := "# Delete this WorkloadEntry and create it anew: then Istio forgets the address that it had.\n" if {
	unknown.means == "former-address"
} else := sprintf("# Apply the ConfigMap first. If the CAs of the system do:\n%s", [lib.set_fields(
	lib.reviewed_object,
	{"spec.validation.caCertificateRefs": null, "spec.validation.wellKnownCACertificates": "System"},
)]) if {
	unknown.means == "ca-certificates"
} else := "# Let spec.selector say which pods it is for, or name in the annotation networking.istio.io/exportTo who uses it (\".\": its own namespace).\n" if {
	unknown.means == "endpoint-slice"
} else := "# Leave this name out of spec.hosts.\n" if {
	unknown.means == "search-domain"
} else := "# Attach it to a Gateway of class istio, with no addresses or one Service of its namespace, which is followed.\n" if {
	unknown.means == "gateway-route"
} else := "# Name one Service of the Gateway's namespace, or none; write a Gateway for each Service.\n" if {
	unknown.means == "gateway-addresses"
} else := sprintf("# If it is not needed; else ask whether a newer tlsward knows it:\n%s", [lib.set_fields(
	lib.reviewed_object,
	{unknown.field: null},
)])

# METADATA
# title: A caller without a workload identity is let in
# description: |-
#   An ALLOW rule admits a caller without asking which workload it is: a source, or a rule without sources, names no
#   principal and no service account. Namespaces, addresses and tokens name no workload; the params acceptNamespaces and
#   acceptRequestPrincipals accept the first and the last. Gateways whose clients come from outside are exempt, for those have no identity in the mesh.
#   Deleting a policy that keeps such callers out, or changing what it does (to AUDIT, a dry run, other workloads), lets them
#   in as well, where no other policy keeps them out of the same workloads. For a DENY policy none of the ALLOW policies there may let
#   them in to anything. Where no Service leads to these any more, or but to
#   those that have a policy of their own, or the policy was for some of their ports or requests alone, it warns. So it does where a Service, its
#   Namespace or a Gateway takes the waypoint away that alone obeys a policy with targetRefs, or where the labels of a Namespace take
#   its pods out of the mesh, or its policies from the control plane, or where an ingress listener of a Sidecar leads past the ports
#   of a policy or of a PeerAuthentication.
#   A Gateway's server, or listener, without ISTIO_MUTUAL lets them out of an egress gateway, to a host for which others on the same pods ask
#   for an identity (and so does one that takes any certificate for it, by insecureSkipVerify): that is denied to a namespace that has neither these pods nor the host to itself, and warned of elsewhere. Of such a certificate
#   it warns wherever a Gateway asks for one, and refuses it where an AuthorizationPolicy for the pods goes by the identity in it.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/security/authorization-policy/
#     description: AuthorizationPolicy
# schemas:
#   - data.params: schema.params
# custom:
#   id: missing-principals
#   action: deny
#   kinds: [AuthorizationPolicy, GRPCRoute, Gateway, GatewayClass, HTTPRoute, KubernetesGateway, ListenerSet, Namespace, ReferenceGrant, Service, Sidecar, TCPRoute, TLSRoute, VirtualService]
package tlsward.missing_principals

import data.tlsward.lib

violation contains object.union(
	{"message": _message(gap), "decidedBy": lib.reviewed_field(gap.path), "fix": _fix(gap)},
	_lowered,
) if {
	input.request.kind == "AuthorizationPolicy"
	lib.is_allow_policy(input.object)
	not _only_at_ingress_gateways
	not _is_dry_run
	some gap in _gaps
	not gap in _beyond
}

# The others are told once those are mended.
violation contains object.union(
	{
		"message": sprintf("%s: %d more of its sources, or rules without any, ask for no workload identity.", [lib.object_name(lib.reviewed_object), left]),
		"decidedBy": lib.object_name(lib.reviewed_object),
	},
	_lowered,
) if {
	input.request.kind == "AuthorizationPolicy"
	lib.is_allow_policy(input.object)
	not _only_at_ingress_gateways
	not _is_dry_run
	first := min(_beyond)
	some gap in _gaps
	gap == first
	left := count(_beyond)
}

# What the policy kept out before, and nothing does after the review.
violation contains object.union(
	{
		"message": _opened_message,
		"decidedBy": lib.object_name(lib.reviewed_object),
		"fix": _opened_fix,
	},
	_opened_lowered,
) if {
	input.opened
	not input.opened.policy
}

# What a policy kept out that another object takes out of force. A waypoint may have to go, or a namespace leave the mesh: it is told.
violation contains {
	"action": "warn",
	"message": sprintf(
		"%s: after this, %s: whoever reaches the pods is let in, plaintext callers included.",
		[lib.object_name(lib.reviewed_object), _out_of_force[input.opened.by]],
	),
	"decidedBy": _decided_by_field,
	"fix": _in_force[input.opened.by],
} if {
	input.opened.policy
}

_decided_by_field := lib.reviewed_field(input.opened.field) if {
	input.opened.field
} else := lib.object_name(lib.reviewed_object)

_out_of_force := {
	"waypoint": sprintf("no waypoint obeys %s for %s. It has targetRefs, which ztunnel does not read", [_lost_policy, concat(", ", input.opened.reachedBy)]),
	"unread": sprintf("the control plane of the namespace's pods does not read %s, by its discoverySelectors or by istio.io/rev", [_lost_policy]),
	"sidecar": sprintf("%s leads to port %s of the pods past %s, which is not for the port of the listener", [
		object.get(input.opened, "field", ""),
		concat(" and ", lib.list_field(input.opened, "ports")),
		_lost_policy,
	]),
	"no-proxy": sprintf("no ztunnel is before the namespace's pods, or no sidecar before those that start, to enforce %s", [_lost_policy]),
}

_lost_policy := lib.object_name(input.opened.policy)

_in_force := {
	"waypoint": concat("", [
		"# Write first, in the namespace of the pods, an ALLOW policy with a selector for them that names who may call:\n",
		"# ztunnel obeys that itself. Or let the waypoint stay.\n",
	]),
	"unread": "# Let the namespace keep its labels, or write the policy first where the control plane reads it.\n",
	"sidecar": "# Have the policy name the port of the listener, too, or lead to another one.\n",
	"no-proxy": concat("", [
		"# Keep callers out by other means first, as a NetworkPolicy. Or let the namespace keep its labels.\n",
		"# Where sidecars take the place of ztunnel, restart the pods at once: those that run have neither.\n",
	]),
}

# An egress gateway's server for anybody beside those that ask for an identity.
violation contains object.union(
	lib.flow_violation(f, {"message": _server_message(f), "decidedBy": _server_name(f.opened), "fix": _server_fix(f.opened)}),
	_server_lowered(f.opened),
) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.opened
}

default _server_lowered(_) := {}

_server_lowered(server) := {"action": "warn"} if server.owned

_server_name(server) := sprintf("%s %s", [lib.object_name(server.gateway), lib.server_path(server.gateway, server.server)])

_server_message(f) := lib.flow_message(f, concat("", [
	sprintf("%s (port %d, %s) %s, ", [_server_name(f.opened), f.opened.port, f.opened.protocol, _asks_for(f.opened)]),
	sprintf("and %s leads from it to this host. %s, ", [lib.object_name(f.opened.route), lib.object_name(f.opened.guarded)]),
	"on the same pods, lets only callers with one out there: after this, whoever reaches the port gets out, plaintext callers included.",
]))

_asks_for(server) := "takes any certificate for its callers' workload identity (insecureSkipVerify)" if {
	server.anyCertificate
} else := "asks its callers for no workload identity"

# A server for which an identity is what somebody writes into a certificate.
violation contains object.union(
	{
		"message": sprintf(
			"%s: %s has the server on port %d take any certificate, also one that nobody has signed: %s",
			[lib.object_name(lib.reviewed_object), certificate.field, certificate.port, _forged(certificate)],
		),
		"port": certificate.port,
		"decidedBy": lib.reviewed_field(certificate.field),
		"fix": concat("", ["# Have it check the certificates of its callers:\n", lib.set_fields(lib.reviewed_object, {certificate.field: null})]),
	},
	_certificate_lowered(certificate),
) if {
	some certificate in input.outsideModel
	certificate.means == "any-certificate"
}

_forged(certificate) := sprintf(
	"whoever writes the identity into it that %s asks for, on these pods, is let in.",
	[lib.object_name(certificate.object)],
) if {
	certificate.object
} else := "what it says of a caller is worth nothing, to policies and to the servers behind."

default _certificate_lowered(_) := {"action": "warn"}

_certificate_lowered(certificate) := {} if certificate.object

_server_fix(server) := concat("", [
	"# Let the server ask for an identity:\n",
	lib.mutual_server(server.gateway, server.server, _mutual_protocol(server)),
])

# Requests need a server that routes them, other bytes one that passes them on.
_mutual_protocol(server) := "TLS" if {
	upper(server.protocol) in {"TCP", "TLS", "MONGO", "MYSQL", "REDIS"}
} else := "HTTPS"

default _opened_lowered := {}

# An application that goes as a whole has lost its Services, and what the policy targets, before: it must not hang.
_opened_lowered := {"action": "warn"} if {
	count(lib.list_field(input.opened, "reachedBy")) == 0
	not input.opened.stillSelected
}

# The other ports let them in all the time.
_opened_lowered := {"action": "warn"} if count(lib.list_field(input.opened, "ports")) > 0

_opened_lowered := {"action": "warn"} if count(lib.list_field(input.opened, "requests")) > 0

_opened_lowered := {"action": "warn"} if {
	input.request.operation == "DELETE"
	data.params["missing-principals"].acceptDeletion == true
}

_opened_message := concat("", [
	sprintf(
		"%s kept callers without a workload identity out of %s%s%s%s. ",
		[lib.object_name(lib.reviewed_object), _opened_requests, _opened_ports, _opened_workloads, _reached_by],
	),
	sprintf("After this, no policy does%s: %s is let in, plaintext callers included.", [_but_others, _whoever]),
])

_whoever := sprintf("whoever asks for what %s allows without asking for one", [lib.object_name(input.opened.letInBy)]) if {
	input.opened.letInBy
} else := "whoever reaches the port"

default _but_others := ""

_but_others := " where they have none of their own" if input.opened.othersGuarded

default _opened_requests := ""

_opened_requests := sprintf("requests (%s)%s", [concat("; ", input.opened.requests), _to_or_and]) if {
	count(lib.list_field(input.opened, "requests")) > 0
}

_to_or_and := ", and " if count(lib.list_field(input.opened, "ports")) > 0

else := " to "

default _opened_ports := ""

_opened_ports := sprintf("port %s of ", [concat(" and ", input.opened.ports)]) if count(lib.list_field(input.opened, "ports")) > 0

_opened_workloads := concat(", ", input.opened.targets) if {
	count(lib.list_field(input.opened, "targets")) > 0
} else := sprintf("the pods with %s of namespace %s", [_selector_text, input.request.namespace]) if {
	some _ in input.opened.selector
} else := sprintf("all workloads to which the policies of namespace %s apply", [input.request.namespace])

_selector_text := concat(",", [sprintf("%s=%s", [key, value]) | some key, value in input.opened.selector])

default _reached_by := ""

_reached_by := sprintf(" (%s)", [concat(", ", input.opened.reachedBy)]) if {
	count(lib.list_field(input.opened, "targets")) == 0
	count(lib.list_field(input.opened, "reachedBy")) > 0
}

_opened_fix := concat("", [
	"# Write first, under another name, an ALLOW policy for the same workloads that names who may call.\n",
	"# If they are gone, with the Services that led to them, there is nothing to do.\n",
]) if {
	input.request.operation == "DELETE"
	count(lib.list_field(input.opened, "reachedBy")) == 0
} else := sprintf("# Name first, in each rule of %s, who may call: what one ALLOW policy lets in, no other keeps out.\n", [lib.object_name(input.opened.letInBy)]) if {
	input.request.operation == "DELETE"
	input.opened.letInBy
} else := concat("", [
	"# Write first, under another name, an ALLOW policy for the same workloads that names who may call.\n",
	"# If the workloads are to go, delete what leads to them first.\n",
]) if {
	input.request.operation == "DELETE"
} else := concat("", ["# Let it enforce what it did:\n", lib.set_fields(lib.reviewed_object, _as_it_was)])

_as_it_was := {
	"spec": object.get(object.get(input, "oldObject", {}), "spec", {}),
	"metadata.annotations[istio.io/dry-run]": null,
	"metadata.labels[istio.io/rev]": null,
}

# Clients of an ingress gateway have no mesh identity.
_only_at_ingress_gateways if {
	count(lib.list_field(input.callers, "ingress")) > 0
	count(lib.list_field(input.callers, "unknown")) == 0
	not _enforced_elsewhere
}

_enforced_elsewhere if input.callers.workloads

_enforced_elsewhere if count(lib.list_field(input.callers, "waypoints")) > 0

# Before its Gateway is there, nobody knows whose clients the policy admits.
default _lowered := {}

_lowered := {"action": "warn"} if {
	count(lib.list_field(input.callers, "unknown")) > 0
	not _enforced_elsewhere
}

# A policy that is not enforced lets nobody in.
_is_dry_run if input.object.metadata.annotations["istio.io/dry-run"] == "true"

# How many gaps are told one by one, each with its fix: more would be read by nobody, and cost more than the rest of a review.
_most_gaps := 64

# Sources are alternatives: each of them has to require an identity, unless a condition of the rule does. The keys of a gap are
# compared in their order: "at" comes first.
_gaps contains {
	"at": [i, j],
	"path": sprintf("spec.rules[%d].from[%d].source", [i, j]),
	"namespaces": array.concat(lib.list_field(_source(from), "namespaces"), _namespaces_of_conditions(rule)),
	"trustDomains": lib.list_field(_source(from), "trustDomains"),
	"excluded": lib.list_field(_source(from), "notNamespaces"),
	"butFor": lib.list_field(_source(from), "notPrincipals"),
	"param": _accepting_param(_source(from)),
} if {
	some i, rule in input.object.spec.rules
	some j, from in rule.from
	not _source_has_identity(from)
	not _condition_on_identity(rule)
}

# A rule without sources admits anyone.
_gaps contains {
	"at": [i],
	"path": sprintf("spec.rules[%d]", [i]),
	"namespaces": _namespaces_of_conditions(rule),
	"trustDomains": [],
	"excluded": [],
	"butFor": [],
	"param": "",
} if {
	some i, rule in input.object.spec.rules
	not _has_sources(rule)
	not _condition_on_identity(rule)
}

# Those that are not told one by one. It is one value, for the elements of a set of rules are looked for one by one.
default _beyond := set()

_beyond := {gap | some gap in array.slice([gap | some gap in _gaps], _most_gaps, count(_gaps))} if count(_gaps) > _most_gaps

# The param of this policy that would accept a source.
_accepting_param(source) := "acceptNamespaces" if {
	count(lib.list_field(source, "namespaces")) > 0
} else := "acceptRequestPrincipals" if {
	count(lib.list_field(source, "requestPrincipals")) > 0
} else := ""

_has_sources(rule) if some _ in rule.from

default _source(_) := {}

_source(from) := from.source if is_object(from.source)

# Whoever has to be of a namespace has to prove it by its certificate.
_namespaces_of_conditions(rule) := [value |
	some condition in lib.list_field(rule, "when")
	condition.key == "source.namespace"
	some value in lib.list_field(condition, "values")
]

_source_has_identity(from) if some _ in from.source.principals

_source_has_identity(from) if some _ in from.source.serviceAccounts

_source_has_identity(from) if {
	data.params["missing-principals"].acceptNamespaces == true
	some _ in from.source.namespaces
}

_source_has_identity(from) if {
	data.params["missing-principals"].acceptRequestPrincipals == true
	some _ in from.source.requestPrincipals
}

_condition_on_identity(rule) if {
	some condition in lib.list_field(rule, "when")
	condition.key in {"source.principal", "source.serviceAccount"}
	count(lib.list_field(condition, "values")) > 0
}

_message(gap) := sprintf(
	"%s asks for no workload identity: any workload of namespace %s is let in.",
	[lib.reviewed_field(gap.path), concat(" or ", gap.namespaces)],
) if {
	count(gap.namespaces) > 0
} else := sprintf(
	"%s asks for no workload identity: sidecars and waypoints let in any workload of trust domain %s, and ztunnel, which does not read trustDomains, whoever reaches the port%s.",
	[lib.reviewed_field(gap.path), concat(" or ", gap.trustDomains), _exception(gap)],
) if {
	count(gap.trustDomains) > 0
} else := sprintf(
	"%s asks for no workload identity: whoever reaches the port is let in%s, plaintext callers included.",
	[lib.reviewed_field(gap.path), _exception(gap)],
)

default _exception(_) := ""

_exception(gap) := sprintf(" but %s", [concat(" and ", gap.butFor)]) if count(gap.butFor) > 0

default _accepting(_) := ""

_accepting(gap) := sprintf("# Or accept this everywhere: params: {missing-principals: {%s: true}} in tlsward's Config.\n", [gap.param]) if {
	gap.param != ""
}

_fix(gap) := concat("", [
	_accepting(gap),
	"# Name the workloads that may call:\n",
	lib.set_fields(lib.reviewed_object, _principals(gap)),
])

_principals(gap) := {sprintf("%s.principals", [gap.path]): _example_principals(gap)} if {
	endswith(gap.path, ".source")
} else := {sprintf("%s.from", [gap.path]): [{"source": {"principals": _example_principals(gap)}}]}

# Principals count beside the namespaces and trust domains that the rule asks for: callers of other ones would not get in.
_example_principals(gap) := [replace(lib.unnamed_principal(namespace), "cluster.local/", sprintf("%s/", [domain])) |
	some domain in _example_trust_domains(gap)
	some namespace in _example_namespaces(gap)
]

_example_trust_domains(gap) := named if {
	named := [domain | some domain in gap.trustDomains; not contains(domain, "*")]
	count(named) > 0
} else := ["cluster.local"]

_example_namespaces(gap) := named if {
	named := [replace(namespace, "*", "any") | some namespace in gap.namespaces; namespace != "*"]
	count(named) > 0 # and not "some": the list would be made once for each of its namespaces
} else := [input.request.namespace] if {
	not input.request.namespace in gap.excluded
} else := ["other"]

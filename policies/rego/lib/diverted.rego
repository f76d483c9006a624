package tlsward.lib

# METADATA
# description: Whether only clients of the namespace of the object under review are concerned.
only_own_clients(flow) if flow.client.namespace == input.request.namespace

# METADATA
# description: Whether a flow to a service of the mesh is to one of the namespace of the object under review, and still goes there.
is_own_service(flow) if {
	flow.hopKind == "mesh"
	not flow.diverted
	flow.service.namespace == input.request.namespace
}

# METADATA
# description: What happens to a diverted flow, without the flow.
diverted_text(flow) := sprintf("%s to http://%s/ go to this host or to %s, %s, as Istio happens to order them: %s has the address, too.", [
	connections(flow),
	flow.diverted.name,
	flow.diverted.to,
	_chance_where(flow),
	object_name(flow.diverted.by),
]) if {
	flow.diverted.byChance
} else := sprintf("%s would lose %s by this %s: %s.", [
	connections(flow),
	_lost_protection(flow),
	input.request.operation,
	_diversion_text(flow),
])

_chance_where(flow) := "another server outside the mesh" if {
	flow.diverted.outside
} else := "inside the mesh"

# METADATA
# description: What goes by a flow, as the subject of a sentence.
connections(flow) := "requests" if {
	flow.payload == "http"
} else := "connections"

_lost_protection(flow) := "TLS" if {
	flow.service.kind == "ServiceEntry"
	flow.cause in {"routed-elsewhere", "other-name"}
} else := "TLS" if {
	flow.service.kind == "ServiceEntry"
	_is_left_to_plaintext(flow)
} else := "the mesh's own mutual TLS, with the check of who answers,"

# Whether a flow still goes where it went, and no rule starts TLS for it.
_is_left_to_plaintext(flow) if {
	not flow.diverted
	input.request.kind == "DestinationRule"
}

_diversion_text(flow) := sprintf("they would go to %s, %s, since %s", [flow.diverted.to, _where(flow), _taken_since(flow)]) if {
	flow.diverted
} else := cause_text(flow)

_where(flow) := sprintf("outside the mesh (%s)", [object_name(flow.diverted.service)]) if {
	flow.diverted.outside
} else := "in plaintext by the rule for its subset" if {
	flow.diverted.service == flow.service
} else := sprintf("of another namespace (%s), in plaintext unless its pods take mutual TLS", [object_name(flow.diverted.service)])

_taken_since(flow) := sprintf("Istio cuts %s at its first .svc. to %s, a name of %s, too", [
	flow.diverted.shortOf,
	flow.diverted.name,
	object_name(flow.service),
]) if {
	flow.diverted.shortOf
} else := sprintf("%s is a name of %s, too, and %s takes it", [
	flow.diverted.name,
	object_name(flow.service),
	object_name(flow.diverted.by),
]) if {
	flow.cause == "other-name"
} else := sprintf("clients that ask for %s ask for it with a search domain of theirs first, and ztunnel has %s for that name", [
	flow.diverted.name,
	object_name(flow.diverted.by),
]) if {
	flow.diverted.name
} else := sprintf("%s routes them there", [object_name(flow.diverted.by)]) if {
	flow.cause == "routed-elsewhere"
} else := sprintf("the listener of %s takes all that is sent to %s, an address of %s", [
	object_name(flow.diverted.by),
	flow.diverted.addresses,
	object_name(flow.service),
]) if {
	flow.diverted.addresses
} else := sprintf("the listener of %s takes the whole port", [object_name(flow.diverted.by)])

# METADATA
# description: The fix for a diverted flow.
keep_with_service(flow) := keep_object if {
	input.request.operation == "DELETE"
} else := sprintf("# Name the namespaces of these clients, too, in the annotation networking.istio.io/exportTo of %s.\n", [object_name(flow.service)]) if {
	flow.cause == "not-exported"
} else := sprintf("# Leave port %d of %s as it is while others call it.\n", [flow.port, object_name(flow.service)]) if {
	flow.cause == "declared-otherwise"
} else := "# Declare the server by a ServiceEntry, with a DestinationRule that starts TLS, first.\n" if {
	flow.cause == "renamed"
} else := "# Lead to a subset, or a service, whose rule does not disable TLS.\n" if {
	is_own_service(flow)
	input.request.kind != "DestinationRule"
} else := sprintf("# Let a rule start TLS (mode SIMPLE) as long as the servers of %s take it: inside the mesh Istio starts its own only for those that have a sidecar.\n", [object_name(flow.service)]) if {
	not flow.diverted
	flow.service.kind == "ServiceEntry"
} else := sprintf("# Where the pods of %s have a sidecar, leave these settings out: Istio starts mutual TLS by itself.\n", [object_name(flow.service)]) if {
	not flow.diverted
} else := sprintf("# Take %s out of spec.addresses of %s: it is an address of %s. Or let its spec.exportTo be [\".\"].\n", [
	flow.diverted.name,
	object_name(flow.diverted.service),
	object_name(flow.service),
]) if {
	flow.diverted.byChance
} else := sprintf("# Take %s out of spec.addresses of the entry for which %s is: it is an address of %s. Or let its spec.exportTo be [\".\"].\n", [
	flow.diverted.name,
	object_name(flow.diverted.by),
	object_name(flow.service),
]) if {
	_by_shared_address(flow)
} else := sprintf("# Leave %s out of %s: it is a name of %s. Or let spec.exportTo be [\".\"].\n", [
	object.get(flow.diverted, "shortOf", flow.diverted.name),
	object_name(flow.diverted.by),
	object_name(flow.service),
]) if {
	flow.cause == "other-name"
} else := sprintf("# Write the route in namespace %s, whose host it is, or let spec.exportTo of %s be [\".\"], for its own clients.\n", [
	flow.service.namespace,
	object_name(flow.diverted.by),
]) if {
	flow.cause == "routed-elsewhere"
} else := _other_host(object_name(flow.diverted.by), flow.diverted.to) if {
	flow.diverted.name
} else := sprintf(
	"# Name in spec.addresses of %s only servers of %s: ztunnel has one service for an address, whatever its exportTo.\n",
	[object_name(flow.diverted.by), flow.diverted.to],
) if {
	flow.client.kind == "ztunnel"
} else := sprintf("# Name in spec.addresses of %s only servers of %s, or take another port, or let spec.exportTo be [\".\"].\n", [
	object_name(flow.diverted.by),
	flow.diverted.to,
])

# A route takes requests for an address that its entry has, and does not name it.
_by_shared_address(flow) if {
	flow.diverted.by.kind == "VirtualService"
	_is_address(flow.diverted.name)
	not flow.diverted.name in object.get(input.object.spec, "hosts", [])
}

_is_address(name) if contains(name, ":")

_is_address(name) if regex.match(`^[0-9.]+$`, name)

# The fix for a host that is a name with a search domain behind it.
_other_host(entry, host) := sprintf("# Leave %s out of spec.hosts of %s: it ends in a search domain of the cluster, so that clients ask for it when they mean another host.\n", [host, entry])

# METADATA
# description: |-
#   What happens to a flow whose connections somebody else's object takes that was there before the host was, or its TLS, without
#   the flow.
awaited_text(flow) := sprintf("%s, which would be encrypted, are answered by %s in the server's place: it is neither of these clients' namespace nor of the host's.", [
	connections(flow),
	object_name(flow.diverted.by),
]) if {
	flow.cause == "answered"
} else := sprintf("%s, which would be encrypted, may go to %s in plaintext (%s): its listener takes all that is sent to %s, where the host may be.", [
	connections(flow),
	flow.diverted.to,
	object_name(flow.diverted.by),
	flow.diverted.addresses,
]) if {
	flow.cause == "other-listener"
} else := sprintf("%s, which would be encrypted, go to %s, %s (%s): %s, which is neither of these clients' namespace nor of the host's, routes them there.", [
	connections(flow),
	flow.diverted.to,
	_awaited_where(flow),
	object_name(flow.diverted.service),
	object_name(flow.diverted.by),
])

_awaited_where(flow) := "another server outside the mesh" if {
	flow.diverted.outside
} else := "inside the mesh"

# METADATA
# description: How the owner of an object that waited for a host gives the host back.
give_back(flow) := sprintf("# Have spec.addresses of %s name only servers of %s, or its spec.exportTo be [\".\"], for its own clients.\n", [
	object_name(flow.diverted.by),
	flow.diverted.to,
]) if {
	flow.cause == "other-listener"
} else := sprintf("# Have %s leave %s out of its hosts, or its spec.exportTo be [\".\"], for its own clients.\n", [
	object_name(flow.diverted.by),
	flow.host,
])

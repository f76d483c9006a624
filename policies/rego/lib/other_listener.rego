package tlsward.lib

# METADATA
# description: What happens to the connections of a flow that the listener of another host takes, without the flow.
taken_text(flow) := sprintf(
	"%s was encrypted before this %s and would go to %s in plaintext: sidecars that capture DNS (ISTIO_META_DNS_CAPTURE) have no address of %s, and answer with that of %s for it.",
	[payload_text(flow), input.request.operation, flow.takenBy.host, flow.takenBy.name, object_name(flow.takenBy.service)],
) if {
	_is_by_captured_name(flow)
} else := sprintf(
	"%s was encrypted before this %s and would go to %s in plaintext: clients that ask for %s ask for it with a search domain of theirs first, and ztunnel has %s for that name.",
	[payload_text(flow), input.request.operation, flow.takenBy.host, flow.takenBy.name, object_name(flow.takenBy.service)],
) if {
	flow.takenBy.name
} else := sprintf(
	"requests were encrypted before this %s, as all bytes are, and would leave in plaintext: %s has the proxy look for requests on the port, and those for %s are passed on.",
	[input.request.operation, _taker(flow), flow.host],
) if {
	flow.takenBy.requests
} else := sprintf(
	"%s was encrypted before this %s and would leave in plaintext: %s has resolution NONE, so that ztunnel passes on all that is sent to %s, on every port.",
	[payload_text(flow), input.request.operation, object_name(flow.takenBy.service), flow.takenBy.addresses],
) if {
	flow.takenBy.passedOn
} else := sprintf("%s was encrypted before this %s and %s go to %s in plaintext: %s takes %s before a request is read.", [
	payload_text(flow),
	input.request.operation,
	_would(flow),
	flow.takenBy.host,
	_taker(flow),
	_taken_connections(flow),
])

# Whether the sidecar answers for the flow's host with the address of the other one.
_is_by_captured_name(flow) if {
	flow.takenBy.name
	flow.client.kind == "sidecar"
}

_would(flow) := "may" if {
	flow.takenBy.possible
} else := "would"

_taker(flow) := sprintf("its port %d for %s (%s)", [flow.port, _bytes(flow), object_name(flow.takenBy.service)])

_bytes(flow) := upper(flow.takenBy.protocol) if {
	flow.takenBy.protocol != ""
} else := "any protocol"

_taken_connections(flow) := sprintf("connections to %s, where %s may be,", [flow.takenBy.addresses, flow.host]) if {
	flow.takenBy.possible
} else := sprintf("connections to %s", [flow.takenBy.addresses]) if {
	_has_addresses(flow)
} else := "all connections that have no address of their own"

_has_addresses(flow) if object.get(flow.takenBy, "addresses", "") != ""

# METADATA
# description: |-
#   Whether only DNS knows if connections are taken, and nobody else's are meant: by their addresses, which are inside the
#   mesh, or since clients of the entry's own namespace send them, to a few addresses.
may_be_left_alone(flow) if {
	flow.takenBy.possible
	flow.takenBy.internal
}

may_be_left_alone(flow) if {
	flow.takenBy.possible
	not flow.takenBy.wide
	flow.client.namespace == flow.takenBy.service.namespace
}

# METADATA
# description: The fix for a flow with takenBy, which is no YAML.
narrow_listener(flow) := keep_object if {
	input.request.operation == "DELETE"
} else := sprintf("# Name in spec.exportTo of %s only namespaces that do not use %s, or leave %s out of its spec.hosts; or give %s an address (spec.addresses).\n", [
	object_name(flow.takenBy.service),
	flow.host,
	flow.takenBy.host,
	flow.host,
]) if {
	_is_by_captured_name(flow)
} else := _other_host(object_name(flow.takenBy.service), flow.takenBy.host) if {
	flow.takenBy.name
} else := "# Leave status.addresses to Istio, which allocates addresses that no other host has.\n" if {
	_status_is_written
} else := sprintf(
	"# Give %s other spec.addresses than %s has: ztunnel has one service for an address, whatever its exportTo and its port.\n",
	[object_name(flow.takenBy.service), service_name(flow)],
) if {
	flow.client.kind == "ztunnel"
} else := sprintf("# Let %s have another clusterIP or port, or name in its annotation networking.istio.io/exportTo only namespaces that do not use %s.\n", [
	object_name(flow.takenBy.service),
	flow.host,
]) if {
	flow.takenBy.service.kind == "Service"
} else := sprintf("# Name in spec.exportTo of %s only namespaces that do not use %s, or take another port.\n", [
	object_name(flow.takenBy.service),
	flow.host,
]) if {
	flow.takenBy.requests
} else := sprintf("# Name in spec.addresses of %s only servers of %s, or in spec.exportTo only namespaces that do not use %s, or take another port.\n", [
	object_name(flow.takenBy.service),
	flow.takenBy.host,
	flow.host,
]) if {
	_has_addresses(flow)
} else := sprintf("# Give %s the addresses of its servers (spec.addresses), or name in spec.exportTo only namespaces that do not use %s, or take another port.\n", [
	object_name(flow.takenBy.service),
	flow.host,
])

# Whether other allocated addresses than before are written into the status of a ServiceEntry.
_status_is_written if {
	input.request.operation == "UPDATE"
	input.request.kind == "ServiceEntry"
	object.get(input.object, ["status", "addresses"], []) != object.get(input.oldObject, ["status", "addresses"], [])
}

package tlsward.lib

# METADATA
# description: |-
#   Whether a flow loses what an entry under review gave it, and that is its namespace's to decide: for its own clients, unless another
#   entry that this one hides would keep them under TLS, and where the entry is deleted and another namespace has what takes its place.
#   An entry can always be deleted as a whole.
may_be_withdrawn(flow) if {
	input.request.operation == "UPDATE"
	input.request.kind == "ServiceEntry"
	flow.cause in {"port-not-declared", "not-exported"}
	flow.service == reviewed_object
	flow.client.namespace == input.request.namespace
	_had_host(flow.host)
	not flow.takenFromTLS
}

may_be_withdrawn(flow) if {
	input.request.kind == "ServiceEntry"
	flow.cause == "left-to-wildcard"
	flow.client.namespace == input.request.namespace
}

may_be_withdrawn(flow) if {
	input.request.operation == "DELETE"
	input.request.kind == "ServiceEntry"
	flow.cause in {"port-not-declared", "left-to-wildcard"}
	flow.service.namespace != input.request.namespace
}

# METADATA
# description: The fix for a flow that a deletion or an update of an entry takes away, which is no YAML.
keep_entry(flow) := sprintf("# Start TLS for port %d of %s first, or delete that one first: it has what is sent to %s then.\n", [
	flow.port, service_name(flow), flow.host,
]) if {
	flow.cause == "left-to-wildcard"
} else := sprintf("# Delete %s first, which declares %s still, or let it have port %d, once a DestinationRule starts TLS for it.\n", [
	service_name(flow), flow.host, flow.port,
]) if {
	input.request.operation == "DELETE"
} else := sprintf("# Keep port %d, its protocol, spec.exportTo and istio.io/rev as they are while other namespaces' clients may send there. What nobody\n# needs can be deleted as a whole.\n", [flow.port])

# Whether the entry under review had a host before: one that it takes from another entry was not its own to give.
_had_host(host) if {
	some had in input.oldObject.spec.hosts
	lower(had) == lower(host)
}

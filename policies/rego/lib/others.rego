package tlsward.lib

# METADATA
# description: |-
#   Whether an entry or a rule of one namespace is under review, and the rule that applies to a flow of pods is their own namespace's,
#   and the flow loses nothing. Who declares a host is not refused for what others wrote for their own clients, else anybody
#   could keep everybody from declaring it.
ruled_by_clients(flow) if {
	_loses_nothing_of_others(flow)
	flow.client.namespace != input.request.namespace
	flow.rule.namespace == flow.client.namespace
}

# METADATA
# description: The same of a route of another namespace that gives the requests of a flow another Host header.
rewritten_by_others(flow) if {
	_loses_nothing_of_others(flow)
	startswith(object.get(flow, "related", ""), "VirtualService ")
	not startswith(flow.related, sprintf("VirtualService %s/", [input.request.namespace]))
}

_loses_nothing_of_others(flow) if {
	input.request.kind in {"ServiceEntry", "DestinationRule"}
	flow.client.kind == "sidecar"
	not lost_tls(flow)
	not newly_routed_plaintext(flow)
	not flow.takenFromTLS
	not flow.lostVerification
}

package tlsward.lib

# METADATA
# description: |-
#   Whether a flow loses its TLS with the Gateway under review, which was the waypoint of its host, or with the class of that.
lost_waypoint(flow) if {
	input.request.kind in {"KubernetesGateway", "GatewayClass"}
	lost_tls(flow)
	flow.cause == "ztunnel"
}

# METADATA
# description: The Gateway under review, with the field by which it is no waypoint any more, or one of the class under review.
waypoint_text(flow) := sprintf("a Gateway of %s", [object_name(reviewed_object)]) if {
	input.request.kind == "GatewayClass"
} else := sprintf("%s, by its %s,", [object_name(reviewed_object), last_hop(flow).decidedBy.field]) if {
	is_object(last_hop(flow).decidedBy)
} else := object_name(reviewed_object)

# METADATA
# description: |-
#   Whether a flow loses its TLS as ztunnel has the ServiceEntry under review for the host, which uses no waypoint.
entry_without_waypoint(flow) if {
	input.request.kind == "ServiceEntry"
	input.request.operation != "DELETE"
	lost_tls(flow)
	flow.cause == "ztunnel"
	flow.service == reviewed_object
}

# METADATA
# description: |-
#   Whether the ServiceEntry under review, which a flow goes to, never has an address by which ztunnel could know it: a waypoint is of
#   no use to it.
entry_without_address(flow) if {
	flow.service == reviewed_object
	count(object.get(input.object, ["spec", "addresses"], [])) == 0
	_is_given_none
}

_is_given_none if object.get(input.object, ["spec", "resolution"], "NONE") == "NONE"

_is_given_none if lower(object.get(input.object, ["metadata", "labels", "networking.istio.io/enable-autoallocate-ip"], "")) == "false"

# METADATA
# description: Why ztunnel takes the connections of a flow past a waypoint of the ServiceEntry under review.
no_waypoint_text(flow) := "which has no address, so that it is left to DNS, past any waypoint" if {
	entry_without_address(flow)
} else := "which uses no waypoint"

# METADATA
# description: The fix for such a flow, which is no YAML.
use_waypoint(flow) := concat("\n", [
	"# Give the entry an address: spec.addresses, or resolution DNS or STATIC without the label",
	"# networking.istio.io/enable-autoallocate-ip: \"false\", so that Istio allocates one. ztunnel sends to a waypoint by that.\n",
]) if {
	entry_without_address(flow)
} else := sprintf(
	concat("\n", [
		"# Let %s use a waypoint (its labels istio.io/use-waypoint and istio.io/use-waypoint-namespace), beside which a",
		"# DestinationRule starts TLS, or leave %s out of spec.hosts, so that these clients keep the entry that they have.\n",
	]),
	[object_name(reviewed_object), flow.host],
)

# METADATA
# description: The fix for a flow that loses its waypoint, which is no YAML.
keep_waypoint(flow) := sprintf(
	"# First delete %s, or let its label istio.io/use-waypoint name another waypoint, beside which its DestinationRule stands.\n",
	[service_name(flow)],
) if {
	input.request.operation == "DELETE"
} else := keep_object if {
	input.request.kind == "GatewayClass"
} else := sprintf(
	concat("\n", [
		"# Let it stay a waypoint, as long as %s uses it: a class of istio.io/mesh-controller, a listener for HBONE on port 15008",
		"# that allows routes from namespace %s, and no label istio.io/waypoint-for but service or all.\n",
	]),
	[service_name(flow), object.get(flow.service, "namespace", "of the entry")],
)

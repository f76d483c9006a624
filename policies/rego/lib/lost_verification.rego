package tlsward.lib

# METADATA
# description: |-
#   Whose connections a flow with lostVerification are, as "vip.example.com, which ServiceEntry default/vip declares".
asked_for(flow) := sprintf("%s, which %s declares", [flow.lostVerification.host, object_name(flow.lostVerification.service)])

# METADATA
# description: |-
#   The fix for a flow with lostVerification: the object under review is for its own namespace alone, where it may decide. The
#   pods of a gateway are everybody's who sends something there.
leave_to_others(flow) := sprintf(
	"# Leave %s out of the hosts, or use a Gateway with a selector for pods of your own: through these pods go the connections\n# of others, too.\n",
	[flow.lostVerification.host],
) if {
	flow.client.kind == "gateway"
	input.request.kind in {"Gateway", "VirtualService"}
	input.request.operation == "CREATE"
} else := sprintf("# For clients of its own namespace alone.\n%s", [set_fields(reviewed_object, {"spec.exportTo": ["."]})]) if {
	input.request.kind in {"DestinationRule", "ServiceEntry", "VirtualService"}
	input.request.operation != "DELETE"
	not _is_own_already
} else := keep_object

_is_own_already if input.object.spec.exportTo == ["."]

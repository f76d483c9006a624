package tlsward.lib

# METADATA
# description: |-
#   Whose connections a flow with lostVerification are, as "vip.example.com, which ServiceEntry default/vip declares".
asked_for(flow) := sprintf("%s, which %s declares", [flow.lostVerification.host, object_name(flow.lostVerification.service)])

# METADATA
# description: |-
#   Whether the object under review is a rule or an entry of the only namespace that declares what a flow with lostVerification
#   asks for: it may decide much there, but not that others' connections are checked no more.
is_of_owner(flow) if {
	input.request.kind in {"DestinationRule", "ServiceEntry"}
	flow.lostVerification.service.namespace == input.request.namespace
}

# METADATA
# description: Whose it is to decide what a flow with lostVerification loses, as a sentence.
whose_decision(flow, what) := "Clients of other namespaces had it checked, and must not lose that: nobody but their own namespace may give it up." if {
	is_of_owner(flow)
} else := sprintf("It is for their namespace, or for the host's, to %s.", [what])

# METADATA
# description: |-
#   The fix for a flow with lostVerification: the object under review is for its own namespace alone, where it may decide. The
#   pods of a gateway are everybody's who sends something there.
leave_to_others(flow) := keep_object if {
	is_of_owner(flow)
} else := sprintf(
	"# Lead to %s itself: other VirtualServices delegate to this one, for clients of other namespaces.\n",
	[flow.lostVerification.host],
) if {
	_is_delegate
	not input.request.operation == "DELETE"
} else := sprintf(
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

# A VirtualService without hosts.
_is_delegate if {
	input.request.kind == "VirtualService"
	count(input.object.spec.http) > 0
	object.get(input.object, ["spec", "hosts"], []) in {[], null}
}

_is_own_already if input.object.spec.exportTo == ["."]

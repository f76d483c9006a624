package tlsward.undeclared_egress_test

import data.tlsward.fixtures
import data.tlsward.undeclared_egress.violation as found

sidecar := {"kind": "Sidecar", "namespace": "default", "name": "default"}

hidden := object.union(object.remove(fixtures.plaintext_flow, {"rule"}), {
	"hops": [object.union(fixtures.plaintext_hop, {"decidedBy": {"object": sidecar, "field": "spec.egress"}})],
	"hopKind": "none",
	"verdict": "unknown",
	"cause": "passthrough",
	"before": "originated",
	"otherHosts": 1,
})

test_warns_of_a_hidden_host if {
	result := found with input as fixtures.review("Sidecar", [hidden])
	{v.message | some v in result} == {concat(" ", [
		"sidecar default to edition.cnn.com:80 and one host more: Sidecar default/default hides it from these pods,",
		"and outboundTrafficPolicy is ALLOW_ANY: what they send there leaves the mesh as the application writes it.",
	])}
	some v in result
	v.decidedBy == "Sidecar default/default spec.egress"
	contains(v.fix, `{"spec.outboundTrafficPolicy.mode":"REGISTRY_ONLY"}`)
}

test_warns_of_a_listener_that_does_not_take_it[field] if {
	some field, want in {
		"spec.egress[1].captureMode": "leave captureMode and bind of spec.egress[1] out",
		"spec.egress[0].bind": "leave captureMode and bind of spec.egress[0] out",
		"spec.egress[0].port": "give spec.egress[0].port the protocol of the host's port",
	}
	by := {"object": sidecar, "field": field}
	past := object.union(object.remove(hidden, {"otherHosts"}), {"hops": [object.union(fixtures.plaintext_hop, {"decidedBy": by})]})
	result := found with input as fixtures.review("Sidecar", [past])
	some v in result
	contains(v.message, sprintf("%s of Sidecar default/default keeps its listener from what iptables redirect there", [field]))
	contains(v.fix, want)
	contains(v.fix, `{"spec.outboundTrafficPolicy.mode":"REGISTRY_ONLY"}`)
}

test_warns_of_registry_only_that_is_gone[operation] if {
	some operation in ["UPDATE", "DELETE"]
	any_host := object.union(object.remove(hidden, {"otherHosts"}), {"host": "*", "port": 0, "hops": []})
	result := found with input as object.union(fixtures.review("Sidecar", [any_host]), {"request": {"operation": operation}})
	{v.message | some v in result} == {concat(" ", [
		"sidecar default: outboundTrafficPolicy becomes ALLOW_ANY: what is sent to hosts that its proxy does not know leaves",
		"the mesh as the application writes it.",
	])}
	some v in result
	startswith(v.fix, "# Nothing unknown leaves")
}

# Careless: what a route answers in the proxy does not leave.
test_passes_what_leaves_nowhere if {
	found == set() with input as fixtures.review("Sidecar", [object.union(hidden, {"cause": "no-destination"})])
}

test_passes_what_is_known if {
	found == set() with input as fixtures.review("Sidecar", [fixtures.plaintext_flow, fixtures.originated_flow({})])
}

test_warns_of_pods_that_leave_the_mesh if {
	any_host := object.union(object.remove(hidden, {"otherHosts", "before"}), {"host": "*", "port": 0})
	review := object.union(fixtures.review("Namespace", [any_host]), {"request": {"operation": "UPDATE", "namespace": "shop", "name": "shop"}})
	result := found with input as review
	{v.message | some v in result} == {concat(" ", [
		"sidecar default: with this UPDATE these pods leave the mesh, and have no proxy at the latest when they start again:",
		"what they send leaves as the application writes it.",
	])}
	some v in result
	contains(v.fix, "# in Namespace shop\n")
}

test_warns_of_an_entry_that_another_hides if {
	other := {"kind": "ServiceEntry", "namespace": "default", "name": "older"}
	lost := object.union(hidden, {"cause": "port-not-declared", "related": "ServiceEntry default/older", "service": other})
	some v in found with input as fixtures.review("ServiceEntry", [lost])
	contains(v.message, "it has the host from ServiceEntry default/older, which goes before this ServiceEntry")
	v.fix == "# Declare port 80 in ServiceEntry default/older, too, or leave these clients out of spec.exportTo.\n"
	found == set() with input as fixtures.review("ServiceEntry", [object.remove(lost, {"related"})])
}

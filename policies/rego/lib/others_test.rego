package tlsward.lib_test

import data.tlsward.fixtures
import data.tlsward.lib

_by_clients(changes) := object.union(fixtures.plaintext_flow, object.union(
	{
		"cause": "disabled",
		"client": {"kind": "sidecar", "namespace": "team-a"},
		"rule": {"kind": "DestinationRule", "namespace": "team-a", "name": "d"},
	},
	changes,
))

test_who_declares_a_host_does_not_answer_for_rules_and_routes_of_others if {
	lib.ruled_by_clients(_by_clients({})) with input as fixtures.review("ServiceEntry", [])
	lib.rewritten_by_others(_by_clients({"client": {"namespace": "default"}, "related": "VirtualService team-a/v"})) with input as fixtures.review("ServiceEntry", [])
}

# Careless: what is lost is admitted, or what is the request's own.
test_answers_for_what_is_lost_and_for_its_own[name] if {
	some name, [kind, changes] in {
		"was encrypted": ["ServiceEntry", {"before": "originated"}],
		"went nowhere": ["ServiceEntry", {"wasUnrouted": true}],
		"taken from TLS": ["ServiceEntry", {"takenFromTLS": {"kind": "VirtualService", "namespace": "team-a", "name": "v"}}],
		"check of the name": ["ServiceEntry", {"lostVerification": {"host": "a.example", "names": []}}],
		"its own clients": ["ServiceEntry", {"client": {"namespace": "default"}, "rule": {"namespace": "default"}, "related": "VirtualService default/v"}],
		"a rule for others": ["ServiceEntry", {"rule": {"namespace": "istio-system"}, "related": ""}],
		"a gateway": ["ServiceEntry", {"client": {"kind": "gateway"}}],
		"a route under review": ["VirtualService", {}],
	}
	flow := _by_clients(object.union({"related": "VirtualService team-a/v"}, changes))
	not lib.ruled_by_clients(flow) with input as fixtures.review(kind, [])
	not lib.rewritten_by_others(flow) with input as fixtures.review(kind, [])
}

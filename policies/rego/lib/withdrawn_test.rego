package tlsward.lib_test

import data.tlsward.fixtures
import data.tlsward.lib

withdrawn(changes) := object.union(fixtures.plaintext_flow, changes)

elsewhere := {"kind": "ServiceEntry", "namespace": "shop", "name": "edition"}

test_an_entry_may_lose_a_port_for_its_own_clients[cause] if {
	some cause in ["port-not-declared", "not-exported"]
	review := object.union(fixtures.review("ServiceEntry", []), {
		"request": {"operation": "UPDATE"},
		"oldObject": {"spec": {"hosts": ["Edition.cnn.com"]}},
	})
	lib.may_be_withdrawn(withdrawn({"cause": cause})) with input as review
	not lib.may_be_withdrawn(withdrawn({"cause": cause, "host": "other.example"})) with input as review
	not lib.may_be_withdrawn(withdrawn({"cause": cause, "client": {"kind": "sidecar", "namespace": "shop"}})) with input as review
	not lib.may_be_withdrawn(withdrawn({"cause": cause, "service": elsewhere})) with input as review
}

test_a_name_may_be_left_to_a_wildcard_for_its_own_clients if {
	review := fixtures.review("ServiceEntry", [])
	lib.may_be_withdrawn(withdrawn({"cause": "left-to-wildcard"})) with input as review
	not lib.may_be_withdrawn(withdrawn({"cause": "left-to-wildcard", "client": {"kind": "sidecar", "namespace": "shop"}})) with input as review
}

# Careless: an entry can always be deleted as a whole, and what takes its place is another's.
test_an_entry_may_be_deleted_beside_another_namespaces[cause] if {
	some cause in ["port-not-declared", "left-to-wildcard"]
	review := object.union(fixtures.review("ServiceEntry", []), {"request": {"operation": "DELETE"}})
	theirs := {"cause": cause, "service": elsewhere, "client": {"kind": "sidecar", "namespace": "shop"}}
	lib.may_be_withdrawn(withdrawn(theirs)) with input as review
	not lib.may_be_withdrawn(withdrawn(object.union(theirs, {"service": fixtures.service_entry}))) with input as review
}

test_only_an_entry_is_withdrawn if {
	review := object.union(fixtures.review("DestinationRule", []), {"request": {"operation": "DELETE"}})
	not lib.may_be_withdrawn(withdrawn({"cause": "left-to-wildcard"})) with input as review
}

test_the_fix_says_what_comes_first if {
	update := object.union(fixtures.review("ServiceEntry", []), {"request": {"operation": "UPDATE"}})
	deletion := object.union(fixtures.review("ServiceEntry", []), {"request": {"operation": "DELETE"}})
	contains(lib.keep_entry(withdrawn({"cause": "left-to-wildcard", "service": elsewhere})), "Start TLS for port 80 of ServiceEntry shop/edition first") with input as update
	contains(lib.keep_entry(withdrawn({"cause": "port-not-declared", "service": elsewhere})), "Delete ServiceEntry shop/edition first") with input as deletion
	contains(lib.keep_entry(withdrawn({"cause": "port-not-declared"})), "Keep port 80, its protocol, spec.exportTo and istio.io/rev") with input as update
}

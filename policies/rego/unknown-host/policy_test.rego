package tlsward.unknown_host_test

import data.tlsward.fixtures
import data.tlsward.unknown_host.violation as found

unknown := object.remove(object.union(fixtures.plaintext_flow, {"host": "edition.cnn.con", "cause": "unknown-host", "verdict": "unknown"}), {"service"})

test_warns_of_a_host_that_nothing_declares if {
	found == {{
		"host": "edition.cnn.con",
		"port": 80,
		"client": "sidecar default",
		"decidedBy": "",
		"message": concat(" ", [
			"sidecar default to edition.cnn.con:80: DestinationRule default/edition-cnn-com decides nothing:",
			"no ServiceEntry and no Service has this host.",
		]),
		"fix": "# Apply a ServiceEntry for edition.cnn.con, or mend spec.host.\n",
	}} with input as fixtures.review("DestinationRule", [unknown])
}

test_passes_a_known_host if {
	found == set() with input as fixtures.review("DestinationRule", [fixtures.originated_flow({})])
}

# Careless: hosts are compared without case, and the typing error goes unseen.
test_warns_of_a_host_in_other_case if {
	flow := object.union(unknown, {"host": "Edition.cnn.com", "cause": "case-mismatch", "related": "edition.cnn.com"})
	result := found with input as fixtures.review("DestinationRule", [flow])
	{v.fix | some v in result} == {"# in DestinationRule default/edition-cnn-com\n{\"spec.host\":\"edition.cnn.com\"}\n"}
	some v in result
	endswith(v.message, "hosts are compared with case, and the known one is edition.cnn.com.")
}

test_ignores_deletions if {
	found == set() with input as fixtures.deletion("DestinationRule", [unknown])
}

# A rule without a host, or for a host without a known port, makes no sentence with a hole.
test_says_nothing_of_what_is_not_there if {
	no_host := found with input as fixtures.review("DestinationRule", [object.union(unknown, {"host": "", "port": 0})])
	{[v.message, v.fix] | some v in no_host} == {[
		"sidecar default: DestinationRule default/edition-cnn-com decides nothing: it has no host.",
		"# Name a host in spec.host.\n",
	]}
	no_port := found with input as fixtures.review("DestinationRule", [object.union(unknown, {"port": 0})])
	some v in no_port
	startswith(v.message, "sidecar default to edition.cnn.con: DestinationRule ")
}

test_warns_of_a_target_that_is_not_there if {
	flow := object.union(unknown, {"host": "cnn", "related": "ServiceEntry default/cnn"})
	some v in found with input as fixtures.review("BackendTLSPolicy", [flow])
	endswith(v.message, "decides nothing for ServiceEntry default/cnn, which is not there.")
	v.fix == "# Apply ServiceEntry default/cnn, or mend spec.targetRefs.\n"
}

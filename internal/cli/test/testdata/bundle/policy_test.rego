package tlsward.no_rules_test

test_refuses_a_new_one if {
	count(data.tlsward.no_rules.violation) == 1 with input as data.tlsward.fixtures.review("DestinationRule", [])
}

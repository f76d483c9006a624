package tlsward.outside_model_test

import data.tlsward.fixtures
import data.tlsward.outside_model.violation as found

test_warns_of_each_field if {
	review := object.union(fixtures.review("ServiceEntry", []), {"outsideModel": [{"field": "metadata.labels[istio.io/new]"}, {"field": "spec.speed"}]})
	count(found) == 2 with input as review
}

test_says_what_and_how_to_mend_it if {
	review := object.union(fixtures.review("ServiceEntry", []), {"outsideModel": [{"field": "spec.speed"}]})
	some v in found with input as review
	contains(v.message, "Istio may obey spec.speed, which tlsward does not know")
	contains(v.decidedBy, "spec.speed")
	contains(v.fix, `{"spec.speed":null}`)
}

test_says_nothing_without if {
	found == set() with input as fixtures.review("ServiceEntry", [])
}

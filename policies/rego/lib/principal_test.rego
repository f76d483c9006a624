package tlsward.lib_test

import data.tlsward.lib

test_matchable if {
	every principal in ["*", "a*", "*a", "a/b"] {
		lib.matchable(principal)
	}
	every principal in ["a*b", "*a*", "**", "spiffe://a", "spiffe://*"] {
		not lib.matchable(principal)
	}
}

test_items_are_empty_where_there_is_no_list if {
	lib.items({"a": [1]}, "a") == [1]
	lib.items({"a": null}, "a") == []
	lib.items({"a": "b"}, "a") == []
	lib.items({}, "a") == []
}

test_no_action_allows if {
	lib.allows({"spec": {}})
	lib.allows({"spec": {"action": "ALLOW"}})
	lib.allows({"spec": {"action": null}})
	lib.allows({"spec": null})
	not lib.allows({"spec": {"action": "DENY"}})
}

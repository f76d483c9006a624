package tlsward.lib_test

import data.tlsward.lib

test_can_match if {
	every principal in ["*", "a*", "*a", "a/b"] {
		lib.can_match(principal)
	}
	every principal in ["a*b", "*a*", "**", "spiffe://a", "spiffe://*"] {
		not lib.can_match(principal)
	}
}

test_list_field if {
	lib.list_field({"a": [1]}, "a") == [1]
	lib.list_field({"a": null}, "a") == []
	lib.list_field({"a": "b"}, "a") == []
	lib.list_field({}, "a") == []
}

test_is_allow_policy if {
	lib.is_allow_policy({"spec": {}})
	lib.is_allow_policy({"spec": {"action": "ALLOW"}})
	lib.is_allow_policy({"spec": {"action": null}})
	lib.is_allow_policy({"spec": null})
	not lib.is_allow_policy({"spec": {"action": "DENY"}})
}

package tlsward.lib_test

import data.tlsward.given
import data.tlsward.lib

test_settings_of_the_port_are_completed_in_place if {
	flow := given.ruled("spec.trafficPolicy.portLevelSettings[0].tls", {"cause": "unset"})
	lib.start_tls(flow) == concat("\n", [
		"# in DestinationRule default/edition-cnn-com",
		`{"spec.trafficPolicy.portLevelSettings[0].tls.mode":"SIMPLE"}`,
		"",
	])
}

# Careless: TLS at the top is TLS on the HTTPS ports too.
test_settings_of_the_rule_are_not_changed_for_one_port if {
	flow := given.ruled("spec.trafficPolicy.tls.mode", {"cause": "disabled", "decidedByObject": false})
	lib.start_tls(flow) == concat("\n", [
		"# in DestinationRule default/edition-cnn-com",
		`{"spec.trafficPolicy.portLevelSettings[+]":{"port":{"number":80},"tls":{"mode":"SIMPLE"}}}`,
		"",
	])
}

# Careless: another rule for the same host is merged away.
test_tls_starts_in_the_rule_that_decides if {
	tls := {"mode": "SIMPLE", "sni": "a.example.com"}
	whole := lib.starts(given.ruled("spec.subsets[1].trafficPolicy.tls", {"cause": "disabled"}), tls)
	yaml.unmarshal(whole) == {"spec.subsets[1].trafficPolicy.portLevelSettings[+]": {"port": {"number": 80}, "tls": tls}}
	entry := lib.starts(given.ruled("spec.trafficPolicy.portLevelSettings[2].tls", {"cause": "unset"}), tls)
	yaml.unmarshal(entry) == {"spec.trafficPolicy.portLevelSettings[2].tls": tls}
	none := lib.starts(given.plaintext, tls) with input as given.review("ServiceEntry", [])
	yaml.unmarshal(none).spec.trafficPolicy.portLevelSettings[0].tls == tls
}

test_a_rule_stands_where_its_client_looks[namespace] if {
	some namespace, flow in {
		"shop": object.union(given.plaintext, {"client": {"namespace": "shop"}}),
		"default": object.union(given.plaintext, {"client": {"namespace": "*"}}),
		"elsewhere": object.remove(object.union(given.plaintext, {"client": {"namespace": "*"}}), {"service"}),
	}
	review := object.union(given.review("ServiceEntry", [flow]), {"request": {"namespace": "elsewhere"}})
	fix := lib.rule(flow, {"mode": "SIMPLE"}) with input as review
	yaml.unmarshal(fix).metadata.namespace == namespace
}

# Careless: a rule that would be admitted, and applies to nobody.
test_where_no_rule_applies_words_say_what_to_do if {
	unseen := object.union(given.plaintext, {"client": {"kind": "waypoint", "namespace": "shop"}, "hostNotVisible": true})
	fix := lib.start_tls(unseen) with input as given.review("ServiceEntry", [])
	startswith(fix, "# No rule applies at the waypoint in namespace shop, which does not see the host. Let spec.exportTo of ServiceEntry ")
}

test_a_rules_name_is_a_name[host] if {
	some host, name in {
		"*.example.com": "wildcard-example-com-tls",
		"WWW.example.com": "www-example-com-a1dff13b-tls",
		"api-example.com": "api--example-com-tls",
		"edition.cnn.com": "edition-cnn-com-tls",
		"a_b.example.com": "a-b-example-com-tls",
	}
	fix := lib.rule(object.union(given.plaintext, {"host": host}), {"mode": "SIMPLE"}) with input as given.review("ServiceEntry", [])
	yaml.unmarshal(fix).metadata.name == name
}

# Careless: the rule for one host is applied in place of the rule for another, or the private one in place of the public.
test_rules_do_not_share_a_name if {
	names := [yaml.unmarshal(fix).metadata.name |
		some changes in [
			{"host": "api.example.com"}, {"host": "API.example.com"}, {"host": "Api.example.com"},
			{"host": "api-example.com"}, {"host": "api.example.com", "clientInRootNamespace": true},
		]
		fix := lib.rule(object.union(given.plaintext, changes), {"mode": "SIMPLE"}) with input as given.review("ServiceEntry", [])
	]
	count({name | some name in names}) == 5
}

test_a_path_is_read_step_by_step if {
	lib.steps("spec.trafficPolicy.tls") == ["spec", "trafficPolicy", "tls"]
	lib.steps("spec.subsets[1].trafficPolicy.portLevelSettings[10].tls") == ["spec", "subsets", 1, "trafficPolicy", "portLevelSettings", 10, "tls"]
}

# Careless: pods of the mesh's root namespace do not see a public rule of their own namespace first.
test_a_rule_for_the_root_namespace_is_its_own[cause] if {
	some cause, reach in {"no-rule": {"exportTo": ["."]}, "unselected": {"workloadSelector": {}}}
	fix := lib.rule(object.union(given.plaintext, {"clientInRootNamespace": true, "cause": cause}), {"mode": "SIMPLE"}) with input as given.review("ServiceEntry", [])
	object.subset(yaml.unmarshal(fix).spec, reach)
}

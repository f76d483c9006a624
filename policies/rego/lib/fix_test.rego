package tlsward.lib_test

import data.tlsward.fixtures
import data.tlsward.lib

test_settings_of_the_port_are_completed_in_place if {
	flow := fixtures.flow_with_rule("spec.trafficPolicy.portLevelSettings[0].tls", {"cause": "unset"})
	lib.start_tls(flow) == concat("\n", [
		"# in DestinationRule default/edition-cnn-com",
		`{"spec.trafficPolicy.portLevelSettings[0].tls.mode":"SIMPLE"}`,
		"",
	])
}

# Careless: TLS at the top is TLS on the HTTPS ports too.
test_settings_of_the_rule_are_not_changed_for_one_port if {
	flow := fixtures.flow_with_rule("spec.trafficPolicy.tls.mode", {"cause": "disabled", "decidedByObject": false})
	lib.start_tls(flow) == concat("\n", [
		"# in DestinationRule default/edition-cnn-com",
		`{"spec.trafficPolicy.portLevelSettings[+]":{"port":{"number":80},"tls":{"mode":"SIMPLE"}}}`,
		"",
	])
}

# Careless: another rule for the same host is merged away.
test_tls_starts_in_the_rule_that_decides if {
	tls := {"mode": "SIMPLE", "sni": "a.example.com"}
	whole := lib.start_tls_with(fixtures.flow_with_rule("spec.subsets[1].trafficPolicy.tls", {"cause": "disabled"}), tls)
	yaml.unmarshal(whole) == {"spec.subsets[1].trafficPolicy.portLevelSettings[+]": {"port": {"number": 80}, "tls": tls}}
	entry := lib.start_tls_with(fixtures.flow_with_rule("spec.trafficPolicy.portLevelSettings[2].tls", {"cause": "unset"}), tls)
	yaml.unmarshal(entry) == {"spec.trafficPolicy.portLevelSettings[2].tls": tls}
	none := lib.start_tls_with(fixtures.plaintext_flow, tls) with input as fixtures.review("ServiceEntry", [])
	yaml.unmarshal(none).spec.trafficPolicy.portLevelSettings[0].tls == tls
}

test_a_new_rule_is_in_the_namespace_of_the_lookup[namespace] if {
	some namespace, flow in {
		"shop": object.union(fixtures.plaintext_flow, {"client": {"namespace": "shop"}}),
		"default": object.union(fixtures.plaintext_flow, {"client": {"namespace": "*"}}),
		"elsewhere": object.remove(object.union(fixtures.plaintext_flow, {"client": {"namespace": "*"}}), {"service"}),
	}
	review := object.union(fixtures.review("ServiceEntry", [flow]), {"request": {"namespace": "elsewhere"}})
	fix := lib.new_rule(flow, {"mode": "SIMPLE"}) with input as review
	yaml.unmarshal(fix).metadata.namespace == namespace
}

# Careless: a rule that would be admitted, and applies to nobody.
test_no_rule_for_a_waypoint_that_does_not_see_the_host if {
	unseen := object.union(fixtures.plaintext_flow, {"client": {"kind": "waypoint", "namespace": "shop"}, "hostNotVisible": true})
	fix := lib.start_tls(unseen) with input as fixtures.review("ServiceEntry", [])
	startswith(fix, "# No rule applies at the waypoint in namespace shop, which does not see the host. Let spec.exportTo of ServiceEntry ")
}

test_names_of_new_rules[host] if {
	some host, name in {
		"*.example.com": "wildcard-example-com-tls",
		"WWW.example.com": "www-example-com-a1dff13b-tls",
		"api-example.com": "api--example-com-tls",
		"edition.cnn.com": "edition-cnn-com-tls",
		"a_b.example.com": "a-b-example-com-tls",
	}
	fix := lib.new_rule(object.union(fixtures.plaintext_flow, {"host": host}), {"mode": "SIMPLE"}) with input as fixtures.review("ServiceEntry", [])
	yaml.unmarshal(fix).metadata.name == name
}

# Careless: the rule for one host is applied in place of the rule for another, or the private one in place of the public.
test_new_rules_for_different_hosts_have_different_names if {
	names := [yaml.unmarshal(fix).metadata.name |
		some changes in [
			{"host": "api.example.com"}, {"host": "API.example.com"}, {"host": "Api.example.com"},
			{"host": "api-example.com"}, {"host": "api.example.com", "clientInRootNamespace": true},
		]
		fix := lib.new_rule(object.union(fixtures.plaintext_flow, changes), {"mode": "SIMPLE"}) with input as fixtures.review("ServiceEntry", [])
	]
	count({name | some name in names}) == 5
}

test_path_segments if {
	lib.path_segments("spec.trafficPolicy.tls") == ["spec", "trafficPolicy", "tls"]
	lib.path_segments("spec.subsets[1].trafficPolicy.portLevelSettings[10].tls") == ["spec", "subsets", 1, "trafficPolicy", "portLevelSettings", 10, "tls"]
}

# Careless: pods of the mesh's root namespace do not see a public rule of their own namespace first.
test_a_new_rule_for_a_client_in_the_root_namespace[cause] if {
	some cause, reach in {"no-rule": {"exportTo": ["."]}, "unselected": {"workloadSelector": {}}}
	fix := lib.new_rule(object.union(fixtures.plaintext_flow, {"clientInRootNamespace": true, "cause": cause}), {"mode": "SIMPLE"}) with input as fixtures.review("ServiceEntry", [])
	object.subset(yaml.unmarshal(fix).spec, reach)
}

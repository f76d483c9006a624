package tlsward.lib_test

import data.tlsward.fixtures
import data.tlsward.lib

# Every cause that the schema names is worded, and leaves no placeholder.
test_every_cause_has_a_text[cause] if {
	some cause in causes
	words := lib.cause_text(fixtures.flow_with_rule("spec.trafficPolicy.tls", {"cause": cause, "related": "something"}))
	words != "no proxy starts TLS for it"
	not contains(words, "%")
}

causes := {
	"no-rule", "unset", "disabled", "no-mode", "unselected", "credential-ignored", "incomplete-mutual",
	"mutual-at-waypoint", "selector-at-waypoint", "ztunnel", "merged-away", "off-path", "unknown-host",
	"case-mismatch", "passthrough", "port-not-declared", "declared-tls", "declared-otherwise", "other-addresses", "not-exported", "left-to-wildcard", "kept-inside", "routed-inside", "no-destination", "other-listener",
	"other-name", "renamed", "routed-elsewhere",
}

test_an_unknown_cause_has_a_text if {
	lib.cause_text(object.union(fixtures.plaintext_flow, {"cause": "sunspots"})) == "no proxy starts TLS for it"
	lib.cause_text(object.remove(fixtures.plaintext_flow, {"cause"})) == "no proxy starts TLS for it"
}

test_cause_text_names_the_field_or_the_rule if {
	lib.cause_text(fixtures.flow_with_rule("spec.trafficPolicy.tls", {"cause": "unset"})) == "DestinationRule default/edition-cnn-com spec.trafficPolicy.tls is not set"
	lib.cause_text(object.union(fixtures.plaintext_flow, {"cause": "unset", "rule": fixtures.destination_rule})) == "DestinationRule default/edition-cnn-com is not set"
	lib.cause_text(object.union(fixtures.plaintext_flow, {"cause": "unset"})) == "the rule that applies is not set"
	lib.cause_text(object.union(fixtures.plaintext_flow, {"cause": "merged-away", "related": "DestinationRule default/older"})) == "Istio merges the rules for this host and keeps the policy of DestinationRule default/older"
}

test_target_port_text if {
	lib.target_port_text({"port": 80, "targetPorts": [80]}) == ""
	lib.target_port_text({"port": 80}) == ""
	lib.target_port_text({"port": 80, "targetPorts": [443, 8443]}) == " (to port 443 or 8443 of the server)"
}

package tlsward.lib_test

import data.tlsward.given
import data.tlsward.lib

# Every cause that the schema names is worded, and leaves no placeholder.
test_every_cause_has_words[cause] if {
	some cause in causes
	words := lib.because(given.ruled("spec.trafficPolicy.tls", {"cause": cause, "related": "something"}))
	words != "no proxy starts TLS for it"
	not contains(words, "%")
}

causes := {
	"no-rule", "unset", "disabled", "no-mode", "unselected", "credential-ignored", "incomplete-mutual",
	"mutual-at-waypoint", "selector-at-waypoint", "ztunnel", "merged-away", "off-path", "unknown-host",
	"case-mismatch", "passthrough", "no-destination",
}

test_a_cause_of_tomorrow_has_words if {
	lib.because(object.union(given.plaintext, {"cause": "sunspots"})) == "no proxy starts TLS for it"
	lib.because(object.remove(given.plaintext, {"cause"})) == "no proxy starts TLS for it"
}

test_the_decider_is_the_field_the_rule_or_just_a_rule if {
	lib.because(given.ruled("spec.trafficPolicy.tls", {"cause": "unset"})) == "DestinationRule default/edition-cnn-com spec.trafficPolicy.tls is not set"
	lib.because(object.union(given.plaintext, {"cause": "unset", "rule": given.rule})) == "DestinationRule default/edition-cnn-com is not set"
	lib.because(object.union(given.plaintext, {"cause": "unset"})) == "the rule that applies is not set"
	lib.because(object.union(given.plaintext, {"cause": "merged-away", "related": "DestinationRule default/older"})) == "Istio merges the rules for this host and keeps the policy of DestinationRule default/older"
}

test_arrives_is_said_where_the_port_changes if {
	lib.arrives({"port": 80, "targetPorts": [80]}) == ""
	lib.arrives({"port": 80}) == ""
	lib.arrives({"port": 80, "targetPorts": [443, 8443]}) == " (to port 443 or 8443 of the server)"
}

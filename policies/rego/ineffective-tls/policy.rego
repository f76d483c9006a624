# METADATA
# title: TLS that Istio ignores
# description: |-
#   The object under review writes TLS that Istio drops without an error: credentialName on a sidecar whose rule has no
#   workloadSelector, MUTUAL without a certificate, ISTIO_MUTUAL at a waypoint, a policy that the merge with an older rule
#   drops, a private rule that Istio merges into those for some pods. A rule that no client's lookup reaches is warned of: it may be on its way to where it belongs; so is
#   one that Istio keeps for other clients, and leaves those in plaintext that were before, and one whose port the application
#   encrypts itself.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings
#     description: ClientTLSSettings
# custom:
#   id: ineffective-tls
#   action: deny
#   kinds: [BackendTLSPolicy, DestinationRule, GRPCRoute, Gateway, HTTPRoute, KubernetesGateway, ListenerSet, ReferenceGrant, ServiceEntry, Sidecar, TCPRoute, TLSRoute, VirtualService, WorkloadEntry]
package tlsward.ineffective_tls

import data.tlsward.lib

violation contains lib.flow_violation(f, {"message": _message(f), "fix": _fix(f), "action": _action(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.ignored
}

_action(f) := "warn" if {
	f.cause == "off-path"
} else := "warn" if {
	f.ignoredForSome
} else := "warn" if {
	_leaves_encrypted(f)
} else := "deny"

# What the application encrypts itself loses nothing. TLS that the merge drops may be another than the one that is kept.
_leaves_encrypted(f) if {
	f.verdict == "application-tls"
	f.cause != "merged-away"
}

_message(f) := lib.flow_message(f, sprintf(
	concat(" ", [
		"Istio merges %s, whose exportTo is the dot alone, into the rules with a workloadSelector, and %s of the pods that none",
		"selects %s.",
	]),
	[lib.object_name(lib.reviewed_object), lib.payload_text(f), lib.leaving_text(f)],
)) if {
	f.cause == "unselected"
} else := lib.flow_message(f, sprintf(
	"Istio ignores the TLS that %s asks for, and %s %s: %s.",
	[lib.object_name(lib.reviewed_object), lib.payload_text(f), lib.leaving_text(f), lib.cause_text(f)],
))

_fix(f) := concat("", [
	"# The application encrypts on this port, so that nothing is lost:\n",
	lib.set_fields(lib.last_hop(f).decidedBy.object, {lib.tls_path(f): null}),
]) if {
	_leaves_encrypted(f)
	f.cause == "incomplete-mutual"
} else := "# Nothing to do for these clients: the application encrypts on this port itself.\n" if {
	_leaves_encrypted(f)
	f.cause in {"ztunnel", "credential-ignored", "mutual-at-waypoint"}
} else := "# Let a waypoint serve the host: ztunnel starts no TLS.\n" if {
	f.cause == "ztunnel"
} else := sprintf("# Put the rule into the namespace of its clients, or beside %s.\n", [lib.service_name(f)]) if {
	f.cause == "off-path"
} else := lib.fix_other_rule_first(f) if {
	f.cause == "merged-away"
	f.lostTLS
} else := _fix_precedence(f) if {
	f.cause == "merged-away"
	f.relatedUnused
	f.verdict == "plaintext"
} else := sprintf("# Put the TLS into %s, which Istio keeps.\n%s", [_kept_rule(f), lib.start_tls(f)]) if {
	f.cause == "merged-away"
	f.verdict == "plaintext"
} else := sprintf("# Put the TLS into %s, which Istio keeps, and take it out here.\n%s", [
	_kept_rule(f),
	lib.set_fields(lib.reviewed_object, {_traffic_policy_path(f): null}),
]) if {
	f.cause == "merged-away"
} else := lib.set_fields(lib.reviewed_object, {"spec.workloadSelector": null}) if {
	f.cause == "selector-at-waypoint"
	input.object.spec.workloadSelector
} else := sprintf("# By its name, which Istio does not merge into a rule for some pods as it does a dot.\n%s", [
	lib.set_fields(lib.reviewed_object, {"spec.exportTo": [input.request.namespace]}),
]) if {
	f.cause in {"selector-at-waypoint", "unselected"}
} else := lib.start_tls(f)

_kept_rule(f) := object.get(f, "related", "the older rule")

# The path of the trafficPolicy that the rule under review has for a flow.
_traffic_policy_path(f) := sprintf("spec.subsets[%d].trafficPolicy", [i]) if {
	some i, subset in input.object.spec.subsets
	subset.name == f.subset
	subset.trafficPolicy
} else := "spec.trafficPolicy"

# The fix where an update makes another rule apply that so far applied to no client: TLS that is written there first would
# be ignored, and denied.
_fix_precedence(f) := fix if {
	fix := lib.keep_precedence(_kept_rule(f))
} else := sprintf("# Delete %s first, or give it another host: it decides nothing now, and would take this rule's place.\n", [_kept_rule(f)])

# METADATA
# title: TLS that Istio ignores
# description: |-
#   The object under review writes TLS that Istio drops without an error: credentialName on a sidecar whose rule has no
#   workloadSelector, MUTUAL without a certificate, ISTIO_MUTUAL at a waypoint, a policy that the merge with an older rule
#   drops. A rule that no client's lookup reaches is warned of: it may be on its way to where it belongs; so is
#   one that Istio keeps for other clients, and leaves those in plaintext that were before.
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings
#     description: ClientTLSSettings
# custom:
#   id: ineffective-tls
#   action: deny
#   kinds: [DestinationRule, Gateway, ServiceEntry, VirtualService]
package tlsward.ineffective_tls

import data.tlsward.lib

violation contains lib.at(f, {"message": _message(f), "fix": _fix(f), "action": _action(f)}) if {
	input.request.operation != "DELETE"
	some f in input.egress
	f.ignored
}

_action(f) := "warn" if {
	f.cause == "off-path"
} else := "warn" if {
	f.ignoredForSome
} else := "deny"

_message(f) := lib.says(f, sprintf(
	"Istio ignores the TLS that %s asks for, and %s leaves as %s: %s.",
	[lib.ref(lib.reviewed), lib.bytes(f), f.verdict, lib.because(f)],
))

_fix(f) := "# Let a waypoint serve the host: ztunnel starts no TLS.\n" if {
	f.cause == "ztunnel"
} else := sprintf("# Put the rule into the namespace of its clients, or beside %s.\n", [lib.service(f)]) if {
	f.cause == "off-path"
} else := lib.hands_over(f) if {
	f.cause == "merged-away"
	f.lostTLS
} else := _stays_before(f) if {
	f.cause == "merged-away"
	f.relatedUnused
	f.verdict == "plaintext"
} else := sprintf("# Put the TLS into %s, which Istio keeps.\n%s", [_keeper(f), lib.start_tls(f)]) if {
	f.cause == "merged-away"
	f.verdict == "plaintext"
} else := sprintf("# Put the TLS into %s, which Istio keeps, and take it out here.\n%s", [
	_keeper(f),
	lib.change(lib.reviewed, {_policy_path(f): null}),
]) if {
	f.cause == "merged-away"
} else := lib.change(lib.reviewed, {"spec.workloadSelector": null}) if {
	f.cause == "selector-at-waypoint"
	input.object.spec.workloadSelector
} else := sprintf("# By its name, which Istio does not merge into a rule for some pods as it does a dot.\n%s", [
	lib.change(lib.reviewed, {"spec.exportTo": [input.request.namespace]}),
]) if {
	f.cause == "selector-at-waypoint"
} else := sprintf("# Or add spec.workloadSelector with the labels of the pods that hold the credential.\n%s", [lib.start_tls(f)]) if {
	f.cause == "credential-ignored"
} else := sprintf("# Or name the client's certificate: credentialName, or clientCertificate and privateKey.\n%s", [lib.start_tls(f)]) if {
	f.cause == "incomplete-mutual"
} else := lib.start_tls(f)

_keeper(f) := object.get(f, "related", "the older rule")

# policy_path is where the rule under review has what it says of a flow.
_policy_path(f) := sprintf("spec.subsets[%d].trafficPolicy", [i]) if {
	some i, subset in input.object.spec.subsets
	subset.name == f.subset
	subset.trafficPolicy
} else := "spec.trafficPolicy"

# stays_before mends a rule that lets another come to decide which so far decides nothing. TLS in that one would be refused
# as long as nobody goes by it.
_stays_before(f) := fix if {
	fix := lib.keeps_rank(_keeper(f))
} else := sprintf("# Delete %s first, or give it another host: it decides nothing now, and would take this rule's place.\n", [_keeper(f)])

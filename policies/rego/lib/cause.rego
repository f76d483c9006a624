package tlsward.lib

default because(_) := "no proxy starts TLS for it"

# because says why a flow is in plaintext, or why the TLS of the object under review is ignored.
because(flow) := replace(_because[flow.cause], "%s", _decider(flow))

_because := {
	"no-rule": "no DestinationRule applies to this client",
	"unset": "%s is not set",
	"disabled": "%s has mode DISABLE",
	"no-mode": "%s has no mode, which Istio reads as DISABLE",
	"unselected": "the rules for this host have a workloadSelector, and none selects these pods",
	"credential-ignored": "%s has a credentialName, which Istio ignores on a sidecar whose rule has no workloadSelector",
	"incomplete-mutual": "%s has mode MUTUAL without a client certificate (credentialName, or clientCertificate and privateKey), and Istio then sets up no TLS",
	"mutual-at-waypoint": "%s has mode ISTIO_MUTUAL, which a waypoint reads as no TLS towards a host outside the mesh",
	"selector-at-waypoint": "a waypoint ignores rules with a workloadSelector",
	"ztunnel": "these pods are in ambient mode without a waypoint, and ztunnel reads no DestinationRule",
	"merged-away": "Istio merges the rules for this host and keeps the policy of %s",
	"off-path": "no client's lookup reaches this rule: Istio looks in the client's namespace, then in the service's, then in the root namespace",
	"unknown-host": "no ServiceEntry and no Service has this host",
	"case-mismatch": "hosts are compared with case, and the known one is %s",
	"passthrough": "the client's Sidecar leaves this host out, or it is in no registry: the bytes pass as they are",
	"no-destination": "%s takes all of it and leads to no service: nothing leaves the mesh",
}

default _decider(_) := "the rule that applies"

# The other object, where the cause speaks of one; else what decided; else the rule.
_decider(flow) := flow.related if {
	flow.cause in {"merged-away", "case-mismatch"}
} else := decided(flow) if {
	decided(flow) != ""
} else := ref(flow.rule)

# bytes names what would be seen on the wire.
bytes(flow) := "HTTP" if {
	flow.payload == "http"
} else := "whatever the application writes"

# arrives says where the bytes go where that is not the port that the application asked for.
arrives(flow) := "" if {
	object.get(flow, "targetPorts", [flow.port]) == [flow.port]
} else := sprintf(" (to port %d of the server)", flow.targetPorts) if {
	count(flow.targetPorts) == 1
} else := sprintf(" (to port %s of the server)", [concat(" or ", [sprintf("%d", [p]) | some p in flow.targetPorts])])

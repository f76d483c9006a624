package tlsward.lib

# METADATA
# scope: document
# description: The cause of a flow as a text, without a full stop.
default cause_text(_) := "no proxy starts TLS for it"

cause_text(flow) := sprintf("%s has its CA certificates in what is no ConfigMap, and sidecars start no TLS by that", [decided_by(flow)]) if {
	flow.cause == "credential-ignored"
	decided_by_policy(flow)
} else := replace(_cause_texts[flow.cause], "%s", _subject(flow))

_cause_texts := {
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
	"port-not-declared": "this client has the host from %s, which does not declare the port, and the proxy passes on what it gets",
	"declared-tls": "%s declares the port for TLS, and the proxy passes on what these clients send as before",
	"declared-otherwise": "%s declares the port for another protocol, and the proxy passes on what these clients send as before",
	"other-addresses": "%s has the port at other addresses alone, and the proxy passes on what these clients send elsewhere",
	"not-exported": "%s is not exported to this client any more (exportTo, or the label istio.io/rev), and the proxy passes on what it gets",
	"left-to-wildcard": "%s has a wildcard over the host, which takes it then, and no rule starts TLS for that one",
	"kept-inside": "this client has the host from %s, of another namespace, whose servers are inside the mesh and get it as it is",
	"other-name": "an entry or a route for another name of the service takes these requests",
	"renamed": "%s, of type ExternalName, is another name of a server outside then, and nothing starts TLS to that",
	"routed-elsewhere": "a route of another namespace leads elsewhere",
	"answered": "a route of another namespace answers in the server's place",
	"routed-inside": "%s, which is neither of these clients' namespace nor of the host's, leads it to a service inside the mesh, which gets it as it is",
	"other-listener": "the listener of another host takes these connections",
	"no-cluster": "routes lead to a subset that no DestinationRule has which applies to this client: the proxy answers 503",
	"no-destination": "%s takes all of it and leads to no service: nothing leaves the mesh",
}

default _subject(_) := "the rule that applies"

# What a cause is about: the other object for some causes, else what decided, else the rule.
_subject(flow) := flow.related if {
	flow.cause in {"merged-away", "case-mismatch", "port-not-declared", "declared-tls", "declared-otherwise", "other-addresses", "not-exported", "left-to-wildcard", "kept-inside", "routed-inside", "renamed"}
} else := decided_by(flow) if {
	decided_by(flow) != ""
} else := object_name(flow.rule)

# METADATA
# description: What an observer of the wire would see of a flow in plaintext, as the subject of a sentence.
payload_text(flow) := "HTTP" if {
	flow.payload == "http"
} else := "what the application encrypts" if {
	flow.verdict == "application-tls"
} else := "whatever the application writes"

# METADATA
# scope: document
# description: How a flow leaves, as the predicate of a sentence.
default leaving_text(_) := "leaves in a way that is not known"

leaving_text(flow) := _leaving_texts[flow.verdict]

_leaving_texts := {
	"plaintext": "leaves in plaintext",
	"originated": "leaves under other TLS",
	"application-tls": "leaves under its own TLS alone",
	"double-tls": "leaves under TLS inside TLS",
}

# METADATA
# description: |-
#   The server's ports, as " (to port 443 of the server)", or "" where they are the port that the client asks for.
target_port_text(flow) := "" if {
	object.get(flow, "targetPorts", [flow.port]) == [flow.port]
} else := sprintf(" (to port %d of the server)", flow.targetPorts) if {
	count(flow.targetPorts) == 1
} else := sprintf(" (to port %s of the server)", [concat(" or ", [sprintf("%d", [port]) | some port in flow.targetPorts])])

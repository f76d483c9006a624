package mesh

// Cause is the reason why a flow is as it is, in one word that policies can compare.
type Cause string

// The causes. A flow with nothing to explain has CauseNone.
const (
	CauseNone Cause = ""
	// CauseNoRule: no DestinationRule applies to this client at all.
	CauseNoRule Cause = "no-rule"
	// CauseUnset: a DestinationRule applies and sets no TLS for this port.
	CauseUnset Cause = "unset"
	// CauseDisabled: mode DISABLE is written down.
	CauseDisabled Cause = "disabled"
	// CauseNoMode: tls without a mode, which Istio reads as DISABLE.
	CauseNoMode Cause = "no-mode"
	// CauseUnselected: only rules with a workloadSelector stand, and none selects this client.
	CauseUnselected Cause = "unselected"
	// CauseCredential: credentialName on a sidecar without workloadSelector: no TLS context.
	CauseCredential Cause = "credential-ignored"
	// CauseIncompleteMutual: MUTUAL with neither credentialName nor a pair of files: no TLS context.
	CauseIncompleteMutual Cause = "incomplete-mutual"
	// CauseMutualAtWaypoint: a waypoint treats ISTIO_MUTUAL towards external hosts as none.
	CauseMutualAtWaypoint Cause = "mutual-at-waypoint"
	// CauseSelectorAtWaypoint: a waypoint ignores rules with a workloadSelector.
	CauseSelectorAtWaypoint Cause = "selector-at-waypoint"
	// CauseZtunnel: an ambient pod without a waypoint: nothing reads DestinationRules.
	CauseZtunnel Cause = "ztunnel"
	// CauseMergedAway: the rule under review has TLS that Istio drops in favour of another rule's policy.
	CauseMergedAway Cause = "merged-away"
	// CauseOffPath: the rule under review is on no client's lookup path for this host.
	CauseOffPath Cause = "off-path"
	// CauseUnknownHost: no ServiceEntry and no Service has this host.
	CauseUnknownHost Cause = "unknown-host"
	// CauseCaseMismatch: a known host differs from this one in case only.
	CauseCaseMismatch Cause = "case-mismatch"
	// CausePassthrough: the host is not in the client's Sidecar egress list, or in no registry: passthrough.
	CausePassthrough Cause = "passthrough"
	// CausePortNotDeclared: the entry that the client has for the host does not have the port, and other entries do.
	CausePortNotDeclared Cause = "port-not-declared"
	// CauseDeclaredTLS: the entry that the client has for the host declares the port for TLS, which the client does not send.
	CauseDeclaredTLS Cause = "declared-tls"
	// CauseDeclaredOtherwise: the entry that the client has for the host declares the port for another protocol than the
	// client sends: UDP, requests, or bytes where the proxy looks for requests.
	CauseDeclaredOtherwise Cause = "declared-otherwise"
	// CauseOtherAddresses: the entry that the client has for the host has no listener at the addresses to which it connects.
	CauseOtherAddresses Cause = "other-addresses"
	// CauseNotExported: the entry that the client had for the host is not exported to it any more, or is for another revision, and no other is.
	CauseNotExported Cause = "not-exported"
	// CauseLeftToWildcard: the host's own entry goes, and the entry of a wildcard over it takes the connections.
	CauseLeftToWildcard Cause = "left-to-wildcard"
	// CauseKeptInside: the entry that the client has for the host, of another namespace, has servers inside the mesh.
	CauseKeptInside Cause = "kept-inside"
	// CauseRoutedInside: a route of a namespace that is neither the client's nor the host's leads to servers inside the mesh.
	CauseRoutedInside Cause = "routed-inside"
	// CauseOtherListener: the listener of another host takes the connections before the host's own does.
	CauseOtherListener Cause = "other-listener"
	// CauseOtherName: an entry or a route for another name of the service takes the requests before its own virtual host does.
	CauseOtherName Cause = "other-name"
	// CauseRoutedElsewhere: a route of somebody else's leads away from the service.
	CauseRoutedElsewhere Cause = "routed-elsewhere"
	// CauseAnswered: a route of somebody else's answers in the server's place.
	CauseAnswered Cause = "answered"
	// CauseRenamed: the service is of type ExternalName now, another name of a server outside to which no proxy starts TLS.
	CauseRenamed Cause = "renamed"
	// CauseNoDestination: routes take all of it and lead to no service; nothing leaves.
	CauseNoDestination Cause = "no-destination"
	// CauseNoCluster: routes lead to a subset that no rule has which this client finds; nothing leaves. Paths alone have it.
	CauseNoCluster Cause = "no-cluster"
)

# METADATA
# description: Inputs for the tests of policies. One review and one flow, to be changed as a test needs.
package tlsward.fixtures

# METADATA
# description: A reference to the DestinationRule of the flows below.
destination_rule := {"kind": "DestinationRule", "namespace": "default", "name": "edition-cnn-com"}

# METADATA
# description: A reference to the ServiceEntry that declares their host.
service_entry := {"kind": "ServiceEntry", "namespace": "default", "name": "edition-cnn-com"}

# METADATA
# description: A hop out of the mesh in plaintext.
plaintext_hop := {
	"from": "sidecar default",
	"to": "edition.cnn.com",
	"port": 443,
	"protocol": "HTTP",
	"tls": "",
	"sni": "",
	"names": [],
	"verified": false,
	"decidedBy": null,
}

# METADATA
# description: A flow in plaintext that no DestinationRule applies to.
plaintext_flow := {
	"client": {"kind": "sidecar", "namespace": "default"},
	"host": "edition.cnn.com",
	"port": 80,
	"hops": [plaintext_hop],
	"verdict": "plaintext",
	"cause": "no-rule",
	"hopKind": "egress",
	"protocol": "HTTP",
	"family": "http",
	"payload": "http",
	"targetPorts": [443],
	"sniHosts": ["edition.cnn.com"],
	"decidedByObject": true,
	"service": service_entry,
}

# METADATA
# description: The plaintext flow with a DestinationRule, of which a field decides, and with changes.
flow_with_rule(field, changes) := object.union(plaintext_flow, object.union(
	{"rule": destination_rule, "hops": [object.union(plaintext_hop, {"decidedBy": {"object": destination_rule, "field": field}})]},
	changes,
))

# METADATA
# description: A flow for which a proxy starts TLS and checks the server's name, with changes to its hop.
originated_flow(changes) := object.union(object.remove(plaintext_flow, {"cause"}), {
	"verdict": "originated",
	"rule": destination_rule,
	"hops": [object.union(
		object.union(plaintext_hop, {
			"tls": "SIMPLE",
			"autoSNI": true,
			"autoNames": true,
			"verified": true,
			"decidedBy": {"object": destination_rule, "field": "spec.trafficPolicy.portLevelSettings[0].tls"},
		}),
		changes,
	)],
})

# METADATA
# description: The input of a CREATE of an object of a kind, with flows.
review(kind, flows) := {
	"request": {
		"operation": "CREATE",
		"kind": kind,
		"apiVersion": "networking.istio.io/v1",
		"namespace": "default",
		"name": "edition-cnn-com",
		"userInfo": {"username": "alice", "groups": []},
		"dryRun": false,
	},
	"object": {"metadata": {"name": "edition-cnn-com", "namespace": "default"}, "spec": {}},
	"egress": flows,
}

# METADATA
# description: The input of a DELETE of an object of a kind, with flows.
deletion(kind, flows) := object.union(
	object.remove(review(kind, flows), {"object"}),
	{"request": {"operation": "DELETE"}},
)

# METADATA
# description: The input of a CREATE of an AuthorizationPolicy with a spec.
authorization_policy_review(spec) := {
	"request": {
		"operation": "CREATE",
		"kind": "AuthorizationPolicy",
		"apiVersion": "security.istio.io/v1",
		"namespace": "team-a",
		"name": "policy",
		"userInfo": {"username": "alice", "groups": []},
		"dryRun": false,
	},
	"object": {"metadata": {"name": "policy", "namespace": "team-a"}, "spec": spec},
	"egress": [],
	"callers": {"ingress": [], "waypoints": []},
}

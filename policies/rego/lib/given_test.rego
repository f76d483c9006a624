# What the tests of policies start from: one review, one flow, changed as a test needs it.
package tlsward.given

rule := {"kind": "DestinationRule", "namespace": "default", "name": "edition-cnn-com"}

entry := {"kind": "ServiceEntry", "namespace": "default", "name": "edition-cnn-com"}

hop := {
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

# plaintext is a flow that nothing encrypts, and for which no rule stands.
plaintext := {
	"client": {"kind": "sidecar", "namespace": "default"},
	"host": "edition.cnn.com",
	"port": 80,
	"hops": [hop],
	"verdict": "plaintext",
	"cause": "no-rule",
	"hopKind": "egress",
	"protocol": "HTTP",
	"family": "http",
	"payload": "http",
	"targetPorts": [443],
	"sniHosts": ["edition.cnn.com"],
	"decidedByObject": true,
	"service": entry,
}

# ruled is a flow that a rule stands for, and whose TLS is decided by a field of it.
ruled(field, changes) := object.union(plaintext, object.union(
	{"rule": rule, "hops": [object.union(hop, {"decidedBy": {"object": rule, "field": field}})]},
	changes,
))

# encrypted is a flow for which a proxy starts TLS and checks the server's name.
encrypted(changes) := object.union(object.remove(plaintext, {"cause"}), {
	"verdict": "originated",
	"rule": rule,
	"hops": [object.union(
		object.union(hop, {
			"tls": "SIMPLE",
			"autoSNI": true,
			"autoNames": true,
			"verified": true,
			"decidedBy": {"object": rule, "field": "spec.trafficPolicy.portLevelSettings[0].tls"},
		}),
		changes,
	)],
})

# review gives the input for a review of this kind, with these flows.
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

# deletion is the same for a DELETE.
deletion(kind, flows) := object.union(
	object.remove(review(kind, flows), {"object"}),
	{"request": {"operation": "DELETE"}},
)

# guard gives the input for a review of an AuthorizationPolicy.
guard(spec) := {
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

package tlsward.missing_principals_test

import data.tlsward.fixtures
import data.tlsward.missing_principals.violation as found

curl := "cluster.local/ns/team-a/sa/curl"

test_refuses_a_source_without_an_identity if {
	found == {{
		"message": concat(" ", [
			"AuthorizationPolicy team-a/policy spec.rules[0].from[1].source asks for no workload identity:",
			"whoever reaches the port is let in, plaintext callers included.",
		]),
		"decidedBy": "AuthorizationPolicy team-a/policy spec.rules[0].from[1].source",
		"fix": concat("\n", [
			"# Name the workloads that may call:",
			"# in AuthorizationPolicy team-a/policy",
			json.marshal({"spec.rules[0].from[1].source.principals": ["cluster.local/ns/team-a/sa/<service-account>"]}),
			"",
		]),
	}} with input as fixtures.authorization_policy_review({"rules": [{"from": [
		{"source": {"principals": [curl]}},
		{"source": {"ipBlocks": ["10.0.0.0/8"]}},
	]}]})
}

test_refuses_a_rule_without_sources[rule] if {
	some rule in [{}, {"from": []}, {"from": null}, {"to": [{"operation": {"methods": ["GET"]}}]}]
	result := found with input as fixtures.authorization_policy_review({"rules": [rule], "action": "ALLOW"})
	{v.fix | some v in result} == {concat("\n", [
		"# Name the workloads that may call:",
		"# in AuthorizationPolicy team-a/policy",
		json.marshal({"spec.rules[0].from": [{"source": {"principals": ["cluster.local/ns/team-a/sa/<service-account>"]}}]}),
		"",
	])}
}

# Careless: hundreds of them cost more than a review may, and nobody reads them.
test_counts_what_is_more_than_anybody_reads if {
	rules := [{"from": [{"source": {"namespaces": [sprintf("team-%d", [i])]}}]} | some i in numbers.range(1, 70)]
	result := found with input as fixtures.authorization_policy_review({"rules": array.concat(rules, [{}])})
	count(result) == 65
	{v.message | some v in result; not v.fix} == {"AuthorizationPolicy team-a/policy: 7 more of its sources, or rules without any, ask for no workload identity."}
	count({v | some v in result; contains(v.message, "spec.rules[63].from[0].source")}) == 1
}

test_counts_no_more_where_all_are_told if {
	rules := [{"from": [{"source": {"namespaces": [sprintf("team-%d", [i])]}}]} | some i in numbers.range(1, 64)]
	result := found with input as fixtures.authorization_policy_review({"rules": rules})
	count(result) == 64
}

# Careless: principals of the policy's own namespace beside the namespaces of its callers let nobody in.
test_fix_names_workloads_that_get_in[name] if {
	some name, c in {
		"of its namespace": [{"namespaces": ["team-b"]}, [], ["team-b"]],
		"of each": [{"namespaces": ["team-b", "prod-*"]}, [], ["team-b", "prod-any"]],
		"of any": [{"namespaces": ["*"]}, [], ["team-a"]],
		"of the condition": [{"ipBlocks": ["10.0.0.0/8"]}, [{"key": "source.namespace", "values": ["team-b"]}], ["team-b"]],
		"of another than is kept out": [{"notNamespaces": ["team-a"]}, [], ["other"]],
	}
	rule := {"from": [{"source": c[0]}], "when": c[1]}
	result := found with input as fixtures.authorization_policy_review({"rules": [rule]})
	some v in result
	yaml.unmarshal(v.fix)["spec.rules[0].from[0].source.principals"] == [sprintf("cluster.local/ns/%s/sa/<service-account>", [n]) | some n in c[2]]
}

test_fix_names_workloads_of_the_trust_domains[domain] if {
	some domain, want in {"partner": "partner", "*": "cluster.local"}
	result := found with input as fixtures.authorization_policy_review({"rules": [{"from": [{"source": {"trustDomains": [domain]}}]}]})
	some v in result
	yaml.unmarshal(v.fix)["spec.rules[0].from[0].source.principals"] == [sprintf("%s/ns/team-a/sa/<service-account>", [want])]
}

test_fix_names_workloads_of_the_condition if {
	rule := {"when": [{"key": "source.namespace", "values": ["team-b"]}]}
	result := found with input as fixtures.authorization_policy_review({"rules": [rule]})
	some v in result
	yaml.unmarshal(v.fix)["spec.rules[0].from"] == [{"source": {"principals": ["cluster.local/ns/team-b/sa/<service-account>"]}}]
}

test_names_the_param_that_accepts_it[param] if {
	some param, source in {"acceptNamespaces": {"namespaces": ["a"]}, "acceptRequestPrincipals": {"requestPrincipals": ["*"]}}
	result := found with input as fixtures.authorization_policy_review({"rules": [{"from": [{"source": source}]}]})
	some v in result
	startswith(v.fix, sprintf("# Or accept this everywhere: params: {missing-principals: {%s: true}} in tlsward's Config.\n# Name ", [param]))
}

# A namespace is read from the certificate: a caller in plaintext has none.
test_speaks_of_plaintext_callers_where_they_get_in[name] if {
	some name, c in {
		"namespaces": [{"namespaces": ["team-b", "team-c"]}, "any workload of namespace team-b or team-c is let in."],
		"a trust domain": [{"trustDomains": ["partner"]}, "of trust domain partner, and ztunnel, which does not read trustDomains, whoever reaches the port."],
		"a token": [{"requestPrincipals": ["*"]}, "whoever reaches the port is let in, plaintext callers included."],
		"namespaces kept out": [{"notNamespaces": ["team-b"]}, "whoever reaches the port is let in, plaintext callers included."],
		"principals kept out": [{"notPrincipals": [curl]}, "whoever reaches the port is let in but cluster.local/ns/team-a/sa/curl, plaintext callers included."],
	}
	result := found with input as fixtures.authorization_policy_review({"rules": [{"from": [{"source": c[0]}]}]})
	some v in result
	endswith(v.message, c[1])
}

test_passes_an_identity[source] if {
	some source in [
		{"principals": [curl]},
		{"principals": ["*"]},
		{"principals": [curl], "ipBlocks": ["10.0.0.0/8"]},
		{"serviceAccounts": ["team-a/curl"]},
	]
	found == set() with input as fixtures.authorization_policy_review({"rules": [{"from": [{"source": source}]}]})
}

# Careless: what looks like an identity and names no workload, or matches callers without one.
test_refuses_what_names_no_workload[source] if {
	some source in [
		{},
		{"principals": []},
		{"namespaces": ["team-a"]},
		{"trustDomains": ["cluster.local"]},
		{"requestPrincipals": ["*"]},
		{"notPrincipals": [curl]},
	]
	count(found) == 1 with input as fixtures.authorization_policy_review({"rules": [{"from": [{"source": source}]}]})
}

test_refuses_an_entry_without_a_source if {
	count(found) == 1 with input as fixtures.authorization_policy_review({"rules": [{"from": [{}]}]})
}

condition(c) := {"rules": [{"from": [{"source": {"ipBlocks": ["10.0.0.0/8"]}}], "when": [c]}, {"when": [c]}]}

test_passes_a_condition_on_the_identity[key] if {
	some key in ["source.principal", "source.serviceAccount"]
	found == set() with input as fixtures.authorization_policy_review(condition({"key": key, "values": [curl]}))
}

# Careless: a negated condition, or one on something else, lets callers without an identity in.
test_refuses_another_condition[c] if {
	some c in [
		{"key": "source.principal", "notValues": [curl]},
		{"key": "source.namespace", "values": ["team-a"]},
		{"key": "request.headers[x]", "values": ["1"]},
	]
	count(found) == 2 with input as fixtures.authorization_policy_review(condition(c))
}

test_passes_a_policy_that_admits_nobody[spec] if {
	some spec in [{}, {"rules": []}, {"action": "DENY", "rules": [{}]}, {"action": "AUDIT", "rules": [{}]}, {"action": "CUSTOM", "rules": [{}]}]
	found == set() with input as fixtures.authorization_policy_review(spec)
}

open_policy := fixtures.authorization_policy_review({"rules": [{}]})

test_passes_ingress_gateways if {
	found == set() with input as object.union(open_policy, {"callers": {"ingress": ["istio-system/public"], "workloads": false}})
}

# Careless: labels that anybody can write are taken for an ingress gateway.
test_refuses_the_labels_of_an_ingress_gateway if {
	labelled := fixtures.authorization_policy_review({"selector": {"matchLabels": {"istio": "ingressgateway"}}, "rules": [{}]})
	count(found) == 1 with input as object.union(labelled, {"callers": {"workloads": true}})
}

# Careless: targets are alternatives, and the clients of a waypoint have identities.
test_refuses_what_is_enforced_elsewhere_too[callers] if {
	some callers in [
		{"waypoints": ["team-a/waypoint"]},
		{"waypoints": ["team-a/waypoint"], "ingress": ["team-a/public"]},
		{"workloads": true, "ingress": ["team-a/public"]},
		{"workloads": true, "unknown": ["team-a/public"]},
	]
	actions := [object.get(v, "action", "deny") | some v in found] with input as object.union(open_policy, {"callers": callers})
	actions == ["deny"]
}

test_warns_where_the_gateway_is_not_known[callers] if {
	some callers in [{"unknown": ["team-a/public"]}, {"unknown": ["team-a/public"], "ingress": ["team-a/other"]}]
	actions := [v.action | some v in found] with input as object.union(open_policy, {"callers": callers})
	actions == ["warn"]
}

test_passes_a_policy_that_is_not_enforced if {
	dry_run := {"object": {"metadata": {"annotations": {"istio.io/dry-run": "true"}}}}
	found == set() with input as object.union(open_policy, dry_run)
	count(found) == 1 with input as object.union(open_policy, {"object": {"metadata": {"annotations": {"istio.io/dry-run": "false"}}}})
}

test_accepts_what_params_accept[field] if {
	some field, param in {"namespaces": "acceptNamespaces", "requestPrincipals": "acceptRequestPrincipals"}
	asked := fixtures.authorization_policy_review({"rules": [{"from": [{"source": {field: ["x"]}}]}]})
	found == set() with input as asked with data.params as {"missing-principals": {param: true}}
	count(found) == 1 with input as asked with data.params as {"missing-principals": {param: false}}
}

test_ignores_other_kinds if {
	found == set() with input as fixtures.review("ServiceEntry", [])
}

test_ignores_deletions if {
	found == set() with input as object.remove(fixtures.authorization_policy_review({}), {"object"})
}

opened(operation, was, spec, workloads) := {
	"request": object.union(open_policy.request, {"operation": operation}),
	"oldObject": {"metadata": {"name": "policy", "namespace": "team-a"}, "spec": was},
	"object": {"metadata": {"name": "policy", "namespace": "team-a"}, "spec": spec},
	"opened": object.union({"selector": null, "targets": [], "reachedBy": ["Service team-a/cart"]}, workloads),
	"egress": [],
}

test_refuses_to_open_workloads if {
	cart := {"selector": {"matchLabels": {"app": "cart"}}, "rules": []}
	audit := object.union(cart, {"action": "AUDIT"})
	found == {{
		"message": concat(" ", [
			"AuthorizationPolicy team-a/policy kept callers without a workload identity out of the pods with app=cart of namespace",
			"team-a (Service team-a/cart). After this, no policy does: whoever reaches the port is let in, plaintext callers included.",
		]),
		"decidedBy": "AuthorizationPolicy team-a/policy",
		"fix": concat("\n", [
			"# Let it enforce what it did:",
			"# in AuthorizationPolicy team-a/policy",
			`{"metadata.annotations[istio.io/dry-run]":null,"metadata.labels[istio.io/rev]":null,"spec":{"rules":[],"selector":{"matchLabels":{"app":"cart"}}}}`,
			"",
		]),
	}} with input as opened("UPDATE", cart, audit, {"selector": {"app": "cart"}})
}

test_says_what_is_opened[name] if {
	some name, c in {
		"all pods": [{}, "out of all workloads to which the policies of namespace team-a apply (Service team-a/cart). After"],
		"a target": [{"targets": ["Service cart"]}, "out of Service cart. After"],
		"nothing leads there": [{"selector": {"app": "cart"}, "reachedBy": []}, "out of the pods with app=cart of namespace team-a. After"],
	}
	result := found with input as opened("UPDATE", {}, {"action": "AUDIT"}, c[0])
	some v in result
	contains(v.message, c[1])
}

test_says_where_others_have_a_policy_of_their_own if {
	some v in found with input as opened("DELETE", {}, {}, {"reachedBy": [], "othersGuarded": true})
	v.action == "warn"
	contains(v.message, "After this, no policy does where they have none of their own: whoever")
}

# An application that goes as a whole has lost its Services before; a policy that stays where it is has not.
test_warns_where_the_workloads_are_gone[name] if {
	some name, c in {
		"deleted": ["DELETE", {"reachedBy": []}, false, "warn"],
		"moved": ["UPDATE", {"reachedBy": []}, false, "warn"],
		"deleted, with a Service": ["DELETE", {}, false, "deny"],
		"for the same pods": ["UPDATE", {"reachedBy": [], "stillSelected": true}, true, "deny"],
		"deleted, which a param accepts": ["DELETE", {}, true, "warn"],
		"moved, which it does not": ["UPDATE", {}, true, "deny"],
	}
	result := found with input as opened(c[0], {}, {"action": "AUDIT"}, c[1])
		with data.params as {"missing-principals": {"acceptDeletion": c[2]}}
	[object.get(v, "action", "deny") | some v in result] == [c[3]]
}

test_tells_how_to_delete_a_policy[name] if {
	some name, c in {
		"with a Service": [["Service team-a/cart"], "# If the workloads are to go, delete what leads to them first."],
		"without": [[], "# If they are gone, with the Services that led to them, there is nothing to do."],
	}
	result := found with input as opened("DELETE", {}, {}, {"reachedBy": c[0]})
	some v in result
	v.fix == concat("\n", [
		"# Write first, under another name, an ALLOW policy for the same workloads that names who may call.",
		c[1],
		"",
	])
}

# Stored objects of another version may come without the object that was there before.
test_refuses_without_the_old_object if {
	count(found) == 1 with input as object.remove(opened("UPDATE", {}, {"action": "AUDIT"}, {}), {"oldObject"})
}

# A server of a gateway for anybody, beside those that ask for an identity.
server := {
	"gateway": {"kind": "Gateway", "namespace": "team-a", "name": "mine"},
	"route": {"kind": "VirtualService", "namespace": "team-a", "name": "cnn"},
	"server": 0,
	"port": 80,
	"protocol": "HTTP",
	"guarded": {"kind": "Gateway", "namespace": "istio-system", "name": "egress"},
	"owned": false,
}

opening(changes) := fixtures.review("VirtualService", [object.union(fixtures.plaintext_flow, {
	"client": {"kind": "gateway", "namespace": "istio-system"},
	"opened": object.union(server, changes),
})])

test_denies_a_server_that_lets_anybody_out if {
	result := found with input as opening({})
	count(result) == 1
	some v in result
	not v.action
	v.decidedBy == "Gateway team-a/mine spec.servers[0]"
	contains(v.message, "lets only callers with one out there: after this, whoever reaches the port gets out")
	contains(v.fix, "# in Gateway team-a/mine\n")
}

# A listener of the Gateway API asks for mutual TLS by an option.
test_denies_a_listener_that_lets_anybody_out[kind] if {
	some kind, name in {"KubernetesGateway": "Gateway (gateway.networking.k8s.io) team-a/mine", "ListenerSet": "ListenerSet team-a/mine"}
	result := found with input as opening({"gateway": {"kind": kind, "namespace": "team-a", "name": "mine"}})
	some v in result
	not v.action
	v.decidedBy == sprintf("%s spec.listeners[0]", [name])
	contains(v.fix, `"spec.listeners[0].protocol":"HTTPS"`)
	contains(v.fix, `"gateway.istio.io/tls-terminate-mode":"ISTIO_MUTUAL"`)
}

test_warns_the_owner_of_the_pods if {
	result := found with input as opening({"owned": true})
	[v.action | some v in result] == ["warn"]
}

test_keeps_bytes_bytes_in_the_fix[protocol] if {
	some protocol, want in {"HTTP": "HTTPS", "HTTPS": "HTTPS", "tcp": "TLS", "TLS": "TLS"}
	result := found with input as opening({"protocol": protocol})
	some v in result
	yaml.unmarshal(v.fix) == {"spec.servers[0].port.protocol": want, "spec.servers[0].tls": {"mode": "ISTIO_MUTUAL"}}
}

test_passes_flows_that_open_nothing if {
	found == set() with input as fixtures.review("VirtualService", [fixtures.plaintext_flow])
}

test_ignores_the_deletion_of_a_gateway if {
	found == set() with input as object.union(opening({}), {"request": object.union(opening({}).request, {"operation": "DELETE"})})
}

test_warns_where_some_ports_alone_are_opened if {
	some v in found with input as opened("DELETE", {}, {}, {"ports": ["8080", "9090"]})
	v.action == "warn"
	contains(v.message, "out of port 8080 and 9090 of ")
}

test_warns_where_some_requests_alone_are_opened if {
	some v in found with input as opened("DELETE", {}, {}, {"requests": ["methods POST", "paths /admin*"]})
	v.action == "warn"
	contains(v.message, "out of requests (methods POST; paths /admin*) to all workloads")
}

test_warns_where_some_requests_and_some_ports_are_opened if {
	some v in found with input as opened("DELETE", {}, {}, {"requests": ["paths /admin*"], "ports": ["8080"]})
	contains(v.message, "out of requests (paths /admin*), and port 8080 of all workloads")
}

# Careless: the waypoint that alone obeys a policy goes in silence.
test_warns_where_no_waypoint_obeys_a_policy_any_more if {
	opened := {
		"by": "waypoint",
		"selector": null, "targets": ["Service cart"], "reachedBy": ["Service shop/cart"], "stillSelected": false,
		"policy": {"kind": "AuthorizationPolicy", "namespace": "shop", "name": "cart"},
	}
	result := found with input as object.union(fixtures.review("Namespace", []), {"opened": opened})
	count(result) == 1
	some v in result
	v.action == "warn"
	contains(v.message, "no waypoint obeys AuthorizationPolicy shop/cart for Service shop/cart")
	contains(v.fix, "an ALLOW policy with a selector")
}

test_names_the_policy_that_lets_them_in if {
	review := {
		"request": {"kind": "AuthorizationPolicy", "namespace": "shop", "name": "guard", "operation": "DELETE"},
		"opened": {
			"targets": [],
			"reachedBy": ["Service shop/cart"],
			"letInBy": {"kind": "AuthorizationPolicy", "namespace": "shop", "name": "get"},
		},
	}
	{[v.message, v.fix] | some v in found} == {[
		concat(" ", [
			"AuthorizationPolicy shop/guard kept callers without a workload identity out of all workloads to which the policies of namespace shop apply (Service shop/cart).",
			"After this, no policy does: whoever asks for what AuthorizationPolicy shop/get allows without asking for one is let in, plaintext callers included.",
		]),
		"# Name first, in each rule of AuthorizationPolicy shop/get, who may call: what one ALLOW policy lets in, no other keeps out.\n",
	]} with input as review
}

test_warns_of_a_namespace_that_takes_policies_out_of_force[by] if {
	some by, text in {
		"unread": "the control plane of the namespace's pods does not read AuthorizationPolicy shop/guard, by its discoverySelectors or by istio.io/rev",
		"no-proxy": "no ztunnel is before the namespace's pods, or no sidecar before those that start, to enforce AuthorizationPolicy shop/guard",
	}
	opened := {"by": by, "targets": [], "reachedBy": [], "policy": {"kind": "AuthorizationPolicy", "namespace": "shop", "name": "guard"}}
	some v in found with input as object.union(fixtures.review("Namespace", []), {"opened": opened})
	v.action == "warn"
	contains(v.message, text)
	startswith(v.fix, "# ")
}

test_warns_of_a_listener_that_leads_past_a_policy if {
	opened := {
		"by": "sidecar", "field": "spec.ingress[0]", "targets": [], "reachedBy": [], "ports": ["8080"],
		"policy": {"kind": "AuthorizationPolicy", "namespace": "shop", "name": "guard"},
	}
	some v in found with input as object.union(fixtures.review("Sidecar", []), {"opened": opened})
	v.action == "warn"
	endswith(v.decidedBy, " spec.ingress[0]")
	contains(v.message, "spec.ingress[0] leads to port 8080 of the pods past AuthorizationPolicy shop/guard, which is not for the port of the listener")
}

test_says_that_a_server_takes_any_certificate if {
	result := found with input as opening({"anyCertificate": true, "protocol": "HTTPS"})
	some v in result
	contains(v.message, "takes any certificate for its callers' workload identity (insecureSkipVerify), and VirtualService team-a/cnn leads from it")
}

test_refuses_any_certificate_where_a_policy_goes_by_it[name] if {
	policy := {"kind": "AuthorizationPolicy", "namespace": "istio-system", "name": "p"}
	some name, [changes, actions, message] in {
		"a policy": [{"object": policy}, set(), "the identity into it that AuthorizationPolicy istio-system/p asks for"],
		"no policy": [{}, {"warn"}, "what it says of a caller is worth nothing"],
	}
	certificate := object.union(
		{"field": "spec.servers[0].tls.insecureSkipVerify", "patch": false, "startsPlaintext": false, "means": "any-certificate", "port": 443},
		changes,
	)
	some v in found with input as object.union(fixtures.review("Gateway", []), {"outsideModel": [certificate]})
	{action | action := v.action} == actions
	contains(v.message, message)
	contains(v.fix, "{\"spec.servers[0].tls.insecureSkipVerify\":null}")
}

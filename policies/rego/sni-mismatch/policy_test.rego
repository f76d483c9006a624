package tlsward.sni_mismatch_test

import data.tlsward.fixtures
import data.tlsward.sni_mismatch.violation as found

sends(sni, changes) := object.union(fixtures.originated_flow({"sni": sni, "autoSNI": false}), changes)

test_refuses_a_name_that_the_server_does_not_have if {
	found == {{
		"host": "edition.cnn.com",
		"port": 80,
		"client": "sidecar default",
		"decidedBy": "DestinationRule default/edition-cnn-com spec.trafficPolicy.portLevelSettings[0].tls",
		"action": "deny",
		"message": concat(" ", [
			"sidecar default to edition.cnn.com:80: the handshake asks the server for cdn.example.net, and the host is",
			"edition.cnn.com: another server's certificate comes back. The name is in",
			"DestinationRule default/edition-cnn-com spec.trafficPolicy.portLevelSettings[0].tls.",
		]),
		"fix": concat("\n", [
			"# in DestinationRule default/edition-cnn-com",
			`{"spec.trafficPolicy.portLevelSettings[0].tls.sni":null}`,
			"",
		]),
	}} with input as fixtures.review("DestinationRule", [sends("cdn.example.net", {})])
}

# Careless: names are compared with case, a wildcard is compared as text, or an automatic name is refused.
test_passes_a_name_of_the_server[name] if {
	some name, hosts in {
		"edition.cnn.com": ["www.cnn.com", "edition.cnn.com"],
		"Edition.CNN.com": ["edition.cnn.com"],
		"a.b.example.com": ["*.example.com"],
		"any.example.net": ["*"],
		"": ["edition.cnn.com"],
	}
	found == set() with input as fixtures.review("DestinationRule", [sends(name, {"sniHosts": hosts})])
}

# Careless: endswith("notexample.com", "example.com").
test_refuses_a_name_beside_the_wildcard[name] if {
	some name in ["example.com", "notexample.com", "a.example.com.evil.net"]
	count(found) == 1 with input as fixtures.review("DestinationRule", [sends(name, {"sniHosts": ["*.example.com"]})])
}

test_passes_a_flow_whose_names_are_not_known if {
	found == set() with input as fixtures.review("DestinationRule", [object.remove(sends("cdn.example.net", {}), {"sniHosts"})])
}

test_only_warns_of_an_endpoints_name if {
	flow := sends("CDN.example.net", {"endpointHosts": ["10.0.0.1", "cdn.example.net"]})
	{v.action | some v in found} == {"warn"} with input as fixtures.review("DestinationRule", [flow])
}

test_passes_plaintext if {
	found == set() with input as fixtures.review("DestinationRule", [sends("cdn.example.net", {"verdict": "plaintext"})])
}

test_ignores_deletions if {
	found == set() with input as fixtures.deletion("DestinationRule", [sends("cdn.example.net", {})])
}

gateway(hosts) := sends("cdn.example.net", {"hopKind": "gateway", "endpointHosts": ["cdn.example.net"], "sniHosts": hosts})

test_refuses_a_name_that_the_gateway_does_not_serve if {
	result := found with input as fixtures.review("DestinationRule", [gateway(["edition.cnn.com", "*.cnn.com"])])
	{[v.action, v.message, v.fix] | some v in result} == {[
		"deny",
		concat(" ", [
			"sidecar default to edition.cnn.com:80: the handshake with the gateway asks for cdn.example.net, and its",
			"server answers to edition.cnn.com, *.cnn.com only: no connection. The name is in",
			"DestinationRule default/edition-cnn-com spec.trafficPolicy.portLevelSettings[0].tls.",
		]),
		concat("\n", [
			"# in DestinationRule default/edition-cnn-com",
			`{"spec.trafficPolicy.portLevelSettings[0].tls.sni":"edition.cnn.com"}`,
			"",
		]),
	]}
}

test_names_something_below_the_gateways_wildcard if {
	result := found with input as fixtures.review("DestinationRule", [gateway(["*.cnn.com"])])
	some v in result
	contains(v.fix, `sni":"www.cnn.com"`)
}

test_has_a_fix_where_nothing_decided if {
	flow := object.union(sends("", {}), {"hops": [object.union(fixtures.plaintext_hop, {"sni": "cdn.example.net"})]})
	result := found with input as fixtures.review("DestinationRule", [flow])
	{v.fix | some v in result} == {"# Send the SNI that the server has.\n"}
}

# A route's rewrite decides the Host header, and the SNI is taken from it.
test_blames_the_route_that_sets_the_host if {
	rewritten := object.union(
		fixtures.originated_flow({"sni": "cdn.example.net"}),
		{"related": "VirtualService default/rewrite spec.http[0].rewrite.authority"},
	)
	result := found with input as fixtures.review("VirtualService", [rewritten])
	some v in result
	endswith(v.message, concat(" ", [
		"VirtualService default/rewrite spec.http[0].rewrite.authority sets that Host header,",
		"and the SNI is taken from it.",
	]))
	v.fix == concat("\n", [
		"# in DestinationRule default/edition-cnn-com",
		`{"spec.trafficPolicy.portLevelSettings[0].tls.sni":"edition.cnn.com","spec.trafficPolicy.portLevelSettings[0].tls.subjectAltNames":["edition.cnn.com"]}`,
		"",
	])
}

# Careless: the cluster's name as SNI is mended by another name; a server outside wants other TLS altogether.
test_replaces_the_meshs_own_tls_outside_the_mesh if {
	mutual := fixtures.originated_flow({"sni": "outbound_.80_._.edition.cnn.com", "autoSNI": false, "tls": "ISTIO_MUTUAL"})
	result := found with input as fixtures.review("DestinationRule", [mutual])
	{[v.message, v.fix] | some v in result} == {[
		concat(" ", [
			"sidecar default to edition.cnn.com:80: DestinationRule default/edition-cnn-com spec.trafficPolicy.portLevelSettings[0].tls",
			"has mode ISTIO_MUTUAL, which is TLS among pods of the mesh: the proxy asks for outbound_.80_._.edition.cnn.com, shows the",
			"mesh's certificate, and takes those of the mesh's CA alone. A server outside knows none of these: use SIMPLE, or MUTUAL",
			"with a certificate that it knows.",
		]),
		concat("\n", [
			"# in DestinationRule default/edition-cnn-com",
			`{"spec.trafficPolicy.portLevelSettings[0].tls.mode":"SIMPLE"}`,
			"",
		]),
	]}
}

# Careless: the name that somebody wrote stays, and is sent by the other mode too.
test_replaces_the_meshs_own_tls_with_its_name if {
	mutual := fixtures.originated_flow({"sni": "other.example.net", "autoSNI": false, "tls": "ISTIO_MUTUAL"})
	result := found with input as fixtures.review("DestinationRule", [mutual])
	{v.fix | some v in result} == {concat("\n", [
		"# in DestinationRule default/edition-cnn-com",
		`{"spec.trafficPolicy.portLevelSettings[0].tls.mode":"SIMPLE","spec.trafficPolicy.portLevelSettings[0].tls.sni":null}`,
		"",
	])}
}

# Careless: a rule for many hosts is given the name of one, and then sends it to all the others.
test_gives_a_host_its_own_rule_where_others_share_one[mode] if {
	some mode, tls in {"SIMPLE": {}, "MUTUAL": {}, "ISTIO_MUTUAL": {"spec.trafficPolicy.portLevelSettings[0].tls.mode": "SIMPLE"}}
	pinned := object.union(
		fixtures.originated_flow({"sni": "other.example.net", "autoSNI": false, "tls": mode}),
		{"wildcardRule": true, "payload": "opaque"},
	)
	result := found with input as fixtures.review("VirtualService", [pinned])
	{v.fix | some v in result} == {sprintf("%s\n%s\n%s\n", [
		"# A rule for this host alone: the one that decides is for other hosts too.",
		"# in DestinationRule default/edition-cnn-com",
		json.marshal(object.union(tls, {
			"metadata.annotations": null,
			"metadata.labels": null,
			"metadata.name": "edition-cnn-com-tls",
			"spec.host": "edition.cnn.com",
			"spec.trafficPolicy.portLevelSettings[0].tls.sni": "edition.cnn.com",
			"spec.trafficPolicy.portLevelSettings[0].tls.subjectAltNames": ["edition.cnn.com"],
		})),
	])}
}

# Nothing is more exact than the wildcard that the entry itself is for.
test_leaves_a_wildcard_to_its_route if {
	rewritten := object.union(
		fixtures.originated_flow({"sni": "cdn.example.net", "autoSNI": true}),
		{"related": "VirtualService default/rewrite", "host": "*.cnn.com", "sniHosts": ["*.cnn.com"]},
	)
	result := found with input as fixtures.review("VirtualService", [rewritten])
	{v.fix | some v in result} == {concat(" ", [
		"# The rule that decides is for other hosts too.",
		"Let VirtualService default/rewrite set a Host header that the server has: www.cnn.com.\n",
	])}
}

# A server of several names is asked for the one that the client means.
test_asks_for_the_hosts_own_name if {
	rewritten := object.union(
		fixtures.originated_flow({"sni": "cdn.example.net", "autoSNI": true}),
		{"related": "VirtualService default/rewrite", "sniHosts": ["cnn.com", "edition.cnn.com"]},
	)
	result := found with input as fixtures.review("VirtualService", [rewritten])
	{yaml.unmarshal(v.fix)["spec.trafficPolicy.portLevelSettings[0].tls.sni"] | some v in result} == {"edition.cnn.com"}
}

# Careless: the SNI is the server's own, so nothing is wrong.
test_refuses_another_server_for_what_others_ask_for if {
	lost := {"host": "api.example.com", "service": {"kind": "ServiceEntry", "namespace": "data", "name": "api"}, "names": ["edition.cnn.com"]}
	flow := sends("edition.cnn.com", {"lostVerification": lost})
	result := found with input as fixtures.review("VirtualService", [flow])
	{[v.action, v.message, v.fix] | some v in result} == {[
		"deny",
		concat(" ", [
			"sidecar default to edition.cnn.com:80: these clients ask for api.example.com, which ServiceEntry data/api declares,",
			"and with this CREATE of VirtualService default/edition-cnn-com the server's certificate is checked for",
			"edition.cnn.com instead. It is for their namespace, or for the host's, to send them to another server.",
		]),
		concat("\n", [
			"# For clients of its own namespace alone.",
			"# in VirtualService default/edition-cnn-com",
			`{"spec.exportTo":["."]}`,
			"",
		]),
	]}
}

test_leaves_an_unchecked_server_to_another_policy if {
	lost := {"host": "api.example.com", "service": {"kind": "ServiceEntry", "namespace": "data", "name": "api"}, "names": []}
	found == set() with input as fixtures.review("VirtualService", [sends("edition.cnn.com", {"lostVerification": lost})])
}

test_refuses_a_deletion_by_which_others_come_to_another_server if {
	lost := {"host": "api.example.com", "service": {"kind": "ServiceEntry", "namespace": "data", "name": "api"}, "names": ["edition.cnn.com"]}
	review := object.union(fixtures.review("DestinationRule", [sends("edition.cnn.com", {"lostVerification": lost})]), {"request": {"operation": "DELETE"}})
	some v in found with input as review
	contains(v.fix, "Delete what sends it first")
}

test_warns_of_the_names_of_another_server if {
	flow := object.union(fixtures.originated_flow({}), {"namesOfOthers": ["evil.example.net"]})
	result := found with input as fixtures.review("DestinationRule", [flow])
	{[v.action, v.message, v.fix] | some v in result} == {[
		"warn",
		concat(" ", [
			"sidecar default to edition.cnn.com:80: the server's certificate is checked for evil.example.net, by DestinationRule",
			"default/edition-cnn-com spec.trafficPolicy.portLevelSettings[0].tls, which is no name of the host's nor of its domain:",
			"whoever has that certificate can be the server, and the host's own has no connection.",
		]),
		concat("\n", [
			"# in DestinationRule default/edition-cnn-com",
			`{"spec.trafficPolicy.portLevelSettings[0].tls.subjectAltNames":null}`,
			"",
		]),
	]}
}

# Careless: without an sni of its own nothing would be checked.
test_writes_the_name_where_none_is_taken_from_requests if {
	flow := object.union(fixtures.originated_flow({"sni": "edition.cnn.com", "autoSNI": false}), {"namesOfOthers": ["evil.example.net"]})
	some v in found with input as fixtures.review("DestinationRule", [flow])
	contains(v.fix, `subjectAltNames":["edition.cnn.com"]`)
}

# Careless: with the SNI alone mended, the server's own certificate is refused for the name that was written beside it.
test_mends_the_names_beside_the_sni[name] if {
	some name, [hop, changes, names] in {
		"of requests": [{"names": ["cdn.example.net"]}, {"namesOfOthers": ["cdn.example.net"]}, null],
		"of one domain": [{"names": ["CDN.example.net"]}, {}, null],
		"of bytes": [{"names": ["cdn.example.net"]}, {"payload": "opaque"}, ["edition.cnn.com"]],
		"of bytes, none": [{"names": []}, {"payload": "opaque"}, ["edition.cnn.com"]],
		"of the mesh": [{"tls": "ISTIO_MUTUAL", "names": ["spiffe://cluster.local/ns/shop/sa/api"]}, {}, null],
	}
	some v in found with input as fixtures.review("DestinationRule", [object.union(sends("cdn.example.net", changes), {"hops": [object.union(sends("cdn.example.net", changes).hops[0], hop)]})])
	v.action == "deny"
	yaml.unmarshal(v.fix)["spec.trafficPolicy.portLevelSettings[0].tls.subjectAltNames"] == names
}

test_keeps_the_names_of_the_server_beside_the_sni if {
	flow := object.union(sends("cdn.example.net", {}), {"hops": [object.union(sends("cdn.example.net", {}).hops[0], {"names": ["cnn.com"]})]})
	some v in found with input as fixtures.review("DestinationRule", [flow])
	yaml.unmarshal(v.fix) == {"spec.trafficPolicy.portLevelSettings[0].tls.sni": null}
}

test_refuses_other_names_to_the_owner_of_the_host if {
	lost := {"host": "edition.cnn.com", "service": fixtures.service_entry, "names": ["evil.example.net"]}
	flow := object.union(fixtures.originated_flow({}), {"namesOfOthers": ["evil.example.net"], "lostVerification": lost})
	result := found with input as fixtures.review("DestinationRule", [flow])
	count(result) == 1
	some v in result
	v.action == "deny"
	contains(v.message, "nobody but their own namespace may give it up.")
	contains(v.fix, `subjectAltNames":null`)
}

to_gateway := sends("edition.cnn.com", {
	"hopKind": "gateway",
	"host": "istio-egressgateway.istio-system.svc.cluster.local",
	"port": 443,
	"sniHosts": ["api.partner.example"],
	"missingServer": {
		"gateway": {"kind": "Gateway", "namespace": "shop", "name": "egress"},
		"selector": {"istio": "egressgateway"},
		"hosts": ["edition.cnn.com"],
	},
})

mutual(flow) := json.patch(flow, [{"op": "add", "path": "/hops/0/tls", "value": "ISTIO_MUTUAL"}])

# Careless: the name of somebody else's server, whose routes lead to another host.
test_adds_the_server_that_is_missing[payload] if {
	some payload, protocol in {"http": "HTTPS", "opaque": "TLS"}
	flow := object.union(mutual(to_gateway), {"payload": payload})
	result := found with input as fixtures.review("VirtualService", [flow])
	some v in result
	contains(v.message, "it has servers for api.partner.example alone: no connection. Gateway shop/egress has no server for edition.cnn.com yet.")
	yaml.unmarshal(v.fix) == {
		"apiVersion": "networking.istio.io/v1",
		"kind": "Gateway",
		"metadata": {"name": "egress", "namespace": "shop"},
		"spec": {"selector": {"istio": "egressgateway"}, "servers": [{
			"port": {"number": 443, "name": "to-edition-cnn-com", "protocol": protocol},
			"hosts": ["edition.cnn.com"],
			"tls": {"mode": "ISTIO_MUTUAL"},
		}]},
	}
}

test_adds_the_server_to_a_gateway_that_is_there if {
	flow := json.remove(mutual(to_gateway), ["/missingServer/selector"])
	result := found with input as fixtures.review("VirtualService", [flow])
	some v in result
	startswith(v.fix, "# Before this VirtualService, which is admitted then:\n# in Gateway shop/egress\n")
	object.keys(yaml.unmarshal(v.fix)) == {"spec.servers[+]"}
}

# Such a server would refuse it.
test_adds_no_server_for_other_tls if {
	result := found with input as fixtures.review("VirtualService", [to_gateway])
	some v in result
	not contains(v.fix, "kind")
}

_alike(changes) := {"outsideModel": [object.union(
	{
		"field": "spec.servers[0].hosts[0]", "patch": false, "startsPlaintext": false, "means": "servers-alike", "host": "out.example.com", "port": 443,
		"object": {"kind": "Gateway", "namespace": "shop", "name": "egress"},
	},
	changes,
)]}

test_says_which_servers_stop_a_gateway[name] if {
	some name, [changes, action, message, fix] in {
		"of another namespace": [{"ofOthers": true}, "deny", "Gateway shop/egress has a server, or tls routes, for it too", "# Bind the VirtualService to Gateway shop/egress"],
		"of its own": [{}, "warn", "Gateway shop/egress has a server, or tls routes, for it too", "# Bind the VirtualService to Gateway shop/egress"],
		"its own": [{"object": {"kind": "Gateway", "namespace": "default", "name": "edition-cnn-com"}}, "warn", "Gateway default/edition-cnn-com has a server, or tls routes, for it too", "# Name each host once, and use one bind.\n"],
		"without a name": [{"host": "*", "ofOthers": true}, "deny", "Gateway shop/egress has a server without a name to choose it by there too", "# Bind the VirtualService to Gateway shop/egress"],
	}
	some v in found with input as object.union(fixtures.review("Gateway", []), _alike(changes))
	v.action == action
	contains(v.message, message)
	contains(v.fix, fix)
}

test_says_which_routes_stop_a_gateway if {
	some v in found with input as object.union(fixtures.review("VirtualService", []), _alike({"ofOthers": true}))
	v.action == "deny"
	v.fix == "# Take the name out of these tls routes, or bind them to a Gateway for pods of your own.\n"
}

test_mends_a_backendtlspolicy_by_its_own_fields if {
	policy := {"kind": "BackendTLSPolicy", "namespace": "default", "name": "cnn"}
	flow := object.union(
		fixtures.originated_flow({
			"sni": "other.example", "names": ["other.example"], "autoSNI": false, "autoNames": false,
			"decidedBy": {"object": policy, "field": "spec.validation"},
		}),
		{"sniHosts": ["edition.cnn.com"]},
	)
	some v in found with input as fixtures.review("BackendTLSPolicy", [flow])
	v.fix == concat("\n", [
		"# in BackendTLSPolicy default/cnn",
		`{"spec.validation.hostname":"edition.cnn.com","spec.validation.subjectAltNames":[{"hostname":"edition.cnn.com","type":"Hostname"}]}`,
		"",
	])
}

test_warns_of_the_name_of_another_host_of_the_rule if {
	flow := object.union(
		fixtures.originated_flow({"sni": "cnn.com", "autoSNI": false, "names": ["cnn.com"], "borrowedName": "cnn.com"}),
		{"sniHosts": ["edition.cnn.com", "cnn.com"], "payload": "opaque", "wildcardRule": true},
	)
	result := found with input as fixtures.review("DestinationRule", [flow])
	{[v.action, v.message] | some v in result} == {[
		"warn",
		concat(" ", [
			"sidecar default to edition.cnn.com:80: the server's certificate is checked for cnn.com, which is another host, by DestinationRule",
			"default/edition-cnn-com spec.trafficPolicy.portLevelSettings[0].tls, which is for both: unless one certificate has both names,",
			"there is no connection.",
		]),
	]}
	some v in result
	startswith(v.fix, "# A rule for this host alone: the one that decides is for other hosts too.\n")
	yaml.unmarshal(v.fix)["spec.trafficPolicy.portLevelSettings[0].tls.subjectAltNames"] == ["edition.cnn.com"]
	yaml.unmarshal(v.fix)["spec.trafficPolicy.portLevelSettings[0].tls.sni"] == "edition.cnn.com"
}

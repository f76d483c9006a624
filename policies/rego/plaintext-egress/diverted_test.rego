package tlsward.plaintext_egress_test

import data.tlsward.fixtures
import data.tlsward.plaintext_egress.violation as found

diverted(changes) := object.union(
	object.union(fixtures.plaintext_flow, {
		"hopKind": "mesh",
		"before": "originated",
		"host": "cart.shop.svc.cluster.local",
		"port": 8080,
		"client": {"kind": "sidecar", "namespace": "shop"},
		"service": {"kind": "Service", "namespace": "shop", "name": "cart"},
	}),
	changes,
)

to_outside := {
	"by": {"kind": "ServiceEntry", "namespace": "default", "name": "x"},
	"to": "x.example",
	"service": {"kind": "ServiceEntry", "namespace": "default", "name": "x"},
	"outside": true,
}

test_names_what_is_diverted_and_how[name] if {
	some name, [changes, message, fix] in {
		"by a listener": [
			{"cause": "other-listener", "payload": "opaque", "diverted": object.union(to_outside, {"addresses": "10.0.0.5/32"})},
			concat(" ", [
				"connections would lose the mesh's own mutual TLS, with the check of who answers, by this CREATE: they would go to x.example,",
				"outside the mesh (ServiceEntry default/x), since the listener of ServiceEntry default/x takes all that is sent to 10.0.0.5/32,",
				"an address of Service shop/cart.",
			]),
			"# Name in spec.addresses of ServiceEntry default/x only servers of x.example, or take another port, or let spec.exportTo be [\".\"].\n",
		],
		"by a whole port": [
			{"cause": "other-listener", "diverted": to_outside},
			concat(" ", [
				"requests would lose the mesh's own mutual TLS, with the check of who answers, by this CREATE: they would go to x.example,",
				"outside the mesh (ServiceEntry default/x), since the listener of ServiceEntry default/x takes the whole port.",
			]),
			"# Name in spec.addresses of ServiceEntry default/x only servers of x.example, or take another port, or let spec.exportTo be [\".\"].\n",
		],
		"by a name": [
			{"cause": "other-name", "diverted": object.union(to_outside, {"name": "cart.shop"})},
			concat(" ", [
				"requests would lose the mesh's own mutual TLS, with the check of who answers, by this CREATE: they would go to x.example,",
				"outside the mesh (ServiceEntry default/x), since cart.shop is a name of Service shop/cart, too, and ServiceEntry default/x takes it.",
			]),
			"# Leave cart.shop out of ServiceEntry default/x: it is a name of Service shop/cart. Or let spec.exportTo be [\".\"].\n",
		],
		"by a search domain": [
			{"cause": "other-listener", "diverted": object.union(to_outside, {"name": "cart.shop"})},
			concat(" ", [
				"requests would lose the mesh's own mutual TLS, with the check of who answers, by this CREATE: they would go to x.example,",
				"outside the mesh (ServiceEntry default/x), since clients that ask for cart.shop ask for it with a search domain of theirs first,",
				"and ztunnel has ServiceEntry default/x for that name.",
			]),
			concat(" ", [
				"# Leave x.example out of spec.hosts of ServiceEntry default/x: it ends in a search domain of the cluster,",
				"so that clients ask for it when they mean another host.\n",
			]),
		],
		"by a route": [
			{"cause": "routed-elsewhere", "diverted": {
				"by": {"kind": "VirtualService", "namespace": "default", "name": "x"},
				"to": "x.default.svc.cluster.local",
				"service": {"kind": "Service", "namespace": "default", "name": "x"},
			}},
			concat(" ", [
				"requests would lose the mesh's own mutual TLS, with the check of who answers, by this CREATE: they would go to",
				"x.default.svc.cluster.local, of another namespace (Service default/x), in plaintext unless its pods take mutual TLS,",
				"since VirtualService default/x routes them there.",
			]),
			"# Write the route in namespace shop, whose host it is, or let spec.exportTo of VirtualService default/x be [\".\"], for its own clients.\n",
		],
		"by a route to a subset": [
			{"cause": "routed-elsewhere", "diverted": {
				"by": {"kind": "VirtualService", "namespace": "default", "name": "x"},
				"to": "cart.shop.svc.cluster.local",
				"service": {"kind": "Service", "namespace": "shop", "name": "cart"},
			}},
			concat(" ", [
				"requests would lose the mesh's own mutual TLS, with the check of who answers, by this CREATE: they would go to",
				"cart.shop.svc.cluster.local, in plaintext by the rule for its subset, since VirtualService default/x routes them there.",
			]),
			"# Write the route in namespace shop, whose host it is, or let spec.exportTo of VirtualService default/x be [\".\"], for its own clients.\n",
		],
		"by a rule": [
			{"cause": "disabled", "rule": fixtures.destination_rule},
			concat(" ", [
				"requests would lose the mesh's own mutual TLS, with the check of who answers, by this CREATE:",
				"DestinationRule default/edition-cnn-com has mode DISABLE.",
			]),
			"# Where the pods of Service shop/cart have a sidecar, leave these settings out: Istio starts mutual TLS by itself.\n",
		],
	}
	messages := {[v.message, v.fix] | some v in found} with input as fixtures.review("ServiceEntry", [diverted(changes)])
	messages == {[sprintf("sidecar shop to cart.shop.svc.cluster.local:8080: %s", [message]), fix]}
}

# Either of two entries with one address may get what is sent to it: nobody is refused for that.
test_warns_of_an_address_that_two_entries_have[where] if {
	some where, outside in {"another server outside the mesh": true, "inside the mesh": false}
	flow := diverted({
		"cause": "other-name",
		"service": {"kind": "ServiceEntry", "namespace": "shop", "name": "pay"},
		"diverted": object.union(to_outside, {"name": "240.1.1.1", "byChance": true, "outside": outside}),
	})
	told := {[v.action, v.message, v.fix] | some v in found} with input as fixtures.review("ServiceEntry", [flow])
	told == {[
		"warn",
		sprintf("sidecar shop to cart.shop.svc.cluster.local:8080: requests to http://240.1.1.1/ go to this host or to x.example, %s, %s", [
			where,
			"as Istio happens to order them: ServiceEntry default/x has the address, too.",
		]),
		concat(" ", [
			"# Take 240.1.1.1 out of spec.addresses of ServiceEntry default/x: it is an address of ServiceEntry shop/pay.",
			"Or let its spec.exportTo be [\".\"].\n",
		]),
	]}
}

test_names_the_entry_whose_route_takes_an_address[address] if {
	some address in ["240.1.1.1", "2001:db8::1"]
	flow := diverted({
		"cause": "other-name",
		"service": {"kind": "ServiceEntry", "namespace": "shop", "name": "pay"},
		"diverted": object.union(to_outside, {"by": {"kind": "VirtualService", "namespace": "default", "name": "x"}, "name": address}),
	})
	told := {[object.get(v, "action", "deny"), v.fix] | some v in found} with input as fixtures.review("VirtualService", [flow])
	told == {["deny", sprintf(
		"# Take %s out of spec.addresses of the entry for which VirtualService default/x is: it is an address of ServiceEntry shop/pay. %s",
		[address, "Or let its spec.exportTo be [\".\"].\n"],
	)]}
}

# The root namespace's rules are the mesh's own.
test_warns_of_what_the_root_namespace_does_to_services if {
	flow := object.union(object.remove(diverted({}), ["diverted"]), {"cause": "disabled", "rule": fixtures.destination_rule})
	{v.action | some v in found} == {"warn"} with input as fixtures.review("DestinationRule", [flow])
}

# Careless: a route that took a host outside from TLS is told as if the mesh had encrypted it.
test_a_host_outside_loses_the_tls_of_its_rule if {
	flow := diverted({"cause": "routed-elsewhere", "diverted": to_outside, "service": fixtures.service_entry})
	messages := {v.message | some v in found} with input as fixtures.review("VirtualService", [flow])
	some message in messages
	contains(message, "requests would lose TLS by this CREATE")
}

# Careless: what a namespace does to its own clients is refused.
test_warns_for_the_clients_of_its_own_namespace if {
	flow := diverted({"cause": "disabled", "rule": fixtures.destination_rule, "client": {"namespace": "default"}})
	{v.action | some v in found} == {"warn"} with input as fixtures.review("DestinationRule", [flow])
}

test_the_object_that_hid_it_stays if {
	flow := diverted({"cause": "other-name", "diverted": object.union(to_outside, {"name": "cart.shop"})})
	fixes := {v.fix | some v in found} with input as fixtures.deletion("ServiceEntry", [flow])
	fixes == {"# The traffic still needs ServiceEntry default/edition-cnn-com. Delete what sends it first.\n"}
}

# How a namespace's own services are called is its own to say, and told.
test_warns_of_what_a_namespace_does_to_its_own_services[cause] if {
	some cause, [message, fix] in {
		"disabled": ["has mode DISABLE", "leave these settings out"],
		"not-exported": ["Service default/pay is not exported to this client any more", "# Name the namespaces of these clients"],
		"declared-otherwise": ["Service default/pay declares the port for another protocol", "# Leave port 8080 of Service default/pay as it is"],
		"renamed": ["Service default/pay, of type ExternalName, is another name of a server outside then", "# Declare the server by a ServiceEntry"],
	}
	flow := object.union(object.remove(diverted({}), ["diverted"]), {
		"cause": cause,
		"related": "Service default/pay",
		"service": {"kind": "Service", "namespace": "default", "name": "pay"},
		"hops": [object.union(fixtures.plaintext_hop, {"decidedBy": {"object": fixtures.destination_rule, "field": "spec.trafficPolicy.tls.mode"}})],
	})
	some v in found with input as fixtures.review("DestinationRule", [flow])
	v.action == "warn"
	contains(v.message, message)
	contains(v.fix, fix)
}

# Careless: who makes an entry one of the mesh takes its TLS away without a word.
test_warns_of_a_rule_for_an_entry_inside if {
	flow := object.union(object.remove(diverted({}), ["diverted"]), {
		"cause": "no-rule",
		"related": "ServiceEntry default/i",
		"service": {"kind": "ServiceEntry", "namespace": "default", "name": "i"},
	})
	some v in found with input as fixtures.review("DestinationRule", [flow])
	v.action == "warn"
	contains(v.message, "would lose TLS by this")
	contains(v.message, "no DestinationRule applies to this client")
	contains(v.fix, "# Let a rule start TLS (mode SIMPLE) as long as the servers of ServiceEntry default/i take it")
}

test_says_nothing_of_tls_to_a_service_of_the_mesh if {
	found == set() with input as fixtures.review("DestinationRule", [diverted({"verdict": "originated"})])
}

test_has_routes_lead_elsewhere if {
	flow := object.union(diverted({}), {
		"cause": "disabled",
		"service": {"kind": "Service", "namespace": "default", "name": "pay"},
		"hops": [object.union(fixtures.plaintext_hop, {"decidedBy": {"object": fixtures.destination_rule, "field": "spec.trafficPolicy.tls.mode"}})],
	})
	some v in found with input as fixtures.review("VirtualService", [flow])
	contains(v.fix, "# Lead to a subset, or a service, whose rule does not disable TLS.")
}

# Careless: who declares a host is refused for a route that waited for it, or nobody is told.
test_warns_of_what_waited_for_the_host[name] if {
	some name, [changes, message, fix] in {
		"a route": [
			{"cause": "routed-elsewhere", "diverted": {"to": "sink.team-a.svc.cluster.local", "service": {"kind": "Service", "namespace": "team-a", "name": "sink"}}},
			"requests, which would be encrypted, go to sink.team-a.svc.cluster.local, inside the mesh (Service team-a/sink): VirtualService team-a/v",
			"# Have VirtualService team-a/v leave cart.shop.svc.cluster.local out of its hosts, or its spec.exportTo be [\".\"], for its own clients.\n",
		],
		"a route to another server": [
			{"cause": "routed-elsewhere", "diverted": {"to": "w.example", "service": {"kind": "ServiceEntry", "namespace": "team-a", "name": "w"}, "outside": true}},
			"requests, which would be encrypted, go to w.example, another server outside the mesh (ServiceEntry team-a/w): VirtualService team-a/v",
			"# Have VirtualService team-a/v leave cart.shop.svc.cluster.local out of its hosts, or its spec.exportTo be [\".\"], for its own clients.\n",
		],
		"an answer": [
			{"cause": "answered"},
			"requests, which would be encrypted, are answered by VirtualService team-a/v in the server's place",
			"# Have VirtualService team-a/v leave cart.shop.svc.cluster.local out of its hosts, or its spec.exportTo be [\".\"], for its own clients.\n",
		],
		"a range": [
			{"cause": "other-listener", "diverted": {"by": {"kind": "ServiceEntry", "namespace": "team-a", "name": "w"}, "to": "w.example", "addresses": "128.0.0.0/1"}},
			"requests, which would be encrypted, may go to w.example in plaintext (ServiceEntry team-a/w): its listener takes all that is sent to 128.0.0.0/1",
			"# Have spec.addresses of ServiceEntry team-a/w name only servers of w.example, or its spec.exportTo be [\".\"], for its own clients.\n",
		],
	}
	by := {"by": {"kind": "VirtualService", "namespace": "team-a", "name": "v"}, "awaited": true}
	flow := object.union(object.remove(diverted({"diverted": by}), ["before"]), changes)
	warnings := [v | some v in found] with input as fixtures.review("DestinationRule", [flow])
	count(warnings) == 1
	warnings[0].action == "warn"
	contains(warnings[0].message, message)
	warnings[0].fix == fix
}

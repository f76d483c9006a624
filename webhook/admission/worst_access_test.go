package admission

import (
	"fmt"
	"strings"
	"testing"
)

// joined returns n numbered texts with commas between them.
func joined(n int, format string) string { return strings.Join(repeated(n, numbered(format)), ",") }

func worstAuthorizationPolicies(t testing.TB) []worstCase {
	policy := func(spec jsonObject) []byte {
		return manifestOf(t, "security.istio.io/v1", "AuthorizationPolicy", jsonObject{"name": "worst", "namespace": "shop"}, spec)
	}
	rules := func(n int, item func(i int) jsonObject) []byte { return policy(jsonObject{"rules": repeated(n, item)}) }
	from := func(source jsonObject) jsonObject { return jsonObject{"from": []jsonObject{{"source": source}}} }
	named := func(i int) jsonObject {
		return from(jsonObject{"principals": []string{fmt.Sprintf("cluster.local/ns/shop/sa/a%d", i)}})
	}
	nameless := func(i int) jsonObject { return from(jsonObject{"namespaces": []string{fmt.Sprint("team-", i)}}) }
	gateways := func(i int) []byte {
		return manifest(t, "Gateway", fmt.Sprint("gateway-", i), jsonObject{"selector": jsonObject{"app": "x"}, "servers": []jsonObject{{"port": jsonObject{"number": 80, "name": "p", "protocol": "HTTP"}, "hosts": []string{"*"}}}})
	}
	public := func(i int) []byte {
		return manifestOf(t, "v1", "Service", jsonObject{"name": fmt.Sprint("public-", i), "namespace": "shop"}, jsonObject{"type": "LoadBalancer", "selector": jsonObject{"app": "x"}, "ports": []jsonObject{{"port": 80}}})
	}
	selected := jsonObject{"selector": jsonObject{"matchLabels": jsonObject{"app": "x"}}, "rules": []jsonObject{nameless(1)}}
	beside := func(n int) (stored [][]byte) {
		for i := range n {
			stored = append(stored, gateways(i), public(i))
		}
		return stored
	}
	return []worstCase{
		{name: "AuthorizationPolicy, 2,500 rules without principals", object: rules(2500, nameless)},
		{name: "AuthorizationPolicy, 10,000 rules", object: rules(10_000, named)},
		{name: "AuthorizationPolicy, 10,000 rules, one without principals", object: rules(10_000, func(i int) jsonObject {
			if i == 9999 {
				return nameless(i)
			}
			return named(i)
		})},
		{name: "AuthorizationPolicy, 20,000 empty rules", object: rules(20_000, func(int) jsonObject { return jsonObject{} })},
		{name: "AuthorizationPolicy, 10,000 sources without principals", object: policy(jsonObject{"rules": []jsonObject{{"from": repeated(10_000, func(i int) jsonObject {
			return jsonObject{"source": jsonObject{"ipBlocks": []string{"10.0.0.0/8"}}}
		})}}})},
		{name: "AuthorizationPolicy, 20,000 principals", object: policy(jsonObject{"rules": []jsonObject{from(jsonObject{"principals": repeated(20_000, numbered("cluster.local/ns/shop/sa/a%d"))})}})},
		{name: "AuthorizationPolicy, 20,000 principals with spiffe://", object: policy(jsonObject{"rules": []jsonObject{from(jsonObject{"principals": repeated(20_000, numbered("spiffe://cluster.local/ns/shop/sa/a%d"))})}})},
		{name: "AuthorizationPolicy, 20,000 principals that are anybody", object: policy(jsonObject{"rules": []jsonObject{from(jsonObject{"principals": repeated(20_000, func(int) string { return "cluster.local/*" })})}})},
		{name: "AuthorizationPolicy, 20,000 namespaces without principals", object: policy(jsonObject{"rules": []jsonObject{from(jsonObject{"namespaces": repeated(20_000, numbered("team-%d"))})}})},
		{name: "AuthorizationPolicy, 10,000 conditions", object: policy(jsonObject{"rules": []jsonObject{{"when": repeated(10_000, func(i int) jsonObject {
			return jsonObject{"key": fmt.Sprintf("request.headers[x%d]", i), "values": []string{"x"}}
		})}}})},
		{name: "AuthorizationPolicy, 10,000 conditions on namespaces", object: policy(jsonObject{"rules": []jsonObject{{"when": repeated(10_000, func(i int) jsonObject {
			return jsonObject{"key": "source.namespace", "values": []string{fmt.Sprint("team-", i)}}
		})}}})},
		{name: "AuthorizationPolicy, 100 rules with 100 sources", object: rules(100, func(int) jsonObject {
			return jsonObject{"from": repeated(100, func(int) jsonObject { return jsonObject{"source": jsonObject{"namespaces": []string{"x"}}} }),
				"when": repeated(50, func(int) jsonObject { return jsonObject{"key": "source.namespace", "values": []string{"team"}} })}
		})},
		{name: "AuthorizationPolicy, 4,000 labels", object: policy(jsonObject{"selector": jsonObject{"matchLabels": labelsOf(4000)}, "rules": []jsonObject{nameless(1)}})},
		{name: "AuthorizationPolicy, 5,000 targetRefs", object: policy(jsonObject{"rules": []jsonObject{nameless(1)}, "targetRefs": repeated(5000, func(i int) jsonObject {
			return jsonObject{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": fmt.Sprint("g", i)}
		})})},
		{name: "AuthorizationPolicy, beside 1,000 Gateways and Services", stored: beside(1000), object: policy(selected)},
		{name: "AuthorizationPolicy, beside 10,000 policies, deleted", stored: repeated(10_000, func(i int) []byte {
			return manifestOf(t, "security.istio.io/v1", "AuthorizationPolicy", jsonObject{"name": fmt.Sprint("policy-", i), "namespace": "shop"},
				jsonObject{"selector": jsonObject{"matchLabels": padding(i)}, "rules": []jsonObject{named(i)}})
		}), old: policy(jsonObject{"rules": []jsonObject{named(0)}})},
		{name: "AuthorizationPolicy, 500 rules, deleted", old: rules(500, named)},
		{name: "AuthorizationPolicy, 500 rules, to AUDIT", old: rules(500, named), object: policy(jsonObject{"action": "AUDIT", "rules": repeated(500, named)})},
		{name: "AuthorizationPolicy, 500 rules without principals", object: rules(500, nameless)},
		{name: "AuthorizationPolicy, 125 rules without principals", object: rules(125, nameless)},
		{name: "AuthorizationPolicy, 250 empty rules", object: rules(250, func(int) jsonObject { return jsonObject{} })},
		{name: "AuthorizationPolicy, 100 rules without principals", object: rules(100, nameless)},
		{name: "AuthorizationPolicy, 1,000 empty rules", object: rules(1000, func(int) jsonObject { return jsonObject{} })},
		{name: "AuthorizationPolicy, 250 principals with spiffe://", object: policy(jsonObject{"rules": []jsonObject{from(jsonObject{"principals": repeated(250, numbered("spiffe://cluster.local/ns/shop/sa/a%d"))})}})},
		{name: "AuthorizationPolicy, 500 principals with spiffe://", object: policy(jsonObject{"rules": []jsonObject{from(jsonObject{"principals": repeated(500, numbered("spiffe://cluster.local/ns/shop/sa/a%d"))})}})},
		{name: "AuthorizationPolicy, 500 principals that are anybody", object: policy(jsonObject{"rules": []jsonObject{from(jsonObject{"principals": repeated(500, func(int) string { return "cluster.local/*" })})}})},
		{name: "AuthorizationPolicy, 64 namespaces without principals", object: policy(jsonObject{"rules": []jsonObject{from(jsonObject{"namespaces": repeated(64, numbered("team-%d"))})}})},
		{name: "AuthorizationPolicy, 500 principals", object: policy(jsonObject{"rules": []jsonObject{from(jsonObject{"principals": repeated(500, numbered("cluster.local/ns/shop/sa/a%d"))})}})},
	}
}

func worstGateways(t testing.TB) []worstCase {
	server := func(i int) jsonObject {
		return jsonObject{"port": jsonObject{"number": 1 + i, "name": fmt.Sprint("p", i), "protocol": "HTTP"}, "hosts": []string{bank}}
	}
	tls := func(i int) jsonObject {
		return jsonObject{"port": jsonObject{"number": 443, "name": fmt.Sprint("p", i), "protocol": "TLS"}, "hosts": []string{fmt.Sprintf("n%d.bank.example", i)}, "tls": jsonObject{"mode": "PASSTHROUGH"}}
	}
	gateway := func(name string, servers ...jsonObject) []byte {
		return manifest(t, "Gateway", name, jsonObject{"selector": jsonObject{"istio": "egressgateway"}, "servers": servers})
	}
	service := manifestOf(t, "v1", "Service", jsonObject{"name": "egress", "namespace": "shop"}, jsonObject{"selector": jsonObject{"istio": "egressgateway"}, "ports": []jsonObject{{"port": 80, "name": "http"}}})
	route := func(i int) []byte {
		return manifest(t, "VirtualService", fmt.Sprint("route-", i), jsonObject{"hosts": []string{fmt.Sprintf("n%d.bank.example", i)}, "gateways": []string{"mesh", "worst"}, "http": []jsonObject{
			{"match": []jsonObject{{"gateways": []string{"mesh"}}}, "route": []jsonObject{{"destination": jsonObject{"host": "egress.shop.svc.cluster.local"}}}},
			{"match": []jsonObject{{"gateways": []string{"worst"}}}, "route": []jsonObject{{"destination": jsonObject{"host": fmt.Sprintf("n%d.bank.example", i)}}}}}})
	}
	allRoutes := func(n int) (stored [][]byte) {
		stored = append(knownBank(t), service)
		for i := range n {
			stored = append(stored, route(i), entryOfBank(t)(i))
		}
		return stored
	}
	all := jsonObject{"port": jsonObject{"number": 80, "name": "p", "protocol": "HTTP"}, "hosts": []string{"*"}}
	return []worstCase{
		{name: "Gateway, 5,000 servers", stored: append(knownBank(t), service), object: gateway("worst", repeated(5000, server)...)},
		{name: "Gateway, 5,000 servers on one port", stored: append(knownBank(t), service), object: gateway("worst", repeated(5000, tls)...)},
		{name: "Gateway, 128 servers with 250 routes", stored: allRoutes(250), object: gateway("worst", repeated(128, server)...)},
		{name: "Gateway, 128 servers on one port", stored: append(knownBank(t), service), object: gateway("worst", repeated(128, tls)...)},
		{name: "Gateway, 40,000 hosts", stored: append(knownBank(t), service), object: gateway("worst",
			jsonObject{"port": jsonObject{"number": 80, "name": "p", "protocol": "HTTP"}, "hosts": repeated(40_000, numbered("n%d.bank.example"))})},
		{name: "Gateway, 250 routes", stored: allRoutes(250), object: gateway("worst", all)},
		{name: "Gateway, 2,000 routes", stored: allRoutes(2000), object: gateway("worst", all)},
		{name: "Gateway, 500 servers with 250 routes", stored: allRoutes(250), object: gateway("worst", repeated(500, server)...)},
		{name: "Gateway, beside 1,000 on its pods", stored: append(allRoutes(100), repeated(1000, func(i int) []byte { return gateway(fmt.Sprint("gateway-", i), tls(i)) })...), object: gateway("worst", all)},
		{name: "Gateway, 2,000 routes, deleted", stored: allRoutes(2000), old: gateway("worst", all)},
		{name: "Gateway, 4,000 labels", stored: allRoutes(100), object: manifest(t, "Gateway", "worst", jsonObject{"selector": labelsOf(4000), "servers": []jsonObject{all}})},
	}
}

func worstSidecars(t testing.TB) []worstCase {
	sidecar := func(spec jsonObject) []byte { return manifest(t, "Sidecar", "worst", spec) }
	hosts := func(n int) []jsonObject { return []jsonObject{{"hosts": repeated(n, numbered("./n%d.bank.example"))}} }
	tenThousand := withBank(t, 10_000, entryOfBank(t))
	listener := func(i int) jsonObject {
		return jsonObject{"port": jsonObject{"number": 1 + i, "protocol": "HTTP", "name": fmt.Sprint("p", i)}, "hosts": []string{"./*"}}
	}
	return []worstCase{
		{name: "Sidecar, 30,000 hosts", stored: knownBank(t), object: sidecar(jsonObject{"egress": hosts(30_000)})},
		{name: "Sidecar, 5,000 hosts beside 10,000 hosts", stored: tenThousand, object: sidecar(jsonObject{"egress": hosts(5000)})},
		{name: "Sidecar, */* beside 10,000 hosts", stored: tenThousand, object: sidecar(jsonObject{"egress": []jsonObject{{"hosts": []string{"*/*"}}}})},
		{name: "Sidecar, no hosts beside 10,000 hosts", stored: tenThousand, object: sidecar(jsonObject{"egress": []jsonObject{{"hosts": []string{"~/*"}}}})},
		{name: "Sidecar, 1,000 hosts beside 10,000 hosts", stored: tenThousand, object: sidecar(jsonObject{"egress": hosts(1000)})},
		{name: "Sidecar, 250 listeners beside 10,000 hosts", stored: tenThousand, object: sidecar(jsonObject{"egress": repeated(250, listener)})},
		{name: "Sidecar, 16 listeners beside 10,000 hosts", stored: tenThousand, object: sidecar(jsonObject{"egress": repeated(16, listener)})},
		{name: "Sidecar, 5,000 listeners", stored: knownBank(t), object: sidecar(jsonObject{"egress": repeated(5000, listener)})},
		{name: "Sidecar, 1,000 listeners beside 10,000 hosts", stored: tenThousand, object: sidecar(jsonObject{"egress": repeated(1000, listener)})},
		{name: "Sidecar, 5,000 ingress listeners", stored: knownBank(t), object: sidecar(jsonObject{"ingress": repeated(5000, func(i int) jsonObject {
			return jsonObject{"port": jsonObject{"number": 1 + i, "protocol": "HTTP", "name": fmt.Sprint("p", i)}, "defaultEndpoint": "127.0.0.1:80"}
		})})},
		{name: "Sidecar, 4,000 labels", stored: knownBank(t), object: sidecar(jsonObject{"workloadSelector": jsonObject{"labels": labelsOf(4000)}, "egress": hosts(10)})},
		{name: "Sidecar, beside 1,000 of other pods", stored: withBank(t, 1000, func(i int) []byte {
			return manifest(t, "Sidecar", fmt.Sprint("sidecar-", i), jsonObject{"workloadSelector": jsonObject{"labels": padding(i)}, "egress": hosts(10)})
		}), object: sidecar(jsonObject{"egress": hosts(10)})},
		{name: "Sidecar, beside 1,000 hosts with routes", stored: withBank(t, 1000, func(i int) []byte {
			return manifest(t, "VirtualService", fmt.Sprint("route-", i), jsonObject{"hosts": []string{fmt.Sprintf("n%d.bank.example", i)}, "http": []jsonObject{routeTo(bank, jsonObject{})}})
		}), object: sidecar(jsonObject{"egress": []jsonObject{{"hosts": []string{"./*"}}}})},
		{name: "Sidecar over 10,000 hosts, deleted", stored: tenThousand, old: sidecar(jsonObject{"egress": []jsonObject{{"hosts": []string{"~/*"}}}})},
	}
}

func worstKubernetesRoutes(t testing.TB) []worstCase {
	const group = "gateway.networking.k8s.io/v1"
	metadata := jsonObject{"name": "worst", "namespace": "shop"}
	parent := jsonObject{"group": "networking.istio.io", "kind": "ServiceEntry", "name": "bank"}
	backend := func(i int) jsonObject {
		return jsonObject{"group": "networking.istio.io", "kind": "Hostname", "name": fmt.Sprintf("n%d.bank.example", i), "port": 80}
	}
	// The CRD takes 16 rules with 64 matches and 16 backends.
	rule := func(i int) jsonObject {
		return jsonObject{"matches": repeated(64, func(k int) jsonObject {
			return jsonObject{"path": jsonObject{"type": "PathPrefix", "value": fmt.Sprintf("/%d/%d", i, k)}}
		}), "backendRefs": repeated(16, func(k int) jsonObject { return backend(16*i + k) })}
	}
	simple := func(i int) jsonObject { return jsonObject{"backendRefs": []jsonObject{backend(i)}} }
	hosts := withBank(t, 1000, entryOfBank(t))
	return []worstCase{
		{name: "HTTPRoute, 16 rules with 64 matches and 16 backends", stored: hosts, object: manifestOf(t, group, "HTTPRoute", metadata, jsonObject{"parentRefs": []jsonObject{parent}, "rules": repeated(16, rule)})},
		{name: "HTTPRoute, 32 parents, 16 hostnames", stored: hosts, object: manifestOf(t, group, "HTTPRoute", metadata, jsonObject{
			"parentRefs": repeated(32, func(i int) jsonObject {
				return jsonObject{"group": "networking.istio.io", "kind": "ServiceEntry", "name": fmt.Sprint("entry-", i)}
			}),
			"hostnames": repeated(16, numbered("n%d.bank.example")), "rules": repeated(16, rule)})},
		{name: "HTTPRoute, beside 1,000 for the host", stored: append(knownBank(t), repeated(1000, func(i int) []byte {
			return manifestOf(t, group, "HTTPRoute", jsonObject{"name": fmt.Sprint("route-", i), "namespace": "shop"}, jsonObject{"parentRefs": []jsonObject{parent}, "rules": []jsonObject{simple(i)}})
		})...), object: manifestOf(t, group, "HTTPRoute", metadata, jsonObject{"parentRefs": []jsonObject{parent}, "rules": repeated(16, rule)})},
		{name: "TCPRoute, 16 rules with 16 backends", stored: hosts, object: manifestOf(t, "gateway.networking.k8s.io/v1alpha2", "TCPRoute", metadata, jsonObject{"parentRefs": []jsonObject{parent}, "rules": repeated(16, func(i int) jsonObject {
			return jsonObject{"backendRefs": repeated(16, func(k int) jsonObject { return backend(16*i + k) })}
		})})},
		{name: "Gateway of the Gateway API, 64 listeners beside 10,000 hosts", stored: append(withBank(t, 10_000, entryOfBank(t)), ambientShop(t)), object: manifestOf(t, group, "Gateway", metadata,
			jsonObject{"gatewayClassName": "istio-waypoint", "listeners": repeated(64, func(i int) jsonObject {
				return jsonObject{"name": fmt.Sprint("l", i), "port": 15008, "protocol": "HBONE"}
			})})},
		{name: "Ingress, 5,000 rules", stored: knownBank(t), object: manifestOf(t, "networking.k8s.io/v1", "Ingress", metadata, jsonObject{"ingressClassName": "nginx", "rules": repeated(5000, func(i int) jsonObject {
			return jsonObject{"host": fmt.Sprintf("n%d.example", i), "http": jsonObject{"paths": []jsonObject{{"path": "/", "pathType": "Prefix", "backend": jsonObject{"service": jsonObject{"name": "egress", "port": jsonObject{"number": 80}}}}}}}
		})})},
		{name: "Namespace, ambient, with 10,000 hosts", stored: withBank(t, 10_000, entryOfBank(t)), object: ambientShop(t)},
	}
}

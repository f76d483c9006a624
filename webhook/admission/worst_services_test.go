package admission

import (
	"fmt"
	"testing"
)

func worstServiceEntries(t testing.TB) []worstCase {
	known := knownBank(t)
	entry := func(hosts int, protocol string, more jsonObject) []byte {
		spec := jsonObject{"hosts": repeated(hosts, numbered("h%d.large.example")), "ports": portsOf(1, protocol), "resolution": "DNS"}
		for key, value := range more {
			spec[key] = value
		}
		return manifest(t, "ServiceEntry", "worst", spec)
	}
	endpoint := func(i int) jsonObject {
		return jsonObject{"address": fmt.Sprintf("1.%d.%d.%d", i/65536, i/256%256, i%256), "ports": jsonObject{"p0": 8080}, "labels": padding(i)}
	}
	tenThousand := withBank(t, 10_000, entryOfBank(t))
	ambient := append(withBank(t, 10_000, entryOfBank(t)), ambientShop(t))
	searched := func(n int, format string) jsonObject {
		return jsonObject{"hosts": repeated(n, numbered(format)), "addresses": []string{"10.9.9.9"}}
	}
	return []worstCase{
		{name: "ServiceEntry for bytes with an address, beside 10,000 hosts", stored: tenThousand, object: manifest(t, "ServiceEntry", "worst", entryOf("tcp.other.example", "TCP", "10.1.2.0/24"))},
		{name: "ServiceEntry, 256 hosts with 4 ports", stored: known, object: manifest(t, "ServiceEntry", "worst", largeEntry(256, 0, 4))},
		{name: "ServiceEntry, 16 hosts with 64 ports", stored: known, object: manifest(t, "ServiceEntry", "worst", largeEntry(16, 0, 64))},
		{name: "ServiceEntry, 256 hosts with 128 endpoints", stored: known, object: entry(256, "HTTP", jsonObject{"resolution": "STATIC", "endpoints": repeated(128, endpoint)})},
		{name: "ServiceEntry, 256 hosts with 4 exportTo", stored: known, object: entry(256, "HTTP", jsonObject{"exportTo": repeated(4, numbered("team-%d"))})},
		{name: "ServiceEntry, 256 exportTo", stored: known, object: entry(1, "HTTP", jsonObject{"exportTo": repeated(256, numbered("team-%d"))})},
		{name: "ServiceEntry, 4,000 endpoints", stored: known, object: entry(1, "HTTP", jsonObject{"resolution": "STATIC", "endpoints": repeated(4000, endpoint)})},
		{name: "ServiceEntry, 256 hosts that select 5,000 WorkloadEntries", stored: withBank(t, 5000, func(i int) []byte {
			return manifest(t, "WorkloadEntry", fmt.Sprint("workload-", i), jsonObject{"address": endpoint(i)["address"], "labels": jsonObject{"app": "x"}})
		}), object: entry(256, "HTTP", jsonObject{"resolution": "STATIC", "workloadSelector": jsonObject{"labels": jsonObject{"app": "x"}}})},
		{name: "WorkloadEntry of 250 ServiceEntries", stored: withBank(t, 250, func(i int) []byte {
			spec := entryOf(fmt.Sprintf("n%d.bank.example", i), "HTTP")
			spec["resolution"], spec["workloadSelector"] = "STATIC", jsonObject{"labels": jsonObject{"app": "x"}}
			return manifest(t, "ServiceEntry", fmt.Sprint("entry-", i), spec)
		}), object: manifest(t, "WorkloadEntry", "worst", jsonObject{"address": "1.2.3.4", "labels": jsonObject{"app": "x"}})},
		{name: "Service, 256 ports", stored: known, object: manifestOf(t, "v1", "Service", jsonObject{"name": "worst", "namespace": "shop"}, jsonObject{"clusterIP": "10.0.0.9", "ports": repeated(256, func(i int) jsonObject {
			return jsonObject{"name": fmt.Sprint("tcp-", i), "port": 1 + i}
		})})},
		{name: "EnvoyFilter, 256 patches", stored: known, object: manifestOf(t, "networking.istio.io/v1alpha3", "EnvoyFilter", jsonObject{"name": "worst", "namespace": "shop"},
			jsonObject{"configPatches": repeated(256, func(i int) jsonObject {
				return jsonObject{"applyTo": "NETWORK_FILTER", "match": jsonObject{"context": "SIDECAR_OUTBOUND", "listener": jsonObject{"portNumber": 80}}, "patch": jsonObject{"operation": "REMOVE"}}
			})})},
		{name: "PeerAuthentication, 256 ports", stored: known, object: manifestOf(t, "security.istio.io/v1", "PeerAuthentication", jsonObject{"name": "worst", "namespace": "shop"},
			jsonObject{"selector": jsonObject{"matchLabels": jsonObject{"app": "x"}}, "portLevelMtls": func() jsonObject {
				ports := jsonObject{}
				for i := range 256 {
					ports[fmt.Sprint(1+i)] = jsonObject{"mode": "DISABLE"}
				}
				return ports
			}()})},
		{name: "RequestAuthentication, 256 jwtRules", stored: known, object: manifestOf(t, "security.istio.io/v1", "RequestAuthentication", jsonObject{"name": "worst", "namespace": "shop"},
			jsonObject{"jwtRules": repeated(256, func(i int) jsonObject {
				return jsonObject{"issuer": fmt.Sprint("i", i), "jwksUri": fmt.Sprintf("http://h%d.example/keys", i)}
			})})},
		{name: "ServiceEntry, 1,024 ports", stored: known, object: manifest(t, "ServiceEntry", "worst", largeEntry(1, 0, 1024))},
		{name: "ServiceEntry, 256 addresses with 4 ports", stored: known, object: manifest(t, "ServiceEntry", "worst", largeEntry(1, 256, 4))},
		{name: "ServiceEntry, 16 hosts with 16 addresses and 4 ports", stored: known, object: manifest(t, "ServiceEntry", "worst", largeEntry(16, 16, 4))},
		{name: "ServiceEntry, 256 hosts for MONGO", stored: known, object: entry(256, "MONGO", nil)},
		{name: "ServiceEntry, 256 hosts for TCP", stored: known, object: entry(256, "TCP", nil)},
		{name: "ServiceEntry, 1,024 hosts for TCP", stored: known, object: entry(1024, "TCP", nil)},
		{name: "ServiceEntry, 256 hosts for MONGO beside 10,000 hosts", stored: tenThousand, object: entry(256, "MONGO", nil)},
		{name: "ServiceEntry, 256 hosts for TCP beside 10,000 hosts", stored: tenThousand, object: entry(256, "TCP", nil)},
		{name: "ServiceEntry, 256 hosts for TLS", stored: known, object: entry(256, "TLS", nil)},
		{name: "ServiceEntry, 10,000 endpoints", stored: known, object: entry(1, "HTTP", jsonObject{"resolution": "STATIC", "endpoints": repeated(10_000, endpoint)})},
		{name: "ServiceEntry, 256 hosts with 4,000 endpoints", stored: known, object: entry(256, "HTTP", jsonObject{"resolution": "STATIC", "endpoints": repeated(4000, endpoint)})},
		{name: "ServiceEntry, 1,000 endpoints beside 10,000 hosts", stored: tenThousand, object: entry(1, "TCP", jsonObject{"resolution": "NONE", "endpoints": repeated(1000, endpoint)})},
		{name: "ServiceEntry, 40,000 exportTo", stored: known, object: entry(1, "HTTP", jsonObject{"exportTo": repeated(40_000, numbered("team-%d"))})},
		{name: "ServiceEntry, 256 hosts with 400 exportTo", stored: known, object: entry(256, "HTTP", jsonObject{"exportTo": repeated(400, numbered("team-%d"))})},
		{name: "ServiceEntry for bytes, 400 exportTo, beside 10,000 hosts", stored: tenThousand, object: entry(1, "TCP", jsonObject{"exportTo": repeated(400, numbered("team-%d"))})},
		{name: "ServiceEntry, 40,000 subjectAltNames", stored: known, object: entry(1, "HTTP", jsonObject{"subjectAltNames": repeated(40_000, numbered("n%d.large.example"))})},
		{name: "ServiceEntry, 4,000 labels", stored: known, object: entry(1, "HTTP", jsonObject{"resolution": "STATIC", "workloadSelector": jsonObject{"labels": labelsOf(4000)}})},
		{name: "ServiceEntry, selects 5,000 WorkloadEntries", stored: withBank(t, 5000, func(i int) []byte {
			return manifest(t, "WorkloadEntry", fmt.Sprint("workload-", i), jsonObject{"address": endpoint(i)["address"], "labels": jsonObject{"app": "x"}})
		}), object: entry(1, "HTTP", jsonObject{"resolution": "STATIC", "workloadSelector": jsonObject{"labels": jsonObject{"app": "x"}}})},
		{name: "ServiceEntry, beside 1,000 for the host", stored: withBank(t, 1000, func(i int) []byte {
			return manifest(t, "ServiceEntry", fmt.Sprint("entry-", i), entryOf(bank, "HTTP"))
		}), object: manifest(t, "ServiceEntry", "worst", entryOf(bank, "TCP"))},
		{name: "ServiceEntry, wildcard beside 10,000 hosts", stored: tenThousand, object: manifest(t, "ServiceEntry", "worst", entryOf("*.bank.example", "HTTP"))},
		{name: "ServiceEntry, 256 hosts of others", stored: tenThousand,
			object: manifest(t, "ServiceEntry", "worst", jsonObject{"hosts": repeated(256, numbered("n%d.bank.example")), "ports": portsOf(4, "TCP")})},
		{name: "ServiceEntry, ambient, 256 hosts under the cluster's domain", stored: ambient, object: entry(256, "HTTP", searched(256, "h%d.cluster.local"))},
		{name: "ServiceEntry, ambient, 256 hosts under the namespace's domain", stored: ambient, object: entry(256, "HTTP", searched(256, "n%d.bank.example.shop.svc.cluster.local"))},
		{name: "ServiceEntry, ambient, 256 wildcards under the cluster's domain", stored: ambient, object: entry(256, "HTTP", searched(256, "*.h%d.shop.svc.cluster.local"))},
		{name: "ServiceEntry, ambient, 256 hosts", stored: ambient, object: entry(256, "HTTP", nil)},
		{name: "ServiceEntry, ambient, 256 hosts for TCP", stored: ambient, object: entry(256, "TCP", nil)},
		{name: "ServiceEntry, 256 hosts with 4 ports, deleted", stored: known, old: manifest(t, "ServiceEntry", "worst", largeEntry(256, 0, 4))},
		{name: "ServiceEntry, 256 hosts with 4 ports, made private", stored: known, old: manifest(t, "ServiceEntry", "worst", largeEntry(256, 0, 4)),
			object: manifest(t, "ServiceEntry", "worst", func() jsonObject { e := largeEntry(256, 0, 4); e["exportTo"] = []string{"."}; return e }())},
	}
}

func worstWorkloads(t testing.TB) []worstCase {
	selecting := func(i int) []byte {
		spec := entryOf(fmt.Sprintf("n%d.bank.example", i), "HTTP")
		spec["resolution"], spec["workloadSelector"] = "STATIC", jsonObject{"labels": jsonObject{"app": "x"}}
		return manifest(t, "ServiceEntry", fmt.Sprint("entry-", i), spec)
	}
	service := func(metadata, spec jsonObject) []byte {
		metadata["name"], metadata["namespace"] = "worst", "shop"
		return manifestOf(t, "v1", "Service", metadata, spec)
	}
	return []worstCase{
		{name: "WorkloadEntry of 1,000 ServiceEntries", stored: withBank(t, 1000, selecting),
			object: manifest(t, "WorkloadEntry", "worst", jsonObject{"address": "1.2.3.4", "labels": jsonObject{"app": "x"}})},
		{name: "WorkloadEntry of 10,000 ServiceEntries", stored: withBank(t, 10_000, selecting),
			object: manifest(t, "WorkloadEntry", "worst", jsonObject{"address": "1.2.3.4", "labels": jsonObject{"app": "x"}})},
		{name: "WorkloadEntry, 10,000 labels, 10,000 ports", stored: withBank(t, 100, selecting), object: manifest(t, "WorkloadEntry", "worst", jsonObject{
			"address": "1.2.3.4", "labels": labelsOf(10_000), "ports": func() jsonObject {
				ports := jsonObject{}
				for i := range 10_000 {
					ports[fmt.Sprint("p", i)] = 1 + i
				}
				return ports
			}()})},
		{name: "Service, 10,000 ports", stored: knownBank(t), object: service(jsonObject{}, jsonObject{"clusterIP": "10.0.0.9", "ports": repeated(10_000, func(i int) jsonObject {
			return jsonObject{"name": fmt.Sprint("tcp-", i), "port": 1 + i}
		})})},
		{name: "Service, 20,000 exportTo", stored: knownBank(t), object: service(jsonObject{"annotations": jsonObject{"networking.istio.io/exportTo": joined(20_000, "team-%d")}},
			jsonObject{"clusterIP": "10.0.0.9", "ports": []jsonObject{{"port": 80, "name": "tcp"}}})},
		{name: "Service, 20,000 labels in its selector", stored: knownBank(t), object: service(jsonObject{}, jsonObject{"selector": labelsOf(20_000), "ports": []jsonObject{{"port": 80}}})},
		{name: "Service, ExternalName beside 10,000 hosts", stored: withBank(t, 10_000, entryOfBank(t)),
			object: service(jsonObject{}, jsonObject{"type": "ExternalName", "externalName": bank, "ports": []jsonObject{{"port": 80, "name": "http"}}})},
		{name: "Deployment, 8,000 containers", stored: knownBank(t), object: manifestOf(t, "apps/v1", "Deployment", jsonObject{"name": "worst", "namespace": "shop"},
			jsonObject{"template": jsonObject{"metadata": jsonObject{"annotations": jsonObject{"traffic.sidecar.istio.io/excludeOutboundPorts": joined(10_000, "%d"),
				"traffic.sidecar.istio.io/excludeOutboundIPRanges": joined(5_000, "1.2.3.4/%d")}},
				"spec": jsonObject{"containers": repeated(8000, func(i int) jsonObject {
					return jsonObject{"name": fmt.Sprint("c", i), "securityContext": jsonObject{"runAsUser": 1337}}
				})}}})},
		{name: "Pod, excludeOutboundPorts beside 10,000 hosts", stored: withBank(t, 10_000, entryOfBank(t)), object: manifestOf(t, "v1", "Pod", jsonObject{"name": "worst", "namespace": "shop",
			"annotations": jsonObject{"traffic.sidecar.istio.io/excludeOutboundPorts": joined(10_000, "%d")}}, jsonObject{"containers": []jsonObject{{"name": "c"}}})},
		{name: "EnvoyFilter, 5,000 patches", stored: knownBank(t), object: manifestOf(t, "networking.istio.io/v1alpha3", "EnvoyFilter", jsonObject{"name": "worst", "namespace": "shop"},
			jsonObject{"configPatches": repeated(5000, func(i int) jsonObject {
				return jsonObject{"applyTo": "CLUSTER", "match": jsonObject{"context": "SIDECAR_OUTBOUND", "cluster": jsonObject{"service": fmt.Sprintf("n%d.bank.example", i)}},
					"patch": jsonObject{"operation": "MERGE", "value": jsonObject{"transport_socket": nil}}}
			})})},
		{name: "EnvoyFilter, 5,000 patches beside 10,000 hosts", stored: withBank(t, 10_000, entryOfBank(t)), object: manifestOf(t, "networking.istio.io/v1alpha3", "EnvoyFilter", jsonObject{"name": "worst", "namespace": "shop"},
			jsonObject{"configPatches": repeated(5000, func(i int) jsonObject {
				return jsonObject{"applyTo": "NETWORK_FILTER", "match": jsonObject{"context": "SIDECAR_OUTBOUND", "listener": jsonObject{"portNumber": 80}},
					"patch": jsonObject{"operation": "REMOVE"}}
			})})},
		{name: "ServiceEntry, beside 1,000 EnvoyFilters", stored: withBank(t, 1000, func(i int) []byte {
			return manifestOf(t, "networking.istio.io/v1alpha3", "EnvoyFilter", jsonObject{"name": fmt.Sprint("filter-", i), "namespace": "shop"},
				jsonObject{"configPatches": []jsonObject{{"applyTo": "NETWORK_FILTER", "match": jsonObject{"context": "SIDECAR_OUTBOUND"}, "patch": jsonObject{"operation": "REMOVE"}}}})
		}), object: manifest(t, "ServiceEntry", "worst", largeEntry(64, 0, 4))},
		{name: "PeerAuthentication, 10,000 ports", stored: knownBank(t), object: manifestOf(t, "security.istio.io/v1", "PeerAuthentication", jsonObject{"name": "worst", "namespace": "shop"},
			jsonObject{"selector": jsonObject{"matchLabels": labelsOf(5000)}, "portLevelMtls": func() jsonObject {
				ports := jsonObject{}
				for i := range 10_000 {
					ports[fmt.Sprint(1+i)] = jsonObject{"mode": "DISABLE"}
				}
				return ports
			}()})},
		{name: "RequestAuthentication, 5,000 jwtRules", stored: knownBank(t), object: manifestOf(t, "security.istio.io/v1", "RequestAuthentication", jsonObject{"name": "worst", "namespace": "shop"},
			jsonObject{"jwtRules": repeated(5000, func(i int) jsonObject {
				return jsonObject{"issuer": fmt.Sprint("i", i), "jwksUri": fmt.Sprintf("http://h%d.example/keys", i)}
			})})},
	}
}

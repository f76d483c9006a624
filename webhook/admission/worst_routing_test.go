package admission

import (
	"fmt"
	"testing"
)

func worstVirtualServices(t testing.TB) []worstCase {
	known := knownBank(t)
	service := func(name string, spec jsonObject) []byte {
		if spec["hosts"] == nil {
			spec["hosts"] = []string{bank}
		}
		if spec["exportTo"] == nil {
			spec["exportTo"] = []string{"."}
		}
		return manifest(t, "VirtualService", name, spec)
	}
	routes := func(n int, item func(i int) jsonObject) []byte {
		return service("worst", jsonObject{"http": repeated(n, item)})
	}
	one := []jsonObject{routeTo(bank, jsonObject{})}
	delegate := func(i int) jsonObject {
		return jsonObject{"match": []jsonObject{underPath(i)}, "delegate": jsonObject{"name": fmt.Sprint("delegate-", i)}}
	}
	return []worstCase{
		{name: "VirtualService, 250 sourceLabels", stored: known, object: routes(250, func(i int) jsonObject { return routeTo(bank, jsonObject{"sourceLabels": padding(i)}) })},
		{name: "VirtualService, 6,000 sourceLabels", stored: known, object: routes(6000, func(i int) jsonObject { return routeTo(bank, jsonObject{"sourceLabels": padding(i)}) })},
		{name: "VirtualService, 10,000 routes", stored: known, object: routes(10_000, func(i int) jsonObject { return routeTo(bank, underPath(i)) })},
		{name: "VirtualService, 2,500 destinations", stored: known, object: routes(2500, func(i int) jsonObject { return routeTo(fmt.Sprintf("n%d.bank.example", i), underPath(i)) })},
		{name: "VirtualService, 10,000 destinations", stored: known, object: routes(10_000, func(i int) jsonObject { return routeTo(fmt.Sprintf("n%d.bank.example", i), underPath(i)) })},
		{name: "VirtualService, 900 Host headers", stored: known, object: routes(900, func(i int) jsonObject {
			route := routeTo(bank, underPath(i))
			route["rewrite"] = jsonObject{"authority": fmt.Sprintf("n%d.bank.example", i)}
			return route
		})},
		{name: "VirtualService, 1,000 hosts that are declared", stored: withBank(t, 1000, entryOfBank(t)),
			object: service("worst", jsonObject{"hosts": repeated(1000, numbered("n%d.bank.example")), "http": one})},
		{name: "VirtualService, 20,000 hosts that nobody declares", stored: known,
			object: service("worst", jsonObject{"hosts": repeated(20_000, numbered("n%d.bank.example")), "http": one})},
		{name: "VirtualService, wildcard over 10,000 hosts", stored: withBank(t, 10_000, entryOfBank(t)),
			object: service("worst", jsonObject{"hosts": []string{"*.bank.example"}, "http": one})},
		{name: "VirtualService, 20,000 exportTo", stored: known, object: service("worst", jsonObject{"exportTo": repeated(20_000, numbered("team-%d")), "http": one})},
		{name: "VirtualService, 400 exportTo", stored: known, object: service("worst", jsonObject{"exportTo": repeated(400, numbered("team-%d")), "http": one})},
		{name: "VirtualService, 20,000 gateways", stored: known, object: service("worst", jsonObject{"gateways": repeated(20_000, numbered("gateway-%d")), "http": one})},
		{name: "VirtualService, 10,000 sniHosts", stored: known, object: service("worst", jsonObject{"tls": []jsonObject{
			{"match": []jsonObject{{"port": 443, "sniHosts": repeated(10_000, numbered("n%d.bank.example"))}}, "route": routeTo(bank, nil)["route"]}}})},
		{name: "VirtualService, 8,000 tls routes", stored: known, object: service("worst", jsonObject{"tls": repeated(8000, func(i int) jsonObject {
			return routeTo(bank, jsonObject{"port": 443, "sniHosts": []string{fmt.Sprintf("n%d.bank.example", i)}})
		})})},
		{name: "VirtualService, 10,000 tcp routes", stored: known, object: service("worst", jsonObject{"tcp": repeated(10_000, func(i int) jsonObject {
			return routeTo(bank, jsonObject{"port": 80})
		})})},
		{name: "VirtualService, 10,000 mirrors", stored: known, object: routes(10_000, func(i int) jsonObject {
			route := routeTo(bank, underPath(i))
			route["mirrors"] = []jsonObject{{"destination": jsonObject{"host": bank}}}
			return route
		})},
		{name: "VirtualService, 10,000 weighted destinations of one route", stored: known, object: service("worst", jsonObject{"http": []jsonObject{
			{"route": repeated(10_000, func(i int) jsonObject { return jsonObject{"destination": jsonObject{"host": bank}, "weight": 1} })}}})},
		{name: "VirtualService, beside 1,000 for the host", stored: withBank(t, 1000, func(i int) []byte {
			return service(fmt.Sprint("route-", i), jsonObject{"http": one})
		}), object: service("worst", jsonObject{"http": one})},
		{name: "VirtualService, 500 delegates with 100 routes", stored: withBank(t, 500, func(i int) []byte {
			return manifest(t, "VirtualService", fmt.Sprint("delegate-", i), jsonObject{"http": repeated(100, func(k int) jsonObject {
				return routeTo(bank, jsonObject{"uri": jsonObject{"prefix": fmt.Sprintf("/%d/%d", i, k)}})
			})})
		}), object: routes(500, delegate)},
		{name: "VirtualService, one delegate 5,000 times", stored: withBank(t, 1, func(int) []byte {
			return manifest(t, "VirtualService", "delegate-0", jsonObject{"http": repeated(1000, func(k int) jsonObject { return routeTo(bank, underPath(k)) })})
		}), object: routes(5000, func(int) jsonObject { return delegate(0) })},
		{name: "VirtualService, 100 delegates with 10 routes", stored: withBank(t, 100, func(i int) []byte {
			return manifest(t, "VirtualService", fmt.Sprint("delegate-", i), jsonObject{"http": repeated(10, func(k int) jsonObject {
				return routeTo(bank, jsonObject{"uri": jsonObject{"prefix": fmt.Sprintf("/%d/%d", i, k)}})
			})})
		}), object: routes(100, delegate)},
		{name: "VirtualService, delegate of 1,000 roots", stored: withBank(t, 1000, func(i int) []byte {
			return service(fmt.Sprint("root-", i), jsonObject{"hosts": []string{fmt.Sprintf("n%d.bank.example", i)}, "http": []jsonObject{delegate(0)}})
		}), object: manifest(t, "VirtualService", "delegate-0", jsonObject{"http": repeated(1000, func(k int) jsonObject { return routeTo(bank, underPath(k)) })})},
		{name: "VirtualService, delegate that 1,000 routes of a root name", stored: append(knownBank(t), routes(1000, func(int) jsonObject { return delegate(0) })),
			object: manifest(t, "VirtualService", "delegate-0", jsonObject{"http": repeated(5000, func(k int) jsonObject { return routeTo(bank, underPath(k)) })})},
		{name: "VirtualService, 5,000 routes, deleted", stored: known, old: routes(5000, func(i int) jsonObject { return routeTo(bank, underPath(i)) })},
	}
}

func worstDestinationRules(t testing.TB) []worstCase {
	known := knownBank(t)
	rule := func(more jsonObject) []byte {
		spec := ruleOf(bank, nil)
		for key, value := range more {
			spec[key] = value
		}
		return manifest(t, "DestinationRule", "worst", spec)
	}
	disabled := jsonObject{"tls": jsonObject{"mode": "DISABLE"}}
	entry := manifest(t, "ServiceEntry", "bank", entryOf(bank, "HTTP"))
	portLevel := func(i int) jsonObject {
		return jsonObject{"port": jsonObject{"number": i + 1}, "tls": jsonObject{"mode": "DISABLE"}}
	}
	bySelector := func(i int) []byte {
		return manifest(t, "DestinationRule", fmt.Sprint("rule-", i), ruleOf(bank, padding(i)))
	}
	return []worstCase{
		{name: "DestinationRule, beside 250 by selector", stored: withBank(t, 250, bySelector), object: manifest(t, "DestinationRule", "worst", ruleOf(bank, padding(-1)))},
		{name: "DestinationRule, beside 1,000 by selector", stored: withBank(t, 1000, bySelector), object: manifest(t, "DestinationRule", "worst", ruleOf(bank, padding(-1)))},
		{name: "DestinationRule for all pods, beside 250 by selector", stored: append(withBank(t, 250, bySelector), entry), object: rule(jsonObject{"trafficPolicy": disabled})},
		{name: "DestinationRule, 4,000 labels", stored: known, object: manifest(t, "DestinationRule", "worst", ruleOf(bank, labelsOf(4000)))},
		{name: "DestinationRule, wildcard over 10,000 hosts", stored: withBank(t, 10_000, entryOfBank(t)), object: manifest(t, "DestinationRule", "worst", ruleOf("*.bank.example", nil))},
		{name: "DestinationRule, wildcard over 10,000 hosts, disabled", stored: withBank(t, 10_000, entryOfBank(t)),
			object: manifest(t, "DestinationRule", "worst", jsonObject{"host": "*.bank.example", "trafficPolicy": disabled})},
		{name: "DestinationRule, 20,000 portLevelSettings", stored: known[:1],
			object: rule(jsonObject{"trafficPolicy": jsonObject{"portLevelSettings": repeated(20_000, portLevel)}})},
		{name: "DestinationRule, 10,000 subsets", stored: known[:1], object: rule(jsonObject{"subsets": repeated(10_000, func(i int) jsonObject {
			return jsonObject{"name": fmt.Sprint("v", i), "labels": padding(i), "trafficPolicy": disabled}
		})})},
		{name: "DestinationRule, 100 subsets with 100 portLevelSettings", stored: known[:1], object: rule(jsonObject{"subsets": repeated(100, func(i int) jsonObject {
			return jsonObject{"name": fmt.Sprint("v", i), "trafficPolicy": jsonObject{"portLevelSettings": repeated(100, portLevel)}}
		})})},
		{name: "DestinationRule, 1,000 subsets that a route names", stored: append(knownBank(t)[:1], manifest(t, "VirtualService", "bank", jsonObject{
			"hosts": []string{bank}, "http": repeated(1000, func(i int) jsonObject {
				return jsonObject{"match": []jsonObject{underPath(i)}, "route": []jsonObject{{"destination": jsonObject{"host": bank, "subset": fmt.Sprint("v", i)}}}}
			})})), object: rule(jsonObject{"subsets": repeated(1000, func(i int) jsonObject {
			return jsonObject{"name": fmt.Sprint("v", i), "trafficPolicy": disabled}
		})})},
		{name: "DestinationRule, 40,000 exportTo", stored: known[:1], object: rule(jsonObject{"exportTo": repeated(40_000, numbered("team-%d"))})},
		{name: "DestinationRule, 400 exportTo, disabled", stored: known[:1], object: rule(jsonObject{"exportTo": repeated(400, numbered("team-%d")), "trafficPolicy": disabled})},
		{name: "DestinationRule, 40,000 subjectAltNames", stored: known[:1], object: rule(jsonObject{"trafficPolicy": jsonObject{"tls": jsonObject{
			"mode": "SIMPLE", "sni": "other.example", "subjectAltNames": repeated(40_000, numbered("n%d.bank.example"))}}})},
		{name: "DestinationRule, beside 1,000 for the host", stored: withBank(t, 1000, func(i int) []byte {
			return manifest(t, "DestinationRule", fmt.Sprint("rule-", i), ruleOf(bank, nil))
		}), object: rule(nil)},
		{name: "DestinationRule, beside 1,000 exported one by one", stored: withBank(t, 1000, func(i int) []byte {
			spec := ruleOf(bank, nil)
			spec["exportTo"] = []string{fmt.Sprint("team-", i)}
			return manifest(t, "DestinationRule", fmt.Sprint("rule-", i), spec)
		}), object: rule(jsonObject{"trafficPolicy": disabled})},
		{name: "DestinationRule, beside 1,000 Sidecars", stored: withBank(t, 1000, func(i int) []byte {
			return manifest(t, "Sidecar", fmt.Sprint("sidecar-", i), jsonObject{"workloadSelector": jsonObject{"labels": padding(i)}, "egress": []jsonObject{{"hosts": []string{"*/*"}}}})
		}), object: rule(jsonObject{"trafficPolicy": disabled})},
		{name: "DestinationRule, 32 subsets with 256 portLevelSettings", stored: known[:1], object: rule(jsonObject{"subsets": repeated(32, func(i int) jsonObject {
			return jsonObject{"name": fmt.Sprint("v", i), "trafficPolicy": jsonObject{"portLevelSettings": repeated(8, portLevel)}}
		})})},
		{name: "DestinationRule, 32 subsets that a route names", stored: append(knownBank(t)[:1], manifest(t, "VirtualService", "bank", jsonObject{
			"hosts": []string{bank}, "http": repeated(32, func(i int) jsonObject {
				return jsonObject{"match": []jsonObject{underPath(i)}, "route": []jsonObject{{"destination": jsonObject{"host": bank, "subset": fmt.Sprint("v", i)}}}}
			})})), object: rule(jsonObject{"subsets": repeated(32, func(i int) jsonObject {
			return jsonObject{"name": fmt.Sprint("v", i), "trafficPolicy": disabled}
		})})},
		{name: "DestinationRule, 256 exportTo, disabled", stored: known[:1], object: rule(jsonObject{"exportTo": repeated(256, numbered("team-%d")), "trafficPolicy": disabled})},
		{name: "DestinationRule, beside 250 exported one by one", stored: withBank(t, 250, func(i int) []byte {
			spec := ruleOf(bank, nil)
			spec["exportTo"] = []string{fmt.Sprint("team-", i)}
			return manifest(t, "DestinationRule", fmt.Sprint("rule-", i), spec)
		}), object: rule(jsonObject{"trafficPolicy": disabled})},
		{name: "DestinationRule, beside 250 Sidecars", stored: withBank(t, 250, func(i int) []byte {
			return manifest(t, "Sidecar", fmt.Sprint("sidecar-", i), jsonObject{"workloadSelector": jsonObject{"labels": padding(i)}, "egress": []jsonObject{{"hosts": []string{"*/*"}}}})
		}), object: rule(jsonObject{"trafficPolicy": disabled})},
		{name: "DestinationRule, 64 ports of its host", stored: [][]byte{manifest(t, "ServiceEntry", "bank", jsonObject{"hosts": []string{bank}, "ports": portsOf(64, "HTTP")})},
			object: rule(jsonObject{"trafficPolicy": disabled})},
		{name: "DestinationRule, 256 ports of its host", stored: [][]byte{manifest(t, "ServiceEntry", "bank", jsonObject{"hosts": []string{bank}, "ports": portsOf(256, "HTTP")})},
			object: rule(jsonObject{"trafficPolicy": disabled})},
		{name: "DestinationRule, wildcard over 1,000 hosts, deleted", stored: withBank(t, 1000, entryOfBank(t)), old: manifest(t, "DestinationRule", "worst", ruleOf("*.bank.example", nil))},
	}
}

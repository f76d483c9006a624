package admission

import (
	"context"
	"fmt"
	"sync/atomic"
)

// casesAtGateways are those of wideCases for what shares the pods of Gateways.
func casesAtGateways() []wideCase {
	passing := func(i int) jsonObject {
		s := server(443, "TLS", "*.bank.example")
		s["tls"] = jsonObject{"mode": "PASSTHROUGH"}
		return istioObject("Gateway", fmt.Sprint("gate-", i), jsonObject{"selector": jsonObject{"istio": "egressgateway"}, "servers": []any{s}})
	}
	plain := func(name string, servers int) jsonObject {
		return istioObject("Gateway", name, jsonObject{"selector": jsonObject{"istio": "egressgateway"},
			"servers": repeated(servers, func(i int) any { return server(80, "HTTP", fmt.Sprintf("h%d.bank.example", i)) })})
	}
	named := func(name string, gateways, names int) jsonObject {
		return istioObject("VirtualService", name, jsonObject{"hosts": []any{"*.bank.example"}, "gateways": numbered(gateways, "gate-%d"), "tls": []any{jsonObject{
			"match": []any{jsonObject{"sniHosts": numbered(names, "n%d.bank.example")}}, "route": []any{jsonObject{"destination": jsonObject{"host": bank}}}}}})
	}
	led := func(n int, first string) jsonObject {
		return istioObject("VirtualService", "wide", jsonObject{"hosts": []any{bank}, "gateways": []any{"gate-0"}, "http": repeated(n, func(i int) any {
			if i == 0 {
				return routeTo(bank, jsonObject{"uri": jsonObject{"prefix": first}})
			}
			return routeTo(bank, jsonObject{"uri": jsonObject{"exact": fmt.Sprint("/", i)}})
		})})
	}
	other := func() jsonObject {
		o := istioObject("VirtualService", "behind", jsonObject{"hosts": []any{bank}, "gateways": []any{"shop/gate-0"},
			"http": repeated(8, func(i int) any {
				return routeTo(bank, jsonObject{"uri": jsonObject{"prefix": fmt.Sprint("/other-", i)}})
			})})
		o["metadata"].(jsonObject)["namespace"] = "team-a"
		return o
	}
	entry := istioObject("ServiceEntry", "bank", entryOf(bank, "HTTP"))
	gates, crowd := []jsonObject{entry}, []jsonObject{entry}
	for i := range 64 {
		gates, crowd = append(gates, passing(i)), append(crowd, plain(fmt.Sprint("gate-", i), 256))
	}
	all := istioObject("Gateway", "gate-0", jsonObject{"selector": jsonObject{"istio": "egressgateway"}, "servers": []any{server(80, "HTTP", "*")}})
	requests := func(o ...jsonObject) []jsonObject { return append([]jsonObject{entry, all}, o...) }
	return []wideCase{
		{name: "gateways of mode PASSTHROUGH with 64 names", kind: "VirtualService", most: 64, stored: gates, object: func(n int) jsonObject {
			return named("wide", n, 64)
		}},
		{name: "names at 16 gateways of mode PASSTHROUGH", kind: "VirtualService", most: 1024, stored: gates, object: func(n int) jsonObject {
			return named("wide", 16, n)
		}},
		{name: "servers, beside 64 times 256 in plaintext", kind: "Gateway", most: 256, stored: crowd, object: func(n int) jsonObject {
			return plain("wide", n)
		}},
		{name: "routes at a gateway, of which one changes", kind: "VirtualService", most: 2000, stored: requests(), object: func(n int) jsonObject {
			return led(n, "/new")
		}, was: func(n int) jsonObject { return led(n, "/old") }},
		{name: "routes at a gateway, of which one changes, before others", kind: "VirtualService", most: 2000, stored: requests(other()), object: func(n int) jsonObject {
			return led(n, "/new")
		}, was: func(n int) jsonObject { return led(n, "/old") }},
	}
}

// countingContext counts how often a review asks whether its time is up: once in each turn of its loops over clients, hosts and routes.
type countingContext struct {
	context.Context //nolint:containedctx // it is one
	asked           *atomic.Int64
}

func (c countingContext) Err() error {
	c.asked.Add(1)
	return c.Context.Err()
}

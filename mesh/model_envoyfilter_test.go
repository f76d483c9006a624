package mesh

import (
	"fmt"
	"testing"
)

func patchesIn(t *testing.T, manifest string) []outboundPatch {
	t.Helper()
	return outboundPatches(objects(t, manifest)[0])
}

func TestOutboundPatches(t *testing.T) {
	for patch, want := range map[string]int{
		`{applyTo: HTTP_FILTER}`:                                          1,
		`{applyTo: HTTP_FILTER, match: {context: ANY}}`:                   1,
		`{applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND}}`:          1,
		`{applyTo: HTTP_ROUTE, match: {context: GATEWAY}}`:                1,
		`{applyTo: BOOTSTRAP}`:                                            1,
		`{applyTo: NETWORK_FILTER, match: {context: SIDECAR_INBOUND}}`:    0,
		`{applyTo: EXTENSION_CONFIG, match: {context: SIDECAR_OUTBOUND}}`: 0,
		`{match: {context: SIDECAR_OUTBOUND}}`:                            0,
		`{applyTo: LISTENER, match: {context: WAYPOINT}}`:                 1,
	} {
		if have := len(patchesIn(t, `EnvoyFilter shop/a: {configPatches: [`+patch+`]}`)); have != want {
			t.Errorf("%s: %d, want %d", patch, have, want)
		}
	}
}

func TestOutboundPatchIsFor(t *testing.T) {
	shop := Client{Kind: ClientSidecar, Namespace: "shop"}
	for name, c := range map[string]struct {
		in, spec string
		client   Client
		want     bool
	}{
		"its own namespace":           {"shop", `[{applyTo: CLUSTER}]`, shop, true},
		"the root namespace":          {"istio-system", `[{applyTo: CLUSTER}]`, shop, true},
		"the root namespace, anybody": {"istio-system", `[{applyTo: CLUSTER}]`, Client{Kind: ClientSidecar, Namespace: AnyNamespace}, true},
		"another namespace":           {"team", `[{applyTo: CLUSTER}]`, shop, false},
		"a ztunnel has no Envoy":      {"shop", `[{applyTo: CLUSTER}]`, Client{Kind: ClientZtunnel, Namespace: "shop"}, false},
		"a gateway's":                 {"shop", `[{applyTo: CLUSTER, match: {context: GATEWAY}}]`, shop, false},
		"a gateway's, at a gateway":   {"shop", `[{applyTo: CLUSTER, match: {context: GATEWAY}}]`, Client{Kind: ClientGateway, Namespace: "shop"}, true},
		"a sidecar's, at a gateway":   {"shop", `[{applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND}}]`, Client{Kind: ClientGateway, Namespace: "shop"}, false},
		"a waypoint's":                {"shop", `[{applyTo: CLUSTER, match: {context: WAYPOINT}}]`, Client{Kind: ClientWaypoint, Namespace: "shop"}, true},
		"the host":                    {"shop", `[{applyTo: CLUSTER, match: {cluster: {service: api.example, portNumber: 80}}}]`, shop, true},
		"another host":                {"shop", `[{applyTo: CLUSTER, match: {cluster: {service: www.example}}}]`, shop, false},
		"another port":                {"shop", `[{applyTo: CLUSTER, match: {cluster: {portNumber: 443}}}]`, shop, false},
		"the cluster's name":          {"shop", `[{applyTo: CLUSTER, match: {cluster: {name: "outbound|80|v1|api.example"}}}]`, shop, true},
		"another cluster's name":      {"shop", `[{applyTo: CLUSTER, match: {cluster: {name: "outbound|443||api.example"}}}]`, shop, false},
		"the port of a listener":      {"shop", `[{applyTo: LISTENER, match: {listener: {portNumber: 80}}}]`, shop, true},
		"another listener":            {"shop", `[{applyTo: LISTENER, match: {listener: {portNumber: 443}}}]`, shop, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := patchesIn(t, `EnvoyFilter `+c.in+`/a: {configPatches: `+c.spec+`}`)[0]
			if have := p.isFor(c.client, "istio-system", "api.example", 80); have != c.want {
				t.Errorf("%t, want %t", have, c.want)
			}
		})
	}
	selected := patchesIn(t, `EnvoyFilter shop/a: {workloadSelector: {labels: {app: curl}}, configPatches: [{applyTo: CLUSTER}]}`)[0]
	for labels, want := range map[string]bool{"curl": true, "cart": false} {
		client := Client{Kind: ClientSidecar, Namespace: "shop", Labels: map[string]string{"app": labels}}
		if have := selected.isFor(client, "istio-system", "api.example", 80); have != want {
			t.Errorf("pods with app=%s: %t, want %t", labels, have, want)
		}
	}
}

func TestPatchStartsPlaintext(t *testing.T) {
	const raw, tls = "envoy.transport_sockets.raw_buffer", "envoy.transport_sockets.tls"
	const rawType = "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"
	for name, c := range map[string]struct {
		patch string
		want  bool
	}{
		"by name":                               {`{applyTo: CLUSTER, patch: {operation: MERGE, value: {transport_socket: {name: ` + raw + `}}}}`, true},
		"by type, whatever it is called":        {`{applyTo: CLUSTER, patch: {operation: ADD, value: {transportSocket: {name: mine, typedConfig: {"@type": ` + rawType + `}}}}}`, true},
		"one of several":                        {`{applyTo: CLUSTER, patch: {operation: MERGE, value: {transport_socket_matches: [{transport_socket: {name: ` + tls + `}}, {transport_socket: {name: ` + raw + `}}]}}}`, true},
		"TLS":                                   {`{applyTo: CLUSTER, patch: {operation: MERGE, value: {transport_socket: {name: ` + tls + `}}}}`, false},
		"something else":                        {`{applyTo: CLUSTER, patch: {operation: MERGE, value: {connect_timeout: 1s}}}`, false},
		"no value":                              {`{applyTo: CLUSTER, patch: {operation: REMOVE}}`, false},
		"a filter chain's is what clients meet": {`{applyTo: FILTER_CHAIN, patch: {operation: MERGE, value: {transport_socket: {name: ` + raw + `}}}}`, false},
	} {
		if have := patchesIn(t, fmt.Sprintf(`EnvoyFilter shop/a: {configPatches: [%s]}`, c.patch))[0].startsPlaintext(); have != c.want {
			t.Errorf("%s: %t, want %t", name, have, c.want)
		}
	}
}

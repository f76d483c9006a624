package mesh

import (
	"fmt"
	"strings"
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

// The listeners of a waypoint for what lies behind it are inbound ones.
func TestInboundPatchesOfWaypoints(t *testing.T) {
	patches := patchesIn(t, `EnvoyFilter shop/a: {targetRefs: [{kind: Gateway, name: waypoint}], configPatches: [{applyTo: HTTP_FILTER, match: {context: SIDECAR_INBOUND}}]}`)
	if len(patches) != 1 {
		t.Fatalf("%d patches", len(patches))
	}
	for kind, want := range map[ClientKind]bool{ClientWaypoint: true, ClientSidecar: false, ClientGateway: false} {
		f := Flow{Path: Path{Client: Client{Kind: kind, Namespace: "shop"}, Host: "api.example", Port: 80}}
		if have := patches[0].isForFlow(f, "istio-system"); have != want {
			t.Errorf("%s: %t, want %t", kind, have, want)
		}
	}
}

func TestOutboundPatchIsFor(t *testing.T) {
	shop := Client{Kind: ClientSidecar, Namespace: "shop"}
	for name, c := range map[string]struct {
		in, spec string
		client   Client
		want     bool
		routed   bool
	}{
		"its own namespace":           {"shop", `[{applyTo: CLUSTER}]`, shop, true, false},
		"the root namespace":          {"istio-system", `[{applyTo: CLUSTER}]`, shop, true, false},
		"the root namespace, anybody": {"istio-system", `[{applyTo: CLUSTER}]`, Client{Kind: ClientSidecar, Namespace: AnyNamespace}, true, false},
		"another namespace":           {"team", `[{applyTo: CLUSTER}]`, shop, false, false},
		"a ztunnel has no Envoy":      {"shop", `[{applyTo: CLUSTER}]`, Client{Kind: ClientZtunnel, Namespace: "shop"}, false, false},
		"a gateway's":                 {"shop", `[{applyTo: CLUSTER, match: {context: GATEWAY}}]`, shop, false, false},
		"a gateway's, at a gateway":   {"shop", `[{applyTo: CLUSTER, match: {context: GATEWAY}}]`, Client{Kind: ClientGateway, Namespace: "shop"}, true, false},
		"a sidecar's, at a gateway":   {"shop", `[{applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND}}]`, Client{Kind: ClientGateway, Namespace: "shop"}, false, false},
		"a waypoint's":                {"shop", `[{applyTo: CLUSTER, match: {context: WAYPOINT}}]`, Client{Kind: ClientWaypoint, Namespace: "shop"}, false, false}, // without targetRefs
		"the host":                    {"shop", `[{applyTo: CLUSTER, match: {cluster: {service: api.example, portNumber: 80}}}]`, shop, true, false},
		"another host":                {"shop", `[{applyTo: CLUSTER, match: {cluster: {service: www.example}}}]`, shop, false, false},
		"another port":                {"shop", `[{applyTo: CLUSTER, match: {cluster: {portNumber: 443}}}]`, shop, false, false},
		"the cluster's name":          {"shop", `[{applyTo: CLUSTER, match: {cluster: {name: "outbound|80|v1|api.example"}}}]`, shop, true, false},
		"another cluster's name":      {"shop", `[{applyTo: CLUSTER, match: {cluster: {name: "outbound|443||api.example"}}}]`, shop, false, false},
		"the port of a listener":      {"shop", `[{applyTo: LISTENER, match: {listener: {portNumber: 80}}}]`, shop, true, false},
		"another listener":            {"shop", `[{applyTo: LISTENER, match: {listener: {portNumber: 443}}}]`, shop, false, false},
		"the listener of the port from which a route leads to this one": {"shop", `[{applyTo: LISTENER, match: {listener: {portNumber: 443}}}]`, shop, true, true},
		"a listener of a gateway, whose port is not the host's":         {"shop", `[{applyTo: LISTENER, match: {listener: {portNumber: 443}}}]`, Client{Kind: ClientGateway, Namespace: "shop"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := patchesIn(t, `EnvoyFilter `+c.in+`/a: {configPatches: `+c.spec+`}`)[0]
			f := Flow{Path: Path{Client: c.client, Host: "api.example", Port: 80}, Routed: c.routed}
			if have := p.isForFlow(f, "istio-system"); have != c.want {
				t.Errorf("%t, want %t", have, c.want)
			}
		})
	}
	selected := patchesIn(t, `EnvoyFilter shop/a: {workloadSelector: {labels: {app: curl}}, configPatches: [{applyTo: CLUSTER}]}`)[0]
	for labels, want := range map[string]bool{"curl": true, "cart": false} {
		f := Flow{Path: Path{Client: Client{Kind: ClientSidecar, Namespace: "shop", Labels: map[string]string{"app": labels}}, Host: "api.example", Port: 80}}
		if have := selected.isForFlow(f, "istio-system"); have != want {
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

func TestPatchPassesRequestsOn(t *testing.T) {
	for name, c := range map[string]struct {
		patch string
		want  bool
	}{
		"a route":                      {`{applyTo: HTTP_ROUTE, patch: {operation: MERGE, value: {route: {cluster: PassthroughCluster}}}}`, true},
		"a share of a route":           {`{applyTo: HTTP_ROUTE, match: {context: SIDECAR_OUTBOUND}, patch: {operation: ADD, value: {route: {weighted_clusters: {clusters: [{name: a, weight: 1}, {name: PassthroughCluster, weight: 1}]}}}}}`, true},
		"a virtual host":               {`{applyTo: VIRTUAL_HOST, patch: {operation: ADD, value: {name: a, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: PassthroughCluster}}]}}}`, true},
		"in place of HTTP":             {`{applyTo: NETWORK_FILTER, match: {context: SIDECAR_OUTBOUND, listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}}, patch: {operation: REPLACE, value: {name: envoy.filters.network.tcp_proxy, typed_config: {cluster: PassthroughCluster}}}}`, true},
		"bytes of whatever kind":       {`{applyTo: NETWORK_FILTER, match: {context: SIDECAR_OUTBOUND}, patch: {operation: REPLACE, value: {name: envoy.filters.network.tcp_proxy, typed_config: {cluster: PassthroughCluster}}}}`, false},
		"another cluster":              {`{applyTo: HTTP_ROUTE, patch: {operation: MERGE, value: {route: {cluster: mine}}}}`, false},
		"a gateway, which has no such": {`{applyTo: HTTP_ROUTE, match: {context: GATEWAY}, patch: {operation: MERGE, value: {route: {cluster: PassthroughCluster}}}}`, false},
		"taken away":                   {`{applyTo: HTTP_ROUTE, patch: {operation: REMOVE, value: {route: {cluster: PassthroughCluster}}}}`, false},
	} {
		if have := patchesIn(t, fmt.Sprintf(`EnvoyFilter shop/a: {configPatches: [%s]}`, c.patch))[0].passesRequestsOn(); have != c.want {
			t.Errorf("%s: %t, want %t", name, have, c.want)
		}
	}
}

// Which EnvoyFilters of namespace edge are for proxies that send what others have sent them.
func TestPatchesSharedProxies(t *testing.T) {
	const (
		all     = `[{applyTo: CLUSTER}]`
		service = `Service edge/edge: {selector: {app: edge, v: one}, ports: [{port: 443, name: https}]}`
		gateway = `Gateway shop/public: {selector: {app: edge}, servers: [{hosts: ["*"], port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: ISTIO_MUTUAL}}]}`
	)
	for _, c := range []struct {
		name, filter, others string
		own, want            bool
	}{
		{name: "no gateway", filter: `configPatches: ` + all, others: service},
		{name: "a gateway without a Service", filter: `configPatches: ` + all, others: gateway},
		{name: "a gateway's Service", filter: `configPatches: ` + all, others: service + "\n" + gateway, want: true},
		{name: "a gateway's Service elsewhere", filter: `configPatches: ` + all, others: strings.Replace(service, "edge/", "shop/", 1) + "\n" + gateway},
		{name: "a gateway for its own namespace alone", filter: `configPatches: ` + all, others: service + "\n" + gateway, own: true},
		{name: "a Gateway without a selector", filter: `configPatches: ` + all, others: service + "\n" + strings.Replace(gateway, "app: edge", "", 1)},
		{name: "other pods", filter: `workloadSelector: {labels: {app: cart}}, configPatches: ` + all, others: service + "\n" + gateway},
		{name: "some of its pods", filter: `workloadSelector: {labels: {zone: a}}, configPatches: ` + all, others: service + "\n" + gateway, want: true},
		{name: "sidecars alone", filter: `configPatches: [{applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND}}]`, others: service + "\n" + gateway},
		{name: "what comes in alone", filter: `configPatches: [{applyTo: CLUSTER, match: {context: SIDECAR_INBOUND}}]`, others: service + "\n" + gateway},
		{name: "a waypoint", filter: `targetRefs: [{kind: Gateway, name: waypoint}], configPatches: ` + all, want: true},
		{name: "nothing at a waypoint", filter: `targetRefs: [{kind: Gateway, name: waypoint}], configPatches: []`},
	} {
		t.Run(c.name, func(t *testing.T) {
			settings := DefaultSettings()
			settings.Flags.OwnGateways = c.own
			s := New(settings, objects(t, c.others+"\nEnvoyFilter edge/f: {"+c.filter+"}")...)
			equal(t, "shared", s.PatchesSharedProxies(s.Get(Ref{KindEnvoyFilter, "edge", "f"})), c.want)
		})
	}
}

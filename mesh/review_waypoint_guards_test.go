package mesh

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// manyAtWaypoint returns a mesh with n Services of a waypoint, and n policies each for Services, for the waypoint and for pods, beside one
// for all waypoints. Of the policies for the waypoint one lets everybody in, so that all others are asked one by one.
func manyAtWaypoint(t testing.TB, n int) *Snapshot {
	t.Helper()
	list := objects(t, `
		Namespace evil: {metadata: {labels: {istio.io/use-waypoint: waypoint}}}
		KubernetesGateway evil/waypoint: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
		AuthorizationPolicy istio-system/all: {targetRefs: [{group: gateway.networking.k8s.io, kind: GatewayClass, name: istio-waypoint}]}
		AuthorizationPolicy evil/open: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: waypoint}], rules: [{}]}`)
	for i := range n {
		list = append(list, objects(t, fmt.Sprintf(`
			Service evil/s%[1]d: {selector: {app: s%[1]d}, ports: [{port: 80}]}
			AuthorizationPolicy evil/s%[1]d: {targetRefs: [{kind: Service, name: s%[1]d}], rules: [{from: [{source: {principals: [a/ns/b/sa/c]}}]}]}
			AuthorizationPolicy evil/w%[1]d: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: waypoint}],
			  rules: [{from: [{source: {principals: [a/ns/b/sa/c]}}]}]}
			AuthorizationPolicy evil/p%[1]d: {selector: {matchLabels: {app: s%[1]d}}, rules: [{from: [{source: {principals: [a/ns/b/sa/c]}}]}]}`, i))...)
	}
	return New(DefaultSettings(), list...)
}

// Who reviews a Gateway does not pay for Services behind others, and who reviews a waypoint for each policy of it once, not once a Service.
func TestOpenedAtWaypointCost(t *testing.T) {
	cost := func(n int, change string) float64 {
		before := manyAtWaypoint(t, n)
		o := objects(t, change)[0]
		after := before.With(o)
		return testing.AllocsPerRun(1, func() { opened(t, before, after, o.Ref, o) })
	}
	const own = "KubernetesGateway evil/waypoint: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}, {name: b, port: 1, protocol: TCP}]}"
	for _, other := range []string{
		"KubernetesGateway bank/front: {gatewayClassName: istio, listeners: [{name: a, port: 80, protocol: HTTP}]}",
		"KubernetesGateway bank/waypoint: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}",
	} {
		equal(t, other, cost(40, other), cost(4, other))
	}
	for _, change := range []string{
		own,
		"KubernetesGateway evil/waypoint: {gatewayClassName: istio}",
		"Namespace evil: {}",
		"GatewayClass other: {controllerName: istio.io/gateway-controller}",
		"GatewayClass istio-waypoint: {controllerName: istio.io/gateway-controller}",
		"GatewayClass istio-waypoint: {controllerName: istio.io/mesh-controller}",
	} {
		if few, many := cost(50, change), cost(200, change); many > 5*few {
			t.Errorf("%s: %v allocations for 50 Services and 150 policies, %v for four times as many", change, few, many)
		}
	}
}

// Who takes the policy for all waypoints out of force pays for the policies that stay, each once, and for the Services.
func TestOpenedAtAllWaypointsCost(t *testing.T) {
	cost := func(n int) float64 {
		before := manyAtWaypoint(t, n).Without(Ref{KindAuthorizationPolicy, "evil", "open"})
		ref := Ref{KindAuthorizationPolicy, "istio-system", "all"}
		after := before.Without(ref)
		return testing.AllocsPerRun(1, func() { opened(t, before, after, ref, nil) })
	}
	if few, many := cost(50), cost(200); many > 5*few {
		t.Errorf("%v allocations for 50 Services and 150 policies, %v for four times as many", few, many)
	}
}

func TestOpenedStopsWithItsContext(t *testing.T) {
	before := manyAtWaypoint(t, 1)
	ref := Ref{KindKubernetesGateway, "evil", "waypoint"}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Opened(ctx, before, before.Without(ref), ref, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the context is cancelled", err)
	}
}

package mesh

import "testing"

// A waypoint obeys the policies for a Service, for itself and for all waypoints together: what a DENY policy, shop/p, opens when it goes.
func TestOpenedBesidePoliciesOfTheWaypoint(t *testing.T) {
	const (
		guard   = "action: DENY, rules: [{from: [{source: {notPrincipals: ['*']}}]}]"
		names   = "rules: [{from: [{source: {principals: [a/ns/b/sa/c]}}]}]"
		anybody = "rules: [{}]"
		cart    = "targetRefs: [{kind: Service, name: cart}], "
		way     = "targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: waypoint}], "
		class   = "targetRefs: [{group: gateway.networking.k8s.io, kind: GatewayClass, name: istio-waypoint}], "
	)
	given := []string{
		"Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}}}",
		"KubernetesGateway shop/waypoint: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}",
		"Service shop/cart: {selector: {app: cart}, ports: [{port: 80}]}",
	}
	for _, c := range []struct{ name, old, beside, want string }{
		{"the Service's names callers, and the waypoint's lets anybody in", cart + guard,
			"AuthorizationPolicy shop/a: {" + cart + names + "}\nAuthorizationPolicy shop/b: {" + way + anybody + "}", " [Service cart] [Service shop/cart] let in by shop/b"},
		{"and that of all waypoints does", cart + guard,
			"AuthorizationPolicy shop/a: {" + cart + names + "}\nAuthorizationPolicy istio-system/b: {" + class + anybody + "}",
			" [Service cart] [Service shop/cart] let in by istio-system/b"},
		{"the waypoint's names callers", cart + guard, "AuthorizationPolicy shop/a: {" + way + names + "}", "-"},
		{"the waypoint's denies them, too", cart + guard, "AuthorizationPolicy shop/a: {" + way + guard + "}", "-"},
		{"another waypoint's does", cart + guard,
			"AuthorizationPolicy shop/a: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: other}], " + guard + "}", " [Service cart] [Service shop/cart]"},
		{"the waypoint's goes, which names callers, and the Service's lets anybody in", way + guard,
			"AuthorizationPolicy shop/a: {" + way + names + "}\nAuthorizationPolicy shop/b: {" + cart + anybody + "}",
			" [Gateway waypoint] [Gateway (gateway.networking.k8s.io) shop/waypoint] let in by shop/b"},
		{"the waypoint's goes, and all that is behind it has policies of its own", way + guard, "AuthorizationPolicy shop/a: {" + cart + guard + "}",
			" [Gateway waypoint] [Gateway (gateway.networking.k8s.io) shop/waypoint]"},
		{"a targetRef of another group is obeyed by nobody", cart + guard,
			"AuthorizationPolicy shop/a: {targetRefs: [{group: apps, kind: Service, name: cart}], " + guard + "}", " [Service cart] [Service shop/cart]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := snapshot(t, append(given, "AuthorizationPolicy shop/p: {"+c.old+"}", c.beside)...)
			ref := Ref{KindAuthorizationPolicy, "shop", "p"}
			equal(t, c.name, openedText(opened(t, before, before.Without(ref), ref, nil)), c.want)
		})
	}
}

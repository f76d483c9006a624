package mesh

import (
	"fmt"
	"testing"

	security "istio.io/api/security/v1beta1"
)

// Who can call what a policy of namespace shop is enforced at: ingress gateways, waypoints, gateways of which nothing is
// known, and whether anything else.
func TestCallers(t *testing.T) {
	const facts = `
		KubernetesGateway shop/front: {gatewayClassName: istio}
		KubernetesGateway shop/inside: {metadata: {annotations: {networking.istio.io/service-type: ClusterIP}}, gatewayClassName: istio}
		KubernetesGateway shop/waypoint: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
		KubernetesGateway gw/front: {gatewayClassName: istio, infrastructure: {labels: {team: gw}}}
		KubernetesGateway gw/own: {metadata: {labels: {team: gw}}, gatewayClassName: istio}
		KubernetesGateway gw/set: {gatewayClassName: istio, infrastructure: {parametersRef: {group: "", kind: ConfigMap, name: set}}}
		Service gw/front: {selector: {gateway.networking.k8s.io/gateway-name: front, team: gw}, ports: [{port: 80}]}
		Service gw/cart: {selector: {gateway.networking.k8s.io/gateway-name: own, app: cart}, ports: [{port: 80}]}
		Service gw/set: {selector: {gateway.networking.k8s.io/gateway-name: set, app: cart}, ports: [{port: 80}]}
		Service gw/lb: {type: LoadBalancer, selector: {gateway.networking.k8s.io/gateway-name: front, app: lb}, ports: [{port: 80}]}
		Service gw/web: {selector: {app: web}, ports: [{port: 80}]}
		Gateway shop/public: {selector: {istio: edge}, servers: [{port: {number: 443, protocol: HTTPS}, hosts: ["*"], tls: {mode: SIMPLE}}]}
		Gateway shop/meshed: {selector: {istio: meshed}, servers: [{port: {number: 443, protocol: TLS}, hosts: ["*"], tls: {mode: ISTIO_MUTUAL}}]}
		Gateway shop/lonely: {selector: {istio: lonely}, servers: [{port: {number: 80, protocol: HTTP}, hosts: ["*"]}]}
		Gateway shop/egress: {selector: {istio: egress}, servers: [{port: {number: 80, protocol: HTTP}, hosts: ["*"]}]}
		Gateway till/far: {selector: {istio: far}, servers: [{port: {number: 80, protocol: HTTP}, hosts: ["*"]}]}
		Service shop/edge: {type: LoadBalancer, selector: {istio: edge, app: edge}, ports: [{port: 443}]}
		Service shop/meshed: {type: NodePort, selector: {istio: meshed}, ports: [{port: 443}]}
		Service shop/egress: {selector: {istio: egress}, ports: [{port: 80}]}
		Service pay/pay: {selector: {app: pay}, ports: [{port: 80}]}
		Service soon/soon: {type: LoadBalancer, selector: {app: soon, istio: ingress}, ports: [{port: 443}]}
		Service soon/inside: {selector: {app: soon, istio: ingress}, ports: [{port: 443}]}
		Service soon/pay: {selector: {app: pay}, ports: [{port: 80}]}
		Gateway pay/none: {selector: {istio: other}, servers: [{port: {number: 80, protocol: HTTP}, hosts: ["*"]}]}
		Gateway other/all: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, protocol: HTTP}, hosts: ["*"]}]}
		Service inside/chart: {selector: {istio: ingress}, ports: [{port: 80}]}
		Service inside/pay: {selector: {app: pay}, ports: [{port: 80}]}
		Service far/far: {selector: {app: far}, ports: [{port: 443}]}
		Gateway far/far: {selector: {app: far}, servers: [{port: {number: 80, protocol: HTTP}, hosts: ["*"]}]}
		Service till/far: {type: LoadBalancer, selector: {istio: far}, ports: [{port: 80}]}
		Gateway forge/none: {selector: {nobody: x}, servers: [{port: {number: 80, protocol: HTTP}, hosts: ["*"]}]}
		Service forge/none: {type: NodePort, selector: {app: cart, nobody: x}, ports: [{port: 80}]}
		Service forge/cart: {selector: {app: cart, version: v1}, ports: [{port: 80}]}
		Service forge/twin: {type: NodePort, selector: {app: edge, nobody: x}, ports: [{port: 80}]}
		Service forge/inside: {selector: {app: edge, nobody: x}, ports: [{port: 80}]}
		Service forge/metrics: {selector: {app: edge}, ports: [{port: 80, targetPort: 15020}]}
		Service forge/app: {selector: {app: pay}, ports: [{port: 80}]}
		Service forge/pay: {type: NodePort, selector: {nobody: x}, ports: [{port: 80}]}
		KubernetesGateway forge/front: {metadata: {labels: {app: cart}}, gatewayClassName: istio}
		Service forge/beside: {selector: {app: cart}, ports: [{port: 80}]}`
	gateway := func(names ...string) string {
		list := ""
		for _, n := range names {
			list += "{group: gateway.networking.k8s.io, kind: Gateway, name: " + n + "},"
		}
		return "targetRefs: [" + list + "]"
	}
	selects := func(labels string) string { return "selector: {matchLabels: {" + labels + "}}" }
	for _, c := range []struct{ namespace, spec, want string }{
		{"shop", "", "[] [] [] true"},
		{"shop", gateway("front"), "[shop/front] [] [] false"},
		{"shop", "targetRef: {group: gateway.networking.k8s.io, kind: Gateway, name: front}", "[shop/front] [] [] false"},
		{"shop", gateway("inside"), "[] [] [] true"}, // an egress gateway is no ingress
		{"shop", gateway("waypoint"), "[] [shop/waypoint] [] false"},
		{"shop", gateway("absent"), "[] [] [shop/absent] false"},
		{"till", gateway("front"), "[] [] [till/front] false"}, // a target is of the policy's own namespace
		{"shop", gateway("front", "waypoint"), "[shop/front] [shop/waypoint] [] false"},
		{"shop", `targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: front}, {group: "", kind: Service, name: cart}]`, "[shop/front] [] [] true"},
		{"shop", selects("gateway.networking.k8s.io/gateway-name: front"), "[shop/front] [] [] false"},
		{"gw", selects("gateway.networking.k8s.io/gateway-name: front, team: gw, sidecar.istio.io/inject: 'false'"), "[gw/front] [] [] false"},
		{"gw", selects("gateway.networking.k8s.io/gateway-name: own, team: gw"), "[gw/own] [] [] true"}, // cart has the label, too
		{"gw", selects("gateway.networking.k8s.io/gateway-name: own, app: cart"), "[] [] [] true"},
		{"gw", gateway("own"), "[gw/own] [] [] true"},
		{"gw", selects("gateway.networking.k8s.io/gateway-name: set, app: cart"), "[] [] [gw/app=cart,gateway.networking.k8s.io/gateway-name=set] false"}, // its parameters may say so
		{"gw", selects("gateway.networking.k8s.io/gateway-name: set, app: other"), "[] [] [gw/app=other,gateway.networking.k8s.io/gateway-name=set] false"},
		{"shop", selects("gateway.networking.k8s.io/gateway-name: set"), "[] [] [shop/set] false"},
		{"gw", selects("gateway.networking.k8s.io/gateway-name: front, app: web"), "[] [] [] true"},
		{"gw", selects("gateway.networking.k8s.io/gateway-name: front, app: other"), "[] [] [gw/app=other,gateway.networking.k8s.io/gateway-name=front] false"},
		{"gw", selects("gateway.networking.k8s.io/gateway-name: later, app: web"), "[] [] [] true"},
		{"gw", selects("gateway.networking.k8s.io/gateway-name: later"), "[] [] [gw/later] false"},
		{"shop", selects("istio: edge"), "[shop/public] [] [] false"},
		{"shop", selects("istio: edge, app: edge, version: v1"), "[shop/public] [] [] false"},
		{"shop", selects("app: cart"), "[] [] [] true"},
		{"shop", selects("istio: edge, app: cart"), "[] [] [] true"}, // other pods than those of the Service
		{"shop", selects("istio: meshed"), "[] [] [] true"},          // its clients have identities
		{"shop", selects("istio: lonely"), "[] [] [] true"},          // nobody comes from outside
		{"shop", selects("istio: egress"), "[] [] [] true"},          // nor here
		{"shop", selects("istio: far"), "[] [] [] true"},             // the Service is another namespace's
		{"istio-system", selects("istio: far"), "[till/far] [] [] false"},
		{"pay", selects("istio: ingressgateway"), "[] [] [] true"}, // a label more on pods of a Service, and nobody asks for them
		{"pay", selects("istio: ingressgateway, app: pay"), "[] [] [] true"},
		{"pay", selects("istio: ingressgateway, app: other"), "[] [] [pay/app=other,istio=ingressgateway] false"}, // no Service
		{"forge", selects("app: cart"), "[forge/none] [] [] true"},                                                // the gateway has some of the pods, if any
		{"forge", selects("app: edge"), "[forge/none] [] [] false"},                                               // other Services lead to its pods or its proxies alone
		{"forge", selects("nobody: x"), "[forge/none] [] [] false"},
		{"forge", selects("nobody: x, app: pay"), "[forge/none] [] [] true"}, // all have the gateway's label, and app leads to them
		{"istio-system", selects("version: v1, nobody: x"), "[forge/none] [] [] false"},
		{"istio-system", selects("app: cart"), "[forge/none] [] [] true"},
		{"forge", selects("gateway.networking.k8s.io/gateway-name: front"), "[forge/front] [] [] false"},
		{"forge", selects("gateway.networking.k8s.io/gateway-name: front, app: cart"), "[forge/front] [] [forge/app=cart,gateway.networking.k8s.io/gateway-name=front] false"},
		{"soon", selects("istio: ingress"), "[] [] [soon/istio=ingress] false"}, // its Gateway is still to come
		{"soon", selects("istio: ingress, app: soon"), "[] [] [soon/app=soon,istio=ingress] false"},
		{"soon", selects("istio: ingress, app: pay"), "[] [] [] true"},
		{"inside", selects("istio: ingress"), "[] [] [inside/istio=ingress] false"},                           // a gateway's, whoever leads there from outside
		{"far", selects("istio: ingressgateway, app: far"), "[] [] [far/app=far,istio=ingressgateway] false"}, // behind a Service of ClusterIP
		{"shop", selects("istio: ingressgateway"), "[] [] [shop/istio=ingressgateway] false"},
		{"shop", selects("app: istio-ingress"), "[] [] [shop/app=istio-ingress] false"},
		{"istio-system", selects("istio: ingressgateway"), "[istio-system/istio=ingressgateway] [] [] false"},
	} {
		s := snapshot(t, facts, "AuthorizationPolicy "+c.namespace+"/p: {"+c.spec+"}")
		equal(t, c.namespace+" "+c.spec, callersText(s, c.namespace), c.want)
	}
	s := snapshot(t, facts)
	if s.Callers(nil) != nil || s.Callers(s.Get(Ref{KindGateway, "shop", "public"})) != nil {
		t.Error("something other than an AuthorizationPolicy has callers")
	}
}

func callersText(s *Snapshot, namespace string) string {
	c := s.Callers(s.Get(Ref{KindAuthorizationPolicy, namespace, "p"}))
	return fmt.Sprint(c.Ingress, c.Waypoints, c.Unknown, c.Workloads)
}

// Where the ingress gateways are listed, the facts that tenants can write count no more.
func TestListedIngressGateways(t *testing.T) {
	settings := DefaultSettings()
	settings.IngressGateways = []IngressGateway{{"edge", map[string]string{"istio": "edge", "app": "edge"}},
		{"shop", map[string]string{gatewayNameLabel: "front"}}}
	for _, c := range []struct{ namespace, spec, want string }{
		{"edge", "selector: {matchLabels: {istio: edge}}", "[edge/istio=edge] [] [] false"},
		{"shop", "selector: {matchLabels: {istio: edge}}", "[] [] [] true"},
		{"edge", "selector: {matchLabels: {istio: ingressgateway}}", "[] [] [] true"},
		{"istio-system", "selector: {matchLabels: {istio: edge}}", "[istio-system/istio=edge] [] [] false"},
		{"shop", "targetRef: {group: gateway.networking.k8s.io, kind: Gateway, name: front}", "[shop/front] [] [] false"},
		{"shop", "targetRef: {group: gateway.networking.k8s.io, kind: Gateway, name: back}", "[] [] [] true"},
	} {
		s := New(settings, objects(t, `
			KubernetesGateway shop/front: {gatewayClassName: istio}
			KubernetesGateway shop/back: {gatewayClassName: istio}
			Gateway shop/own: {selector: {istio: edge}, servers: [{port: {number: 80, protocol: HTTP}, hosts: ["*"]}]}
			Service shop/own: {type: LoadBalancer, selector: {istio: edge}, ports: [{port: 80}]}
			AuthorizationPolicy `+c.namespace+"/p: {"+c.spec+"}")...)
		equal(t, c.namespace+" "+c.spec, callersText(s, c.namespace), c.want)
	}
}

// A wildcard at the end covers what begins as it does, and no field that the operation does not ask for.
func TestCoversOperation(t *testing.T) {
	op := func(methods, paths, notPaths []string) *security.Operation {
		return &security.Operation{Methods: methods, Paths: paths, NotPaths: notPaths}
	}
	was := op([]string{"POST"}, []string{"/admin/*"}, nil)
	for name, c := range map[string]struct {
		is   *security.Operation
		want bool
	}{
		"the same":           {op([]string{"POST"}, []string{"/admin/*"}, nil), true},
		"more paths":         {op([]string{"POST", "PUT"}, []string{"/admin*"}, nil), true},
		"all paths":          {op([]string{"POST"}, nil, nil), true},
		"fewer paths":        {op([]string{"POST"}, []string{"/admin/a*"}, nil), false},
		"another method":     {op([]string{"PUT"}, []string{"/admin/*"}, nil), false},
		"but for some paths": {op([]string{"POST"}, []string{"/admin/*"}, []string{"/admin/a"}), false},
	} {
		if got := coversOperation(c.is, was); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

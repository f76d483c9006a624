package mesh

import (
	"slices"
	"strings"
	"testing"
)

// What objects of other namespaces take from the services of the mesh, whose mutual TLS no rule speaks of.
func TestReviewDiverted(t *testing.T) {
	const cart = `
		Service shop/cart @1: {clusterIP: 10.0.0.5, ports: [{name: tcp, port: 8080}, {name: http, port: 8081}], selector: {app: cart}}`
	const evil = `
		ServiceEntry team/evil @2: {hosts: [evil.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	const api = `
		ServiceEntry egress/api @1: {hosts: [api.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
		DestinationRule egress/api @2: {host: api.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	for _, c := range []reviewCase{
		{"bytes at the address of a port for bytes, before it by name", cart, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [10.0.0.5], exportTo: [shop], resolution: DNS, ports: [{number: 8080, name: x, protocol: TCP}]}`, `
			sidecar shop cart.shop.svc.cluster.local:8080 (mesh) plaintext other-listener was originated diverted to x.example by ServiceEntry team/x at 10.0.0.5/32`},
		{"and after it where it is for all", cart, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [10.0.0.5], resolution: DNS, ports: [{number: 8080, name: x, protocol: TCP}]}`, ``},
		{"a range with the address of a port for requests", cart, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [10.0.0.0/24], resolution: DNS, exportTo: [bank], ports: [{number: 8081, name: x, protocol: TCP}]}`, `
			sidecar bank cart.shop.svc.cluster.local:8081 (mesh) plaintext other-listener was originated diverted to x.example by ServiceEntry team/x at 10.0.0.0/24`},
		{"MONGO on a port for requests", cart, `
			ServiceEntry team/x: {hosts: [x.example], resolution: DNS, exportTo: [bank], ports: [{number: 8081, name: x, protocol: MONGO}]}`, `
			sidecar bank cart.shop.svc.cluster.local:8081 (mesh) plaintext other-listener was originated diverted to x.example by ServiceEntry team/x`},
		{"its own namespace says where it goes", cart, `
			ServiceEntry shop/x: {hosts: [x.example], addresses: [10.0.0.5], resolution: DNS, ports: [{number: 8081, name: x, protocol: TCP}]}`, ``},
		{"another address", cart, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [10.0.0.6], resolution: DNS, ports: [{number: 8081, name: x, protocol: TCP}]}`, ``},
		{"a delegate that leads outside", cart + evil + `
			VirtualService shop/root @3: {hosts: [cart.shop.svc.cluster.local], http: [{delegate: {name: d, namespace: team}}]}`, `
			VirtualService team/d: {http: [{route: [{destination: {host: evil.example, port: {number: 80}}}]}]}`, `
			sidecar any other namespace cart.shop.svc.cluster.local:8081 (mesh) plaintext routed-elsewhere was originated diverted to evil.example by VirtualService team/d
			sidecar shop cart.shop.svc.cluster.local:8081 (mesh) plaintext routed-elsewhere was originated diverted to evil.example by VirtualService team/d
			sidecar team cart.shop.svc.cluster.local:8081 (mesh) plaintext routed-elsewhere was originated diverted to evil.example by VirtualService team/d`},
		{"a delegate that leads to a Service of its own, for which it is there", cart + `
			Service team/own @1: {clusterIP: 10.0.0.6, ports: [{name: http, port: 80}], selector: {app: own}}
			VirtualService shop/root @3: {hosts: [cart.shop.svc.cluster.local], http: [{delegate: {name: d, namespace: team}}]}`, `
			VirtualService team/d: {http: [{route: [{destination: {host: own.team.svc.cluster.local, port: {number: 80}}}]}]}`, ``},
		{"another name, for all", cart, `
			ServiceEntry team/x: {hosts: [cart.shop.svc], exportTo: [bank], resolution: DNS, ports: [{number: 8081, name: x, protocol: HTTP}]}`, `
			sidecar bank cart.shop.svc.cluster.local:8081 (mesh) plaintext other-name was originated diverted to cart.shop.svc by ServiceEntry team/x named cart.shop.svc`},
		{"the short name is one in its namespace alone", cart, `
			ServiceEntry team/x: {hosts: [cart], resolution: DNS, ports: [{number: 8081, name: x, protocol: HTTP}]}`, `
			sidecar shop cart.shop.svc.cluster.local:8081 (mesh) plaintext other-name was originated diverted to cart by ServiceEntry team/x named cart`},
		{"with the dot of an absolute name", cart, `
			ServiceEntry team/x: {hosts: [cart.shop.svc.cluster.local.], exportTo: [shop], resolution: DNS, ports: [{number: 8081, name: x, protocol: HTTP}]}`, `
			sidecar shop cart.shop.svc.cluster.local:8081 (mesh) plaintext other-name was originated diverted to cart.shop.svc.cluster.local. by ServiceEntry team/x named cart.shop.svc.cluster.local.`},
		{"a host outside, with the dot of an absolute name", api, `
			ServiceEntry team/x: {hosts: [api.example.], exportTo: [shop], resolution: DNS, ports: [{number: 80, name: x, protocol: HTTP}]}`, `
			sidecar shop api.example:80 (mesh) plaintext other-name was originated diverted to api.example. by ServiceEntry team/x named api.example.`},
		{"its own host has the Service, whatever an entry says", cart, `
			ServiceEntry team/x: {hosts: [cart.shop.svc.cluster.local], resolution: DNS, ports: [{number: 8081, name: x, protocol: HTTP}]}`, ``},
		{"inside, under mutual TLS", cart, `
			ServiceEntry team/x: {hosts: [cart.shop], location: MESH_INTERNAL, resolution: STATIC, exportTo: [shop], ports: [{number: 8081, name: x, protocol: HTTP}],
				endpoints: [{address: 10.0.0.9, labels: {security.istio.io/tlsMode: istio}}]}`, ``},
		{"inside, and no longer under mutual TLS", cart + `
			ServiceEntry team/x @2: {hosts: [cart.shop], location: MESH_INTERNAL, resolution: STATIC, exportTo: [shop], ports: [{number: 8081, name: x, protocol: HTTP}],
				workloadSelector: {labels: {app: x}}}
			WorkloadEntry team/x @3: {address: 10.0.0.9, labels: {app: x, security.istio.io/tlsMode: istio}}`, `
			WorkloadEntry team/x @3: {address: 10.0.0.9, labels: {app: x}}`, `
			sidecar shop cart.shop.svc.cluster.local:8081 (mesh) plaintext other-name was originated diverted to cart.shop by ServiceEntry team/x named cart.shop`},
		{"inside, and its own rule takes mutual TLS away", cart + `
			ServiceEntry team/x @2: {hosts: [x.team], addresses: [10.0.0.5], location: MESH_INTERNAL, resolution: STATIC, exportTo: [shop], ports: [{number: 8081, name: x, protocol: TCP}],
				endpoints: [{address: 10.0.0.9, labels: {security.istio.io/tlsMode: istio}}]}`, `
			DestinationRule team/x: {host: x.team, trafficPolicy: {tls: {mode: DISABLE}}}`, `
			sidecar shop cart.shop.svc.cluster.local:8081 (mesh) plaintext other-listener was originated diverted to x.team by ServiceEntry team/x at 10.0.0.5/32`},
		{"a route to a host outside", cart + evil, `
			VirtualService team/x: {hosts: [cart.shop.svc.cluster.local], exportTo: [shop], http: [{route: [{destination: {host: evil.example, port: {number: 80}}}]}]}`, `
			sidecar shop cart.shop.svc.cluster.local:8081 (mesh) plaintext routed-elsewhere was originated diverted to evil.example by VirtualService team/x`},
		{"a route for another name, on port 80", `
			Service shop/web @1: {clusterIP: 10.0.0.6, ports: [{name: http, port: 80}]}` + evil, `
			VirtualService team/x: {hosts: [web.shop], exportTo: [shop], http: [{route: [{destination: {host: evil.example, port: {number: 80}}}]}]}`, `
			sidecar shop web.shop.svc.cluster.local:80 (mesh) plaintext other-name was originated diverted to evil.example by VirtualService team/x named web.shop`},
		{"a canary of its own namespace", cart + `
			Service shop/next @1: {clusterIP: 10.0.0.6, ports: [{name: http, port: 8081}]}`, `
			VirtualService istio-config/x: {hosts: [cart.shop.svc.cluster.local], http: [{route: [{destination: {host: next.shop.svc.cluster.local}}]}]}`, ``},
		{"the destination comes last", cart + `
			VirtualService team/x: {hosts: [cart.shop.svc.cluster.local], exportTo: [shop], http: [{route: [{destination: {host: own.team.svc.cluster.local}}]}]}`, `
			Service team/own: {clusterIP: 10.0.0.7, ports: [{name: http, port: 8081}]}`, `
			sidecar shop cart.shop.svc.cluster.local:8081 (mesh) plaintext routed-elsewhere was originated diverted to own.team.svc.cluster.local by VirtualService team/x`},
		{"a host outside that was under TLS, to the pods of another namespace", api + `
			Service other/own @1: {clusterIP: 10.0.0.7, ports: [{name: http, port: 80}]}`, `
			VirtualService team/x: {hosts: [api.example], exportTo: [.], http: [{route: [{destination: {host: own.other.svc.cluster.local}}]}]}`, `
			sidecar team api.example:80 (mesh) plaintext routed-elsewhere was originated diverted to own.other.svc.cluster.local by VirtualService team/x`},
		{"a route to the service's own subset without TLS", cart + `
			DestinationRule shop/cart @2: {host: cart.shop.svc.cluster.local, subsets: [{name: old, trafficPolicy: {tls: {mode: DISABLE}}}]}`, `
			VirtualService team/x: {hosts: [cart.shop.svc.cluster.local], exportTo: [bank], http: [{route: [{destination: {host: cart.shop.svc.cluster.local, subset: old}}]}]}`, `
			sidecar bank cart.shop.svc.cluster.local:8081 (mesh) plaintext routed-elsewhere was originated diverted to cart.shop.svc.cluster.local by VirtualService team/x`},
		{"DISABLE for a namespace's own clients", cart, `
			DestinationRule team/x: {host: cart.shop.svc.cluster.local, trafficPolicy: {tls: {mode: DISABLE}}}`, `
			sidecar team cart.shop.svc.cluster.local:8080 (mesh) plaintext disabled was originated
			sidecar team cart.shop.svc.cluster.local:8081 (mesh) plaintext disabled was originated`},
		{"DISABLE beside a route of the service's own namespace", cart + `
			VirtualService shop/cart: {hosts: [cart], http: [{timeout: 2s, route: [{destination: {host: cart}}]}]}`, `
			DestinationRule team/x: {host: cart.shop.svc.cluster.local, trafficPolicy: {portLevelSettings: [{port: {number: 8081}, tls: {mode: DISABLE}}]}}`, `
			sidecar team cart.shop.svc.cluster.local:8081 (mesh) plaintext disabled was originated`},
		{"DISABLE that was there", cart + `
			DestinationRule team/x @2: {host: cart.shop.svc.cluster.local, trafficPolicy: {tls: {mode: DISABLE}}}`, `
			DestinationRule team/x @2: {host: cart.shop.svc.cluster.local, trafficPolicy: {loadBalancer: {simple: RANDOM}, tls: {mode: DISABLE}}}`, ``},
		{"DISABLE by its own namespace, for all others", cart, `
			DestinationRule shop/x: {host: cart.shop.svc.cluster.local, trafficPolicy: {tls: {mode: DISABLE}}}`, `
			sidecar any other namespace cart.shop.svc.cluster.local:8080 (mesh) plaintext disabled was originated by Service shop/cart
			sidecar any other namespace cart.shop.svc.cluster.local:8081 (mesh) plaintext disabled was originated by Service shop/cart`},
		{"DISABLE by the root namespace", cart, `
			DestinationRule istio-system/x: {host: cart.shop.svc.cluster.local, trafficPolicy: {tls: {mode: DISABLE}}}`, `
			sidecar any other namespace cart.shop.svc.cluster.local:8080 (mesh) plaintext disabled was originated by Service shop/cart
			sidecar shop cart.shop.svc.cluster.local:8080 (mesh) plaintext disabled was originated by Service shop/cart
			sidecar any other namespace cart.shop.svc.cluster.local:8081 (mesh) plaintext disabled was originated by Service shop/cart
			sidecar shop cart.shop.svc.cluster.local:8081 (mesh) plaintext disabled was originated by Service shop/cart`},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, after, object := changed(t, c.before, c.change)
			flows := slices.DeleteFunc(mustReview(t, before, after, object, nil), func(f Flow) bool { return f.HopKind != HopMesh })
			if have, want := flowLines(flows), strings.TrimSpace(strings.ReplaceAll(c.want, "\t", "")); have != want {
				t.Errorf("have\n%s\nwant\n%s", have, want)
			}
		})
	}
}

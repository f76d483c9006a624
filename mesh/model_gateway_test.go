package mesh

import (
	"strings"
	"testing"
)

func TestGatewayNames(t *testing.T) {
	equal(t, "a Gateway's name", parseGatewayName("istio-system/egress"), "Gateway istio-system/egress")
	for host, want := range map[string]string{"a.com": "a.com", "own/a.com": "a.com", "*/*.com": "*.com", "./": ""} {
		equal(t, host, stripNamespace(host), want)
	}
}

// gatewayNames returns the names of Gateways.
func gatewayNames(list []*Object) string {
	var out []string
	for _, g := range list {
		out = append(out, g.Namespace+"/"+g.Name)
	}
	return strings.Join(out, " ")
}

// Which Gateways configure the pods behind a host: those that select what its Service selects, or, where that is not known,
// the labels that Istio's charts set for a Service of its name.
func TestGatewaysBehind(t *testing.T) {
	const gateways = `
			Gateway own/app: {selector: {app: istio-egressgateway}}
			Gateway own/istio: {selector: {istio: egressgateway}}
			Gateway own/custom: {selector: {egress: "yes"}}
			Gateway own/all: {}`
	for _, c := range []struct{ name, services, host, want string }{
		{"a Service that is not known", ``, "istio-egressgateway.istio-system.svc.cluster.local", "own/all own/app own/istio"},
		{"a Service's own selector", `
			Service istio-system/istio-egressgateway: {selector: {egress: "yes"}}`, "istio-egressgateway.istio-system.svc.cluster.local", "own/all own/custom"},
		{"a Service of another namespace", `
			Service other/istio-egressgateway: {selector: {egress: "yes"}}`, "istio-egressgateway.istio-system.svc.cluster.local", "own/all own/app own/istio"},
		{"a Gateway for all pods makes no gateway of them", `
			Service own/web: {selector: {app: web}}`, "web.own.svc.cluster.local", ""},
		{"a host that is none of the cluster's", ``, "istio-egressgateway.com", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "Gateways", gatewayNames(snapshot(t, gateways, c.services).gatewaysBehind(c.host)), c.want)
		})
	}
}

// Whether a VirtualService for a.com that leads to a host leads to an egress gateway.
func TestIsEgressGateway(t *testing.T) {
	const host = "egress.own.svc.cluster.local"
	for _, c := range []struct {
		name, mesh, host string
		want             bool
	}{
		{"a Gateway selects its pods", `
			Gateway own/g: {selector: {app: egress}}`, host, true},
		{"the route is bound to a gateway", `
			VirtualService own/v: {hosts: [a.com], gateways: [g, mesh]}`, host, true},
		{"the route is for the mesh alone", `
			VirtualService own/v: {hosts: [a.com]}`, host, false},
		{"the route is for the host itself", `
			VirtualService own/v: {hosts: [a.com, egress.own.svc.cluster.local], gateways: [g]}`, host, false},
		{"a ServiceEntry declares the host", `
			ServiceEntry own/a: {hosts: [egress.own.svc.cluster.local]}
			VirtualService own/v: {hosts: [a.com], gateways: [g]}`, host, false},
		{"a Service declares it", `
			Service own/egress: {}
			VirtualService own/v: {hosts: [a.com], gateways: [g]}`, host, true},
		{"a host that is none of the cluster's", `
			VirtualService own/v: {hosts: [a.com], gateways: [g]}`, "egress.com", false},
		{"no route", ``, host, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.mesh)
			var via *virtualService
			if strings.Contains(c.mesh, "VirtualService") {
				via = virtualServiceNamed(t, s, "v")
			}
			equal(t, "is an egress gateway", s.isEgressGateway(c.host, via), c.want)
		})
	}
}

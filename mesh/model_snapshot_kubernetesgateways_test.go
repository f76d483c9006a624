package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// gatewayWith returns a Gateway with listeners of these names, and an annotation.
func gatewayWith(t testing.TB, annotation string, listeners ...string) *Object {
	t.Helper()
	var list []string
	for _, name := range listeners {
		list = append(list, fmt.Sprintf("{name: %[1]s, port: 80, protocol: HTTP, hostname: '*.%[1]s.example'}", name))
	}
	return objects(t, "KubernetesGateway shop/front: {metadata: {annotations: {a: "+annotation+"}}, gatewayClassName: istio, listeners: ["+strings.Join(list, ", ")+"]}")[0]
}

// routesOfGateway returns n routes of that Gateway, each for one name below each listener's.
func routesOfGateway(t testing.TB, n int, listeners ...string) []*Object {
	t.Helper()
	var list []*Object
	for i := range n {
		var names []string
		for _, name := range listeners {
			names = append(names, fmt.Sprintf("r%d.%s.example", i, name))
		}
		list = append(list, objects(t, fmt.Sprintf("HTTPRoute shop/r%d: {parentRefs: [{name: front}], hostnames: [%s], rules: [{backendRefs: [{name: s, port: 80}]}]}",
			i, strings.Join(names, ", ")))...)
	}
	return list
}

// Of a Gateway with many routes nothing is made anew that stays as it is.
func TestGatewayWithManyRoutes(t *testing.T) {
	mesh := func(n int) *Snapshot {
		return New(DefaultSettings(), append(routesOfGateway(t, n, "a", "b", "c"), gatewayWith(t, "some", "a", "b"))...)
	}
	cost := func(n int, annotation string) float64 {
		s, o := mesh(n), gatewayWith(t, annotation, "a", "b")
		return testing.AllocsPerRun(1, func() { s.With(o) })
	}
	equal(t, "the same again, with 1 route and with 50", cost(50, "some"), cost(1, "some"))
	if few, many := cost(1, "other"), cost(50, "other"); many > few+100 { // the trees are deeper
		t.Errorf("with another annotation %v allocations beside 1 route, %v beside 50", few, many)
	}
	was := mesh(3)
	is := was.With(gatewayWith(t, "some", "a", "b", "c"))
	kept, made := 0, 0
	for group, v := range is.routes.virtualServices.Prefix("") {
		if was.routes.virtualServices.At(group) == v {
			kept++
		} else {
			made++
		}
	}
	equal(t, "VirtualServices that are kept, and made, with one more listener", fmt.Sprint(kept, made), "6 3")
}

// Routes of one host are one VirtualService, which is made once when their Gateway comes.
func TestGatewayOfManyRoutesForOneHost(t *testing.T) {
	cost := func(n int) float64 {
		var routes []*Object
		for i := range n {
			routes = append(routes, objects(t, fmt.Sprintf("HTTPRoute shop/r%[1]d: {parentRefs: [{name: front}], hostnames: [one.a.example], rules: [{matches: [{path: {value: /%[1]d}}], backendRefs: [{name: s, port: 80}]}]}", i))...)
		}
		s, o := New(DefaultSettings(), routes...), gatewayWith(t, "some", "a")
		return testing.AllocsPerRun(1, func() { s.With(o) })
	}
	if few, many := cost(30), cost(120); many > 6*few {
		t.Errorf("%v allocations for a Gateway of 30 routes for one host, %v for one of 120", few, many)
	}
}

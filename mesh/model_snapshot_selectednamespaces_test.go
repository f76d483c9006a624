package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// selectingGateways returns n Gateways, with listeners that select Namespaces by a label of two, and a route for each in their namespace.
func selectingGateways(t testing.TB, n int) *Snapshot {
	t.Helper()
	list := objects(t, "Namespace bank: {metadata: {labels: {team: other}}}\nNamespace evil: {}")
	for i := range n {
		list = append(list, objects(t, fmt.Sprintf(`
			KubernetesGateway evil/g%[1]d: {gatewayClassName: istio, listeners: [
			  {name: web, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: bank}}}}},
			  {name: own, port: 81, protocol: HTTP, allowedRoutes: {namespaces: {from: Same}}}]}
			HTTPRoute evil/r%[1]d: {parentRefs: [{name: g%[1]d}], hostnames: [r%[1]d.example], rules: [{backendRefs: [{name: s, port: 80}]}]}`, i))...)
	}
	return New(DefaultSettings(), list...)
}

// A Namespace's label costs nothing by listeners that select as before and, by others, what they are, and not their routes.
func TestNamespaceThatListenersSelect(t *testing.T) {
	cost := func(n int, labels string) float64 {
		s, o := selectingGateways(t, n), objects(t, "Namespace bank: {metadata: {labels: {"+labels+"}}}")[0]
		return testing.AllocsPerRun(1, func() { mustReview(t, s, s.With(o), o.Ref, nil) })
	}
	if few, many := cost(1, "team: other, tier: front"), cost(40, "team: other, tier: front"); many > few+20 { // the trees are deeper
		t.Errorf("with a label that nobody selects %v allocations beside 1 Gateway, %v beside 40", few, many)
	}
	if each := (cost(60, "team: bank") - cost(20, "team: bank")) / 40; each > 250 {
		t.Errorf("%v allocations for each listener that selects the Namespace", each)
	}
	was := selectingGateways(t, 3)
	is := was.With(objects(t, "Namespace bank: {metadata: {labels: {team: bank}}}")[0])
	for group, v := range is.routes.virtualServices.Prefix("") {
		if was.routes.virtualServices.At(group) != v {
			t.Errorf("the VirtualService of %s is made anew", group)
		}
	}
}

// The namespaces of a listener's hosts follow the labels of Namespaces, in their order.
func TestHostsOfSelectedNamespaces(t *testing.T) {
	s := selectingGateways(t, 1)
	hosts := func() string {
		return strings.Join(gatewaySpec(s.gateway(Ref{KindGateway, "evil", madeGatewayName("g0", "web")})).Servers[0].Hosts, " ")
	}
	equal(t, "nobody", hosts(), "~/*")
	for _, c := range []struct{ name, labels, want string }{
		{"bank", "team: bank", "bank/*"},
		{"a-bank", "team: bank", "a-bank/* bank/*"},
		{"a", "team: bank", "a/* a-bank/* bank/*"},
		{"z", "team: other", "a/* a-bank/* bank/*"},
		{"a-bank", "team: other", "a/* bank/*"},
		{"bank", "team: bank, tier: front", "a/* bank/*"},
	} {
		s = s.With(objects(t, "Namespace "+c.name+": {metadata: {labels: {"+c.labels+"}}}")[0])
		equal(t, c.name+" with "+c.labels, hosts(), c.want)
	}
	s = s.Without(Ref{Kind: KindNamespace, Name: "a"}).Without(Ref{Kind: KindNamespace, Name: "bank"})
	equal(t, "they are gone", hosts(), "~/*")
}

package mesh

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// madeText returns what istiod makes of the Gateway API's objects in a mesh.
func madeText(s *Snapshot) string {
	var list []string
	for key, g := range s.gateways.byName.Prefix("") {
		list = append(list, fmt.Sprint(key, g.listener.source, g.listener.index, g.listener.service, g.listener.managed, gatewaySpec(g)))
	}
	for key, g := range s.gateways.bySource.Prefix("") {
		list = append(list, fmt.Sprint(key, g.Ref))
	}
	for key, g := range s.gatewaysBySelector.Prefix("") {
		list = append(list, fmt.Sprint(key, g.Ref))
	}
	for key, part := range s.routes.parts.Prefix("") {
		list = append(list, fmt.Sprint(key, part.group, part.name, part.gateway, part.host, part.route.Annotations, part.overshadowed))
	}
	for key, v := range s.routes.virtualServices.Prefix("") {
		list = append(list, fmt.Sprint(key, v.spec, v.sources))
	}
	return strings.Join(list, "\n")
}

// randomMade returns an object of the Gateway API, or of what it depends on, of a few names.
func randomMade(r *rand.Rand) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	in := func() string { return pick("a", "b") }
	listeners := func() string {
		var list []string
		for _, name := range []string{"la", "lb", "lc"}[:1+r.IntN(3)] {
			list = append(list, fmt.Sprintf("{name: %s, port: %s, protocol: %s, hostname: '%s', allowedRoutes: {namespaces: %s}}", name, pick("80", "81"), pick("HTTP", "HTTP", "TCP"),
				pick("*.one.example", "h.one.example", "*.two.example"),
				pick("{from: Same}", "{from: All}", "{from: Selector, selector: {matchLabels: {team: one}}}", "{from: Selector, selector: {matchLabels: {team: two}}}")))
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	switch r.IntN(9) {
	case 0, 1:
		return fmt.Sprintf("KubernetesGateway %s/front: {metadata: {annotations: {note: '%d'}}, gatewayClassName: %s, allowedListeners: {namespaces: %s}, listeners: %s}",
			in(), r.IntN(2), pick("istio", "istio", "other"), pick("{from: All}", "{from: Same}", "{from: Selector, selector: {matchLabels: {team: one}}}"), listeners())
	case 2:
		return fmt.Sprintf("ListenerSet %s/%s: {parentRef: {name: front, namespace: %s}, listeners: %s}", in(), pick("less", "more"), in(), listeners())
	case 3, 4, 5:
		return fmt.Sprintf("%s %s/%s: {parentRefs: [%s], hostnames: [%s], rules: [{backendRefs: [{name: s, port: 80, namespace: %s}]}]}", pick("HTTPRoute", "HTTPRoute", "GRPCRoute"),
			in(), pick("r", "s"), pick(
				fmt.Sprintf("{name: front, namespace: %s}", in()),
				fmt.Sprintf("{group: gateway.networking.k8s.io, kind: ListenerSet, name: %s, namespace: %s}", pick("less", "more"), in()),
				fmt.Sprintf("{name: front, namespace: %s, sectionName: la}, {group: '', kind: Service, name: s, port: 80}", in())),
			pick("h.one.example", "'*.one.example', h.two.example", "h.two.example"), in())
	case 6:
		return fmt.Sprintf("Namespace %s: {metadata: {labels: {team: %s}}}", in(), pick("one", "two"))
	case 7:
		return fmt.Sprintf("Service %s/%s: {selector: {app: %s}, ports: [{port: 80}]}", in(), pick("s", "front-istio"), pick("v", "w"))
	}
	return fmt.Sprintf("GatewayClass %s: {controllerName: istio.io/%s}", pick("istio", "other"), pick("gateway-controller", "mesh-controller"))
}

// Whatever came before, what is made of the objects that are there is what is made of them at once.
func TestMadeIsWhatItsObjectsMake(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := New(DefaultSettings())
		var done []string
		for range 60 {
			text := randomMade(r)
			o := objects(t, text)[0]
			if r.IntN(5) == 0 {
				text, s = "without "+o.String(), s.Without(o.Ref)
			} else {
				s = s.With(o)
			}
			done = append(done, text)
			if have, want := madeText(s), madeText(New(s.Settings(), slices.Collect(s.All())...)); have != want {
				t.Fatalf("seed %d, after\n%s\nthere is\n%s\nwant\n%s", seed, strings.Join(done, "\n"), have, want)
			}
		}
	}
}

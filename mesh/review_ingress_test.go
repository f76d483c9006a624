package mesh

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// manyBackends returns a mesh with an Ingress of n backends, ports of one Service of a namespace, and an annotation for n services. With
// gateway they lead to the servers of one.
func manyBackends(t testing.TB, n int, gateway bool) *Snapshot {
	t.Helper()
	var ports, paths, entries, servers []string
	for i := range n {
		ports = append(ports, fmt.Sprintf("{name: p%d, port: %d, targetPort: 8443}", i, 1000+i))
		paths = append(paths, fmt.Sprintf("{path: /%d, backend: {service: {name: backend, port: {number: %d}}}}", i, 1000+i))
		entries = append(entries, fmt.Sprintf("ssl-service=backend ssl-secret=s proxy-ssl-name=n%d", i))
		servers = append(servers, fmt.Sprintf("{port: {number: 8443, name: tls%[1]d, protocol: TLS}, tls: {mode: MUTUAL}, hosts: [n%[1]d]}", i))
	}
	s := snapshot(t,
		"Service evil/backend: {selector: {app: backend}, ports: ["+strings.Join(ports, ", ")+"]}",
		"Ingress evil/i: {metadata: {annotations: {"+iksServices+": '"+strings.Join(entries, ";")+"'}}, rules: [{http: {paths: ["+strings.Join(paths, ", ")+"]}}]}")
	if gateway {
		s = s.With(objects(t, "Gateway bank/behind: {selector: {app: backend}, servers: ["+strings.Join(servers, ", ")+"]}")[0])
	}
	return s
}

func legsOf(t testing.TB, s *Snapshot, o *Object) []IngressLeg {
	t.Helper()
	list, err := s.IngressLegs(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Ingresses that lead to no gateway of the review cost it nothing, and those that do are read once, not once each backend.
func TestIngressLegsCost(t *testing.T) {
	cost := func(n int, behind bool, o *Object) float64 {
		s := manyBackends(t, n, behind)
		return testing.AllocsPerRun(1, func() { legsOf(t, s, o) })
	}
	for _, text := range []string{
		"Gateway bank/front: {selector: {app: front}, servers: [{port: {number: 8443, name: tls, protocol: TLS}, tls: {mode: MUTUAL}, hosts: ['*']}]}",
		"KubernetesGateway bank/front: {gatewayClassName: istio, listeners: [{name: a, port: 8443, protocol: HTTP}]}",
		"Service evil/other: {selector: {app: other}, ports: [{port: 80}]}",
	} {
		equal(t, text, cost(200, true, objects(t, text)[0]), cost(2, true, objects(t, text)[0]))
	}
	leads := manyBackends(t, 2, true)
	for _, ref := range []Ref{{KindGateway, "bank", "behind"}, {KindIngress, "evil", "i"}, {KindService, "evil", "backend"}} {
		o := leads.Get(ref)
		equal(t, ref.String()+": legs", len(legsOf(t, leads, o)), 2)
	}
	whole := func(n int) float64 {
		s := manyBackends(t, n, true)
		return testing.AllocsPerRun(1, func() { legsOf(t, s, s.Get(Ref{KindGateway, "bank", "behind"})) })
	}
	if few, many := whole(50), whole(200); many > 5*few {
		t.Errorf("%v allocations for 50 backends, names and servers, %v for four times as many", few, many)
	}
	own := manyBackends(t, 200, false)
	if n := testing.AllocsPerRun(1, func() { legsOf(t, own, own.Get(Ref{KindIngress, "evil", "i"})) }); n > 50 {
		t.Errorf("%v allocations for an Ingress that leads to no gateway", n)
	}
}

func TestIngressLegsStopWithTheirContext(t *testing.T) {
	s := manyBackends(t, 2, true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.IngressLegs(ctx, s.Get(Ref{KindGateway, "bank", "behind"})); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the context is cancelled", err)
	}
}

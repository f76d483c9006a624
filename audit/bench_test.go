package audit_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

// largeMesh makes a mesh of n objects in the proportions of a large cluster: four ServiceEntries and four DestinationRules to one
// VirtualService and one AuthorizationPolicy, over n/200 namespaces. One entry in fifty has no rule.
func largeMesh(n int) []*mesh.Object {
	base, namespaces := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), max(n/200, 1)
	var objects []*mesh.Object
	add := func(kind string, i int, spec any) {
		objects = append(objects, &mesh.Object{
			Ref:        mesh.Ref{Kind: kind, Namespace: fmt.Sprintf("team-%d", i%namespaces), Name: fmt.Sprintf("object-%d", i)},
			APIVersion: "networking.istio.io/v1", Created: base.Add(time.Duration(i) * time.Second), Spec: spec,
		})
	}
	for i := range n * 4 / 10 {
		host := fmt.Sprintf("api-%d.example-%d.com", i, i%100)
		add(mesh.KindServiceEntry, i, &networking.ServiceEntry{Hosts: []string{host}, Resolution: networking.ServiceEntry_DNS, Ports: []*networking.ServicePort{
			{Number: 80, Name: "http", Protocol: "HTTP", TargetPort: 443}, {Number: 443, Name: "https", Protocol: "HTTPS"}}})
		if i%50 == 7 {
			continue
		}
		add(mesh.KindDestinationRule, i, &networking.DestinationRule{Host: host, TrafficPolicy: &networking.TrafficPolicy{
			PortLevelSettings: []*networking.TrafficPolicy_PortTrafficPolicy{{
				Port: &networking.PortSelector{Number: 80}, Tls: &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_SIMPLE}}}}})
	}
	for i := range n / 10 {
		host := fmt.Sprintf("api-%d.example-%d.com", i, i%100)
		add(mesh.KindVirtualService, i, &networking.VirtualService{Hosts: []string{host}, Http: []*networking.HTTPRoute{{Route: []*networking.HTTPRouteDestination{
			{Destination: &networking.Destination{Host: host, Port: &networking.PortSelector{Number: 80}}}}}}})
		add(mesh.KindAuthorizationPolicy, i, &security.AuthorizationPolicy{Rules: []*security.Rule{{From: []*security.Rule_From{
			{Source: &security.Source{Principals: []string{"cluster.local/ns/a/sa/b"}}}}}}})
	}
	return objects
}

// BenchmarkWhole judges all of a mesh, on one goroutine, as the server does; BenchmarkFollow what one change moves.
func BenchmarkWhole(b *testing.B) {
	e, err := admission.NewEvaluator(b.Context(), v1alpha1.DefaultConfig())
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1000, 10_000, 100_000} {
		snap := mesh.New(mesh.DefaultSettings(), largeMesh(n)...)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			began := cpuTime(b)
			for range b.N {
				var a audit.Audit
				if err := a.Whole(b.Context(), e, snap, freely); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpuTime(b)-began).Seconds()/float64(b.N), "cpu-s/op")
		})
	}
}

func BenchmarkFollow(b *testing.B) {
	e, err := admission.NewEvaluator(b.Context(), v1alpha1.DefaultConfig())
	if err != nil {
		b.Fatal(err)
	}
	objects := largeMesh(10_000)
	snap := mesh.New(mesh.DefaultSettings(), objects...)
	var a audit.Audit
	if err := a.Whole(b.Context(), e, snap, freely); err != nil {
		b.Fatal(err)
	}
	began := cpuTime(b)
	defer func() { b.ReportMetric(float64((cpuTime(b)-began).Microseconds())/float64(b.N), "cpu-us/op") }()
	for b.Loop() {
		changed := *objects[0]
		snap = snap.With(&changed)
		if _, err := a.Follow(b.Context(), snap, freely); err != nil {
			b.Fatal(err)
		}
	}
}

// cpuTime is what this process has computed, garbage collection included: on a busy machine it says more than the clock.
func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

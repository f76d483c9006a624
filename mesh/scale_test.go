package mesh_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
	selector "istio.io/api/type/v1beta1"

	"github.com/tlsward/tlsward/mesh"
)

// largeMesh makes a mesh of n objects in the proportions of a large cluster: four ServiceEntries and four
// DestinationRules to one VirtualService and one AuthorizationPolicy, over n/200 namespaces.
func largeMesh(n int) []*mesh.Object {
	base := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	namespaces := max(n/200, 1)
	objects := make([]*mesh.Object, 0, n)
	add := func(kind string, i int, spec any) {
		objects = append(objects, &mesh.Object{
			Ref:        mesh.Ref{Kind: kind, Namespace: fmt.Sprintf("team-%d", i%namespaces), Name: fmt.Sprintf("object-%d", i)},
			APIVersion: "networking.istio.io/v1", Created: base.Add(time.Duration(i) * time.Second), Spec: spec,
		})
	}
	for i := range n * 4 / 10 {
		host := fmt.Sprintf("api-%d.example-%d.com", i, i%100)
		add(mesh.KindServiceEntry, i, serviceEntry(host))
		add(mesh.KindDestinationRule, i, simpleRule(host))
	}
	for i := range n / 10 {
		host := fmt.Sprintf("api-%d.example-%d.com", i, i%100)
		add(mesh.KindVirtualService, i, &networking.VirtualService{
			Hosts: []string{host},
			Http: []*networking.HTTPRoute{{Route: []*networking.HTTPRouteDestination{
				{Destination: &networking.Destination{Host: host, Port: &networking.PortSelector{Number: 80}}}}}},
		})
		add(mesh.KindAuthorizationPolicy, i, &security.AuthorizationPolicy{Rules: []*security.Rule{{}}})
	}
	return objects
}

func serviceEntry(host string) *networking.ServiceEntry {
	return &networking.ServiceEntry{
		Hosts:      []string{host},
		Resolution: networking.ServiceEntry_DNS,
		Ports: []*networking.ServicePort{
			{Number: 80, Name: "http", Protocol: "HTTP", TargetPort: 443},
			{Number: 443, Name: "https", Protocol: "HTTPS"},
		},
	}
}

func simpleRule(host string) *networking.DestinationRule {
	return &networking.DestinationRule{Host: host, TrafficPolicy: &networking.TrafficPolicy{
		PortLevelSettings: []*networking.TrafficPolicy_PortTrafficPolicy{{
			Port: &networking.PortSelector{Number: 80},
			Tls:  &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_SIMPLE},
		}},
	}}
}

// The cost of a review must not grow with the hosts that it does not touch.
func BenchmarkReview(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		objects := largeMesh(n)
		snapshot := mesh.New(mesh.DefaultSettings(), objects...)
		for _, o := range objects[:2] {
			b.Run(fmt.Sprintf("%s/%d", o.Kind, n), func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					_, _ = mesh.Review(b.Context(), snapshot, snapshot.With(o), o.Ref, nil)
				}
			})
		}
	}
}

// One watch event costs microseconds, however large the mesh is.
func BenchmarkWatchEvent(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		objects := largeMesh(n)
		snapshot := mesh.New(mesh.DefaultSettings(), objects...)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				snapshot = snapshot.With(objects[i%len(objects)])
			}
		})
	}
}

// BenchmarkMemory reports what the mesh itself holds, without the objects that the cache shares with it.
func BenchmarkMemory(b *testing.B) {
	for range b.N {
		before := heap()
		objects := largeMesh(100_000)
		own := heap()
		snapshot := mesh.New(mesh.DefaultSettings(), objects...)
		b.ReportMetric(float64(own-before)/1e6, "MB-objects")
		b.ReportMetric(float64(heap()-own)/1e6, "MB-mesh")
		runtime.KeepAlive(snapshot)
		runtime.KeepAlive(objects)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// The worst cases that a tenant can build.
func BenchmarkWorstCase(b *testing.B) {
	for name, build := range map[string]func() (*mesh.Snapshot, *mesh.Object){
		"one host with 1,000 rules":                        manyRules,
		"a wildcard over 10,000 hosts":                     manyHosts,
		"a VirtualService with 10,000 routes":              func() (*mesh.Snapshot, *mesh.Object) { return manyRoutes(10_000) },
		"250 rules that select pods":                       manySelectors,
		"100 routes by source labels":                      func() (*mesh.Snapshot, *mesh.Object) { return manySources(100) },
		"6,000 routes by source labels, which are refused": func() (*mesh.Snapshot, *mesh.Object) { return manySources(6000) },
		"a Sidecar in 1,000 namespaces":                    manySidecars,
		"a Sidecar before 40,000 hosts":                    func() (*mesh.Snapshot, *mesh.Object) { return largeSidecar("team-1", 3) },
		"one that lists 2,000 of them":                     func() (*mesh.Snapshot, *mesh.Object) { return largeSidecar("team-1", 2000) },
		"one of the root namespace":                        func() (*mesh.Snapshot, *mesh.Object) { return largeSidecar("istio-system", 3) },
	} {
		snapshot, o := build()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				_, _ = mesh.Review(b.Context(), snapshot, snapshot.With(o), o.Ref, nil)
			}
		})
	}
}

func manyRules() (*mesh.Snapshot, *mesh.Object) {
	var objects []*mesh.Object
	for i := range 1000 {
		rule := simpleRule("api.example.com")
		if i%2 == 0 {
			rule.ExportTo = []string{fmt.Sprintf("team-%d", i)}
		}
		objects = append(objects, object(mesh.KindDestinationRule, "egress", fmt.Sprintf("rule-%d", i), rule))
	}
	objects = append(objects, object(mesh.KindServiceEntry, "egress", "entry", serviceEntry("api.example.com")))
	return mesh.New(mesh.DefaultSettings(), objects...), objects[0]
}

func manyHosts() (*mesh.Snapshot, *mesh.Object) {
	var objects []*mesh.Object
	for i := range 10_000 {
		objects = append(objects, object(mesh.KindServiceEntry, "egress", fmt.Sprintf("entry-%d", i), serviceEntry(fmt.Sprintf("api-%d.example.com", i))))
	}
	rule := object(mesh.KindDestinationRule, "egress", "wild", simpleRule("*.example.com"))
	return mesh.New(mesh.DefaultSettings(), objects...), rule
}

func manyRoutes(n int) (*mesh.Snapshot, *mesh.Object) {
	spec := &networking.VirtualService{Hosts: []string{"api.example.com"}}
	for i := range n {
		spec.Http = append(spec.Http, &networking.HTTPRoute{
			Match: []*networking.HTTPMatchRequest{{Uri: &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: fmt.Sprintf("/%d", i)}}}},
			Route: []*networking.HTTPRouteDestination{{Destination: &networking.Destination{Host: "api.example.com", Port: &networking.PortSelector{Number: 80}}}},
		})
	}
	return mesh.New(mesh.DefaultSettings(),
		object(mesh.KindServiceEntry, "egress", "entry", serviceEntry("api.example.com")),
		object(mesh.KindDestinationRule, "egress", "rule", simpleRule("api.example.com")),
	), object(mesh.KindVirtualService, "egress", "routes", spec)
}

func manySelectors() (*mesh.Snapshot, *mesh.Object) {
	objects := []*mesh.Object{object(mesh.KindServiceEntry, "egress", "entry", serviceEntry("api.example.com"))}
	for i := range 250 {
		rule := simpleRule("api.example.com")
		rule.WorkloadSelector = &selector.WorkloadSelector{MatchLabels: map[string]string{fmt.Sprintf("label-%d", i): "x"}}
		objects = append(objects, object(mesh.KindDestinationRule, "egress", fmt.Sprintf("rule-%d", i), rule))
	}
	return mesh.New(mesh.DefaultSettings(), objects...), objects[1]
}

func manySources(n int) (*mesh.Snapshot, *mesh.Object) {
	snapshot, routes := manyRoutes(n)
	for i, route := range routes.Spec.(*networking.VirtualService).Http {
		route.Match[0].SourceLabels = map[string]string{fmt.Sprintf("label-%d", i): "x"}
	}
	return snapshot, routes
}

func manySidecars() (*mesh.Snapshot, *mesh.Object) {
	rule := object(mesh.KindDestinationRule, "egress", "rule", simpleRule("api.example.com"))
	objects := []*mesh.Object{rule,
		object(mesh.KindServiceEntry, "egress", "entry", serviceEntry("api.example.com")),
		object(mesh.KindVirtualService, "egress", "routes", &networking.VirtualService{
			Hosts: []string{"api.example.com"},
			Http:  []*networking.HTTPRoute{{Route: []*networking.HTTPRouteDestination{{Destination: &networking.Destination{Host: "api.example.com"}}}}},
		}),
	}
	for i := range 1000 {
		sidecar := &networking.Sidecar{Egress: []*networking.IstioEgressListener{{Hosts: []string{"./*", "istio-system/*", "egress/*"}}}}
		objects = append(objects, object(mesh.KindSidecar, fmt.Sprintf("team-%d", i), "default", sidecar))
	}
	return mesh.New(mesh.DefaultSettings(), objects...), rule
}

// largeSidecar returns a mesh with 40,000 hosts, and a Sidecar whose egress hosts are so many of them.
func largeSidecar(namespace string, hosts int) (*mesh.Snapshot, *mesh.Object) {
	listener := &networking.IstioEgressListener{Hosts: []string{"./*"}}
	for i := range hosts {
		listener.Hosts = append(listener.Hosts, fmt.Sprintf("team-%d/api-%d.example-%d.com", i%500, i, i%100))
	}
	sidecar := object(mesh.KindSidecar, namespace, "default", &networking.Sidecar{Egress: []*networking.IstioEgressListener{listener}})
	return mesh.New(mesh.DefaultSettings(), largeMesh(100_000)...), sidecar
}

func object(kind, namespace, name string, spec any) *mesh.Object {
	return &mesh.Object{Ref: mesh.Ref{Kind: kind, Namespace: namespace, Name: name}, Created: time.Unix(1_750_000_000, 0), Spec: spec}
}

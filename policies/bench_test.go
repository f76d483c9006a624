package policies

import (
	"fmt"
	"testing"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// review is a typical review of a DestinationRule: two ports, seen by two kinds of clients.
func review(verdict mesh.Verdict, cause mesh.Cause) Input {
	rule := mesh.Ref{Kind: mesh.KindDestinationRule, Namespace: "default", Name: "edition-cnn-com"}
	in := Input{
		Request: Request{
			Operation: Create, Kind: rule.Kind, APIVersion: "networking.istio.io/v1", Namespace: rule.Namespace, Name: rule.Name,
			UserInfo: UserInfo{Username: "alice", Groups: []string{"system:authenticated"}},
		},
		Object: map[string]any{
			"apiVersion": "networking.istio.io/v1", "kind": rule.Kind,
			"metadata": map[string]any{"name": rule.Name, "namespace": rule.Namespace},
			"spec": map[string]any{"host": "edition.cnn.com", "trafficPolicy": map[string]any{"portLevelSettings": []any{
				map[string]any{"port": map[string]any{"number": 80.0}, "tls": map[string]any{"mode": "SIMPLE"}},
			}}},
		},
	}
	for _, namespace := range []string{"default", mesh.AnyNamespace} {
		hop := mesh.Hop{
			From: "sidecar " + namespace, To: "edition.cnn.com", Port: 443, Protocol: "HTTP", Names: []string{},
			DecidedBy: &mesh.Decision{Object: rule, Field: "spec.trafficPolicy.portLevelSettings[0].tls"},
		}
		flow := mesh.Flow{
			Path: mesh.Path{
				Client: mesh.Client{Kind: mesh.ClientSidecar, Namespace: namespace}, Host: "edition.cnn.com", Port: 80,
				Hops: []mesh.Hop{hop}, Verdict: verdict, Cause: cause,
			},
			HopKind: mesh.HopEgress, Protocol: "HTTP", Family: mesh.FamilyHTTP, Payload: mesh.FamilyHTTP,
			TargetPorts: []uint32{443}, SNIHosts: []string{"edition.cnn.com"}, Rule: &rule, DecidedByObject: true,
			Service: &mesh.Ref{Kind: mesh.KindServiceEntry, Namespace: "default", Name: "edition-cnn-com"},
		}
		if verdict == mesh.Originated {
			h := &flow.Hops[0]
			h.TLS, h.AutoSNI, h.AutoNames, h.Verified = "SIMPLE", true, true, true
		}
		https := flow
		https.Port, https.Protocol, https.Family, https.Payload = 443, "HTTPS", mesh.FamilyTLS, mesh.FamilyTLS
		https.Verdict, https.Cause = mesh.ApplicationTLS, mesh.CauseNone
		in.Egress = append(in.Egress, flow, https)
	}
	return in
}

func benchmark(b *testing.B, e *Engine, in Input, violations int) {
	b.ReportAllocs()
	for b.Loop() {
		found, err := e.Evaluate(b.Context(), in)
		if err != nil || len(found) != violations {
			b.Fatalf("%d violations and %v, want %d", len(found), err, violations)
		}
	}
}

func engine(tb testing.TB, sources ...Source) *Engine {
	tb.Helper()
	e, err := New(tb.Context(), &v1alpha1.Config{}, sources...)
	if err != nil {
		tb.Fatal(err)
	}
	e.timeout = time.Minute // the deadline has tests of its own; a busy machine is not to fail the others
	return e
}

func BenchmarkPasses(b *testing.B) {
	benchmark(b, engine(b), review(mesh.Originated, mesh.CauseNone), 0)
}

func BenchmarkRefused(b *testing.B) {
	benchmark(b, engine(b), review(mesh.Plaintext, mesh.CauseDisabled), 2)
}

func BenchmarkUnconcerned(b *testing.B) {
	in := review(mesh.Originated, mesh.CauseNone)
	in.Request.Kind = "Telemetry"
	benchmark(b, engine(b), in, 0)
}

func BenchmarkPassesBeside200(b *testing.B) {
	benchmark(b, engine(b, others(200)), review(mesh.Originated, mesh.CauseNone), 0)
}

// others are policies for other kinds.
func others(n int) Files {
	files := Files{}
	for i := range n {
		id := fmt.Sprintf("other-%d", i)
		files[id+".rego"] = fmt.Sprintf(`# METADATA
# title: Another
# description: For another kind.
# custom:
#   id: %s
#   action: deny
#   kinds: [PeerAuthentication]
package %s

violation contains {"message": "no"} if input.object.spec.x == %d
`, id, PackageOf(id), i)
	}
	return files
}

func BenchmarkEncode(b *testing.B) {
	in := review(mesh.Originated, mesh.CauseNone)
	w := engine(b).encoder
	b.ReportAllocs()
	for b.Loop() {
		w.encode(&in)
	}
}

func TestBenchMeasuresEveryPolicy(t *testing.T) {
	costs, err := engine(t).Bench(t.Context(), time.Millisecond, authorizationPolicyReview("*"))
	if err != nil || len(costs) != 19 {
		t.Fatalf("got %v, %v, want 19 costs", costs, err)
	}
	for _, c := range costs {
		if c.Runs < 1 || c.Median <= 0 || c.P99 < c.Median || c.Allocations == 0 || c.Bytes == 0 {
			t.Errorf("%+v", c)
		}
	}
}

func BenchmarkEachPolicy(b *testing.B) {
	e := engine(b)
	for _, q := range e.queries {
		p := q.policy
		in := Sample(p.Kinds[0])
		b.Run(p.ID, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := e.evaluateOne(b.Context(), q, &in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package webhook

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"syscall"
	"testing"
	"time"

	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/assume"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

// policies of workloads, one that names its callers and one that does not.
const (
	namedCallers = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: named, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  rules: [{from: [{source: {principals: [cluster.local/ns/web/sa/frontend]}}], to: [{operation: {methods: [GET]}}]}]`
	namelessCallers = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nameless, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  rules: [{from: [{source: {namespaces: [web]}}], to: [{operation: {methods: [GET]}}]}]`
)

// discardWriter is a ResponseWriter without a network.
type discardWriter struct{ header http.Header }

func (w *discardWriter) Header() http.Header         { return w.header }
func (w *discardWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w *discardWriter) WriteHeader(int)             {}

// benchCache holds so many objects of other hosts beside the fixture.Entry.
func benchCache(b testing.TB, objects int) *assume.Cache {
	all := []*mesh.Object{fixture.Object(b, fixture.Entry)}
	texts := [][]byte{fixture.JSON(b, fixture.Entry), fixture.JSON(b, fixture.GoodRule)}
	for i := range objects / 2 {
		name := fmt.Appendf(nil, "svc-%d", i)
		for _, text := range texts {
			o, err := mesh.Decode(bytes.ReplaceAll(text, []byte("shop"), name))
			if err != nil {
				b.Fatal(err)
			}
			all = append(all, o)
		}
	}
	return assume.NewCache(mesh.DefaultSettings(), all...)
}

// cpuTime is what this process has computed, the garbage collector included: on a busy machine it says more than the
// clock.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// What a review costs from its body to its answer, without the network: a new one, and one that comes again.
func BenchmarkReview(b *testing.B) {
	b.Run("new", func(b *testing.B) {
		benchmarkReviews(b, func(f *webhooksFixture) { // another evaluator forgets the decisions of the last
			e := *testEvaluator(b)
			f.Use(&e)
		})
	})
	b.Run("again", func(b *testing.B) { benchmarkReviews(b, func(*webhooksFixture) {}) })
}

func benchmarkReviews(b *testing.B, before func(*webhooksFixture)) {
	for _, objects := range []int{100, 10_000, 100_000} {
		served := sync.OnceValues(func() (*webhooksFixture, http.Handler) { // only for what -bench asks for
			f := newFixture(b, Options{Cache: benchCache(b, objects)})
			f.Use(testEvaluator(b))
			server := ctrlwebhook.NewServer(ctrlwebhook.Options{})
			f.Register(server)
			return f, server.WebhookMux()
		})
		for _, bench := range []struct{ name, path, text string }{
			{"validate/ServiceEntry", "/validate", fixture.Entry},
			{"validate/DestinationRule-good", "/validate", fixture.GoodRule},
			{"validate/DestinationRule-bad", "/validate", fixture.DisabledRule},
			{"validate/AuthorizationPolicy-good", "/validate", namedCallers},
			{"validate/AuthorizationPolicy-bad", "/validate", namelessCallers},
			{"mutate/DestinationRule-patched", "/mutate", fixture.BareRule},
			{"mutate/DestinationRule-complete", "/mutate", fixture.GoodRule},
			{"mutate/AuthorizationPolicy", "/mutate", namedCallers},
		} {
			body := []byte(envelope(b, create(b, bench.text)))
			b.Run(fmt.Sprintf("%s/%d", bench.name, objects), func(b *testing.B) {
				f, routes := served()
				b.ReportAllocs()
				begin := cpuTime()
				for b.Loop() {
					before(f)
					r := httptest.NewRequest(http.MethodPost, bench.path, bytes.NewReader(body))
					r.Header.Set("Content-Type", "application/json")
					routes.ServeHTTP(&discardWriter{http.Header{}}, r)
				}
				b.ReportMetric(float64((cpuTime()-begin).Microseconds())/float64(b.N), "cpu-us/op")
			})
		}
	}
}

//go:build !race

package webhook

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

// What a new review allocates, from its body to its answer, with room of a tenth: what was won must not creep away.
// Garbage is most of what a review costs, and unlike time it is the same on every machine, but for what the collector
// takes out of pools on the way. The race detector does so as well, so that it counts otherwise.
func TestReviewAllocations(t *testing.T) {
	f := newFixture(t, Options{Cache: benchCache(t, 100)})
	server := ctrlwebhook.NewServer(ctrlwebhook.Options{})
	f.Register(server)
	for _, tc := range []struct {
		name, path, text string
		most             float64
	}{
		{"ServiceEntry with a warning", "/validate", fixture.Entry, 2474},
		{"good DestinationRule", "/validate", fixture.GoodRule, 760},
		{"refused DestinationRule", "/validate", fixture.DisabledRule, 2480},
		{"good AuthorizationPolicy", "/validate", namedCallers, 421},
		{"refused AuthorizationPolicy", "/validate", namelessCallers, 1475},
		{"DestinationRule to complete", "/mutate", fixture.BareRule, 571},
		{"complete DestinationRule", "/mutate", fixture.GoodRule, 313},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body := []byte(envelope(t, create(t, tc.text)))
			request := httptest.NewRequest(http.MethodPost, tc.path, nil)
			request.Header.Set("Content-Type", "application/json")
			request.ContentLength = int64(len(body))
			got := testing.AllocsPerRun(100, func() {
				e := *testEvaluator(t) // another evaluator has no answers of before
				f.Use(&e)
				request.Body = io.NopCloser(bytes.NewReader(body))
				server.WebhookMux().ServeHTTP(&discardWriter{http.Header{}}, request)
			})
			t.Logf("%v allocations", got)
			if got > tc.most*1.1 {
				t.Errorf("%v allocations, want %v at most", got, tc.most*1.1)
			}
		})
	}
}

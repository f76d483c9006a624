package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/assume"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

// Whoever is refused because of a write on its way is told so.
func TestDenialNamesTheWriteThatItDependsOn(t *testing.T) {
	cache := newCache(t, fixture.Egress...)
	cache.Assume(assume.Write{Ref: fixture.RuleRef, Object: fixture.Object(t, fixture.RouteRule), Base: assume.Version{UID: "rule-uid"}})
	var log strings.Builder
	h := New(Options{Cache: cache, Metrics: NewMetrics(prometheus.NewRegistry()),
		Get: func(context.Context, mesh.Ref) (*mesh.Object, error) { return nil, nil },
		Log: slog.New(slog.NewJSONHandler(&log, nil))})
	h.Use(testEvaluator(t))
	body := fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE",`+
		`"kind":{"group":"networking.istio.io","version":"v1","kind":"VirtualService"},"name":"shop","namespace":"default","object":%s}}`, fixture.JSON(t, fixture.Route))
	request := httptest.NewRequest(http.MethodPost, "/validate", strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	server := ctrlwebhook.NewServer(ctrlwebhook.Options{})
	h.Register(server)
	server.WebhookMux().ServeHTTP(answer, request)
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(text, &review); err != nil || review.Response == nil || review.Response.Allowed {
		t.Fatalf("%s, %v", text, err)
	}
	const want = "This hangs on DestinationRule default/shop, which was admitted a moment ago and is not stored yet. Try again in a moment."
	if message := review.Response.Result.Message; !strings.HasSuffix(message, want) || !strings.Contains(message, "is refused") {
		t.Errorf("the message does not end as it should: %s", message)
	}
	if !strings.Contains(log.String(), `"unconfirmed":"This hangs on`) {
		t.Errorf("the log does not tell: %s", log.String())
	}
}

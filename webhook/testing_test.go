package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/certs"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/assume"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

// defaultEvaluator is compiled once: it is immutable.
var defaultEvaluator = sync.OnceValues(func() (*admission.Evaluator, error) {
	return admission.NewEvaluator(context.Background(), v1alpha1.DefaultConfig())
})

func testEvaluator(t testing.TB) *admission.Evaluator {
	t.Helper()
	j, err := defaultEvaluator()
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func newCache(t testing.TB, texts ...string) *assume.Cache {
	t.Helper()
	return assume.NewCache(mesh.DefaultSettings(), fixture.Objects(t, texts...)...)
}

// webhooksFixture are Webhooks with its registry and log.
type webhooksFixture struct {
	*Webhooks
	registry *prometheus.Registry
	log      *syncBuffer
}

func newFixture(t testing.TB, o Options) *webhooksFixture {
	t.Helper()
	f := &webhooksFixture{registry: prometheus.NewRegistry(), log: &syncBuffer{}}
	o.Metrics = NewMetrics(f.registry)
	o.Log = slog.New(slog.NewJSONHandler(f.log, nil))
	f.Webhooks = New(o)
	return f
}

// count returns the value of a counter, summed over the series that have these label values.
func (f *webhooksFixture) count(t testing.TB, name string, labels ...string) float64 {
	t.Helper()
	families, err := f.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			has := map[string]bool{}
			for _, pair := range metric.GetLabel() {
				has[pair.GetName()+"="+pair.GetValue()] = true
			}
			matches := true
			for _, label := range labels {
				matches = matches && has[label]
			}
			if matches {
				sum += metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
			}
		}
	}
	return sum
}

type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// running is a real server on loopback.
type running struct {
	url    string
	client *http.Client
	health *Health
	// stop tells the server to stop, and waits until it has.
	stop func() error
}

// start serves what register adds over TLS on loopback until stop, or the test's end.
func start(t testing.TB, register func(ctrlwebhook.Server)) *running {
	t.Helper()
	return startDraining(t, register, 0, nil)
}

// startDraining is start with a drain, and with another TLS configuration if adapt is set.
func startDraining(t testing.TB, register func(ctrlwebhook.Server), drain time.Duration, adapt func(*tls.Config) *tls.Config) *running {
	t.Helper()
	source, err := certs.NewSelfSigned("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	tlsConfig, err := TLSConfig(source, "")
	if err != nil {
		t.Fatal(err)
	}
	if adapt != nil {
		tlsConfig = adapt(tlsConfig)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	log, health := slog.New(slog.DiscardHandler), &Health{}
	server := NewServer(ServerOptions{Listener: l, TLS: tlsConfig, Health: health, Log: log})
	register(server)
	ctx, cancel := context.WithCancel(context.Background())
	drained, end := Drained(ctx, health, drain, log)
	ended := make(chan error, 1)
	go func() { ended <- server.Start(drained) }()
	stop := sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { end(); _ = stop() })

	client := trusting(source)
	t.Cleanup(client.CloseIdleConnections)
	return &running{url: "https://" + l.Addr().String(), client: client, health: health, stop: stop}
}

// trusting returns a client that trusts a source's certificates alone.
func trusting(source *certs.SelfSigned) *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(source.Bundle())
	return &http.Client{Timeout: time.Minute,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
}

// nothing registers a handler that answers all paths with 204.
func nothing(s ctrlwebhook.Server) {
	s.Register("/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
}

// post sends a body and returns the status and the answer.
func (r *running) post(t testing.TB, path, contentType, body string) (int, string) {
	t.Helper()
	response, err := r.client.Post(r.url+path, contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// review asks and returns the answer.
func (r *running) review(t testing.TB, path string, request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	t.Helper()
	status, text := r.post(t, path, "application/json", envelope(t, request))
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, text)
	}
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal([]byte(text), &review); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if review.Response == nil || review.APIVersion != "admission.k8s.io/v1" || review.Kind != "AdmissionReview" {
		t.Fatalf("not a response: %s", text)
	}
	if review.Response.UID != request.UID {
		t.Fatalf("uid %q came back as %q", request.UID, review.Response.UID)
	}
	return review.Response
}

func envelope(t testing.TB, request *admissionv1.AdmissionRequest) string {
	t.Helper()
	out, err := json.Marshal(map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// create asks for a new object; update and remove for a stored one.
func create(t testing.TB, text string) *admissionv1.AdmissionRequest {
	return request(t, admissionv1.Create, text, "")
}

func update(t testing.TB, text, old string) *admissionv1.AdmissionRequest {
	return request(t, admissionv1.Update, text, old)
}

func remove(t testing.TB, old string) *admissionv1.AdmissionRequest {
	return request(t, admissionv1.Delete, "", old)
}

func request(t testing.TB, operation admissionv1.Operation, text, old string) *admissionv1.AdmissionRequest {
	t.Helper()
	r := &admissionv1.AdmissionRequest{UID: "a-uid", Operation: operation}
	r.UserInfo.Username = "alice"
	subject := text
	if text != "" {
		r.Object.Raw = fixture.JSON(t, text)
	}
	if old != "" {
		r.OldObject.Raw = fixture.JSON(t, old)
		if subject == "" {
			subject = old
		}
	}
	var h manifests.Head
	if err := json.Unmarshal(fixture.JSON(t, subject), &h); err != nil {
		t.Fatal(err)
	}
	version, err := schema.ParseGroupVersion(h.APIVersion)
	if err != nil {
		t.Fatal(err)
	}
	r.Kind.Group, r.Kind.Version, r.Kind.Kind = version.Group, version.Version, h.Kind
	r.Name, r.Namespace = h.Metadata.Name, h.Metadata.Namespace
	return r
}

// eventually waits for a condition, a second at most.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for range 200 {
		if condition() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%s: not within a second", what)
}

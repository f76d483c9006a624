package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// garbage are objects that no sane person writes. Many pass the CRDs.
func garbage() []*unstructured.Unstructured {
	const net, sec = "networking.istio.io/v1", "security.istio.io/v1"
	port := func(v any) map[string]any { return map[string]any{"number": v, "name": "http", "protocol": "HTTP"} }
	entry := func(spec map[string]any) *unstructured.Unstructured {
		return object(net, "ServiceEntry", "garbage", spec)
	}
	rule := func(spec map[string]any) *unstructured.Unstructured {
		return object(net, "DestinationRule", "garbage", spec)
	}
	many := make([]any, 10000)
	for i := range many {
		many[i] = map[string]any{"number": int64(i + 1), "name": fmt.Sprint("p", i), "protocol": "HTTP"}
	}
	return []*unstructured.Unstructured{
		object(net, "ServiceEntry", "garbage", nil),
		object(net, "ServiceEntry", "garbage", "a string"),
		entry(map[string]any{}),
		entry(map[string]any{"hosts": "not-a-list"}),
		entry(map[string]any{"hosts": []any{"*"}, "ports": []any{port(int64(80))}}),
		entry(map[string]any{"hosts": []any{"ex\u00e4mple.\u4f8b\u3048", "\u202egnp.exe", "a b", "*.*.*", ""}, "ports": []any{port(int64(80))}}),
		entry(map[string]any{"hosts": []any{strings.Repeat("a.", 500) + "example"}, "ports": []any{port(int64(80))}}),
		entry(map[string]any{"hosts": []any{"a.example"}, "ports": []any{port(int64(0)), port(int64(-1)), port(int64(65536))}}),
		entry(map[string]any{"hosts": []any{"a.example"}, "ports": []any{port("eighty")}}),
		entry(map[string]any{"hosts": []any{"a.example"}, "ports": []any{port(80.5)}}),
		entry(map[string]any{"hosts": []any{"a.example"}, "ports": many}),
		entry(map[string]any{"hosts": []any{"a.example"}, "ports": []any{port(int64(80)), port(int64(80))}}),
		entry(map[string]any{"hosts": []any{"a.example"}, "ports": []any{map[string]any{"number": int64(80), "name": "x", "protocol": "\x00\u0007"}}}),
		entry(map[string]any{"hosts": []any{"a.example"}, "ports": []any{port(int64(80))}, "location": "NOWHERE", "resolution": "GUESS"}),
		rule(map[string]any{}),
		rule(map[string]any{"host": ""}),
		rule(map[string]any{"host": "a.example", "trafficPolicy": map[string]any{"tls": map[string]any{"mode": "TELEPATHY"}}}),
		rule(map[string]any{"host": "a.example", "trafficPolicy": map[string]any{"tls": "SIMPLE"}}),
		rule(map[string]any{"host": "a.example", "trafficPolicy": map[string]any{"portLevelSettings": []any{map[string]any{}, map[string]any{"port": map[string]any{}}}}}),
		object(net, "VirtualService", "garbage", map[string]any{"hosts": []any{"*"}, "http": []any{map[string]any{}}}),
		object(net, "VirtualService", "garbage", map[string]any{"http": []any{map[string]any{"route": []any{map[string]any{}}}}}),
		object(net, "VirtualService", "garbage", map[string]any{"tcp": []any{map[string]any{"route": []any{map[string]any{"destination": map[string]any{}}}}}}),
		object(net, "Gateway", "garbage", map[string]any{"servers": []any{map[string]any{}}}),
		object(net, "Gateway", "garbage", map[string]any{}),
		object(net, "Sidecar", "garbage", map[string]any{"egress": []any{map[string]any{"hosts": []any{"///", "~/*", ""}}}}),
		object(sec, "AuthorizationPolicy", "garbage", map[string]any{"rules": []any{map[string]any{"from": []any{map[string]any{}}}}}),
		object(sec, "AuthorizationPolicy", "garbage", map[string]any{"action": "MAYBE"}),
	}
}

// Garbage is refused by the CRDs, or judged; it never makes the webhook fail, and never stays in the way.
func TestGarbage(t *testing.T) {
	s, stage := newServer(t, plane), newStage(t, plane)
	replica := s.start(t)
	s.register(t, replica.URL())
	stage.lay(t, scenario{}, senders()[0])
	for _, way := range senders()[:2] {
		for i, o := range garbage() {
			_, err := way.create(t.Context(), stage.admin, o.DeepCopy(), []string{metav1.DryRunAll})
			if err != nil && failedCall(err) {
				t.Errorf("garbage %d, %s: %v", i, way.name, err)
			}
		}
	}
	stored := stage.storeUnseen(t, garbage())
	t.Logf("the CRDs let %d of %d through", stored, len(garbage()))
	if replica.Exited() || !replica.Ready(t.Context()) {
		t.Fatal("stored garbage has ended the server, or made it unready")
	}
	stage.play(t, first(t, origination), senders()[0])
}

// failedCall reports whether the webhook itself failed, in place of answering.
func failedCall(err error) bool {
	return strings.Contains(err.Error(), "failed calling webhook") || strings.Contains(err.Error(), "could not decide") ||
		(apierrors.IsInternalError(err) && strings.Contains(err.Error(), "webhook"))
}

// storeUnseen stores objects as if they predated the webhook, each under a name of its own, and counts those that the
// CRDs let through.
func (s stage) storeUnseen(t *testing.T, objects []*unstructured.Unstructured) int {
	t.Helper()
	stored := 0
	for i, o := range objects {
		o = o.DeepCopy()
		o.SetName(fmt.Sprint("garbage-", i))
		if _, err := s.seed.of(o).Create(t.Context(), o, metav1.CreateOptions{}); err == nil {
			stored++
		}
	}
	return stored
}

// What is no AdmissionReview gets a status that says why, and the server serves on.
func TestRawRequests(t *testing.T) {
	s := newServer(t, plane)
	replica := s.start(t)
	client := s.client(t)
	const review = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","operation":"CREATE",` +
		`"kind":{"group":"networking.istio.io","version":"v1","kind":"ServiceEntry"},"object":%s}}`
	for _, c := range []struct {
		name, method, contentType, body string
		want                            int
		says                            string
	}{
		{"empty", http.MethodPost, "application/json", "", 400, ""},
		{"no JSON", http.MethodPost, "application/json", "{", 400, ""},
		{"YAML", http.MethodPost, "application/yaml", "a: b", 415, ""},
		{"no type", http.MethodPost, "", "{}", 415, ""},
		{"another kind", http.MethodPost, "application/json", `{"apiVersion":"v1","kind":"Pod"}`, 400, ""},
		{"another version", http.MethodPost, "application/json", `{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{"uid":"1"}}`, 400, ""},
		{"no request", http.MethodPost, "application/json", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`, 400, ""},
		{"too large", http.MethodPost, "application/json", `{"a":"` + strings.Repeat("x", 7<<20) + `"}`, 413, ""},
		{"GET", http.MethodGet, "", "", 405, ""},
		{"a wrong type", http.MethodPost, "application/json", fmt.Sprintf(review, `{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","metadata":{"name":"x","namespace":"default"},"spec":{"hosts":5}}`), 200, "hosts"},
		{"deep nesting", http.MethodPost, "application/json", fmt.Sprintf(review, strings.Repeat("[", 20000)+strings.Repeat("]", 20000)), 0, ""},
		{"a null object", http.MethodPost, "application/json", fmt.Sprintf(review, "null"), 200, ""},
	} {
		for _, path := range []string{"/mutate", "/validate"} {
			t.Run(c.name+" to "+path, func(t *testing.T) {
				code, body := ask(t, client, c.method, replica.URL()+path, c.contentType, c.body)
				if c.want != 0 && code != c.want {
					t.Errorf("want %d, got %d %s", c.want, code, body)
				}
				// What cannot be read is left alone by mutation: validation refuses it.
				if code == 200 && path == "/validate" && strings.Contains(body, `"allowed":true`) {
					t.Errorf("it is admitted: %s", body)
				}
				if path == "/validate" && !strings.Contains(body, c.says) {
					t.Errorf("want a word of %q, got %s", c.says, body)
				}
			})
		}
	}
	if replica.Exited() || !replica.Ready(t.Context()) {
		t.Error("the server does not serve on")
	}
}

// client trusts the server's CA alone.
func (s *server) client(t *testing.T) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.pair.CA) {
		t.Fatal("the CA is no PEM")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

func ask(t *testing.T, client *http.Client, method, url, contentType, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/healthz"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"
	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/tlsward/tlsward/certs"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

// The tests of this file hold why docs/adr/0014-controller-runtime.md does without parts of controller-runtime. One that
// fails after an upgrade says that a part can be used now.

func TestControllerRuntimeServerPicksNoPort(t *testing.T) {
	server := ctrlwebhook.NewServer(ctrlwebhook.Options{Port: 0}).(*ctrlwebhook.DefaultServer)
	nothing(server)
	if server.Options.Port != ctrlwebhook.DefaultPort {
		t.Errorf("port 0 is port %d: it may be free to choose now", server.Options.Port)
	}
}

// An API server keeps a connection as long as http.DefaultTransport does.
func TestControllerRuntimeServerClosesIdleConnectionsWithItsClient(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	source, err := certs.NewSelfSigned("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	idle := make(chan time.Duration, 1)
	server := ctrlwebhook.NewServer(ctrlwebhook.Options{Host: "127.0.0.1", Port: port, TLSOpts: []func(*tls.Config){
		func(c *tls.Config) { c.GetCertificate = source.GetCertificate }}})
	server.Register("/", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		idle <- r.Context().Value(http.ServerContextKey).(*http.Server).IdleTimeout
	}))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Start(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	eventually(t, "the server listens", func() bool { return server.StartedChecker()(nil) == nil })
	response, err := trusting(source).Get("https://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if client := http.DefaultTransport.(*http.Transport).IdleConnTimeout; <-idle > client {
		t.Errorf("the server keeps idle connections longer than its clients (%s): its Start may do now", client)
	}
}

func TestControllerRuntimeProbesWithholdReasons(t *testing.T) {
	probe := &healthz.Handler{Checks: map[string]healthz.Checker{
		"mesh": func(*http.Request) error { return errors.New("waiting for Gateway") },
	}}
	answer := httptest.NewRecorder()
	probe.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/?verbose", nil))
	if strings.Contains(answer.Body.String(), "waiting for Gateway") {
		t.Errorf("the reason is told now: %s", answer.Body)
	}
}

func TestControllerRuntimeWebhookAnswersBadRequestsWith200(t *testing.T) {
	hook := &ctrladmission.Webhook{Handler: ctrladmission.HandlerFunc(func(context.Context, ctrladmission.Request) ctrladmission.Response {
		panic("boom")
	})}
	for name, body := range map[string]string{
		"no JSON": "{",
		"a panic": envelope(t, create(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}")),
	} {
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		hook.ServeHTTP(answer, request)
		if answer.Code != http.StatusOK || name == "a panic" && !strings.Contains(answer.Body.String(), "boom") {
			t.Errorf("%s: %d %s: codec.go or recover.go may not be needed now", name, answer.Code, answer.Body)
		}
	}
}

// The limit of a body is not controller-runtime's own constant, which is not exported, but must be its value.
func TestControllerRuntimeLimitsBodiesAlike(t *testing.T) {
	hook := &ctrladmission.Webhook{Handler: ctrladmission.HandlerFunc(func(context.Context, ctrladmission.Request) ctrladmission.Response {
		return ctrladmission.Allowed("")
	})}
	review := envelope(t, create(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"))
	for size, tooLarge := range map[int]bool{maxBody - 1: false, maxBody + 1: true} {
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(review+strings.Repeat(" ", size-len(review))))
		request.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		hook.ServeHTTP(answer, request)
		if strings.Contains(answer.Body.String(), "too large") != tooLarge {
			t.Errorf("%d bytes: %s", size, answer.Body)
		}
	}
}

// BenchmarkControllerRuntimeDecode is what reading a review costs with an admission.Webhook, and with the codec.
func BenchmarkControllerRuntimeDecode(b *testing.B) {
	hook := &ctrladmission.Webhook{Handler: ctrladmission.HandlerFunc(func(context.Context, ctrladmission.Request) ctrladmission.Response {
		return ctrladmission.Allowed("")
	})}
	f := newFixture(b, Options{})
	body := []byte(envelope(b, create(b, fixture.DisabledRule)))
	for name, handler := range map[string]http.Handler{"admission.Webhook": hook, "codec": f.codec(endpoint{name: "validate"}, hook)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
				request.Header.Set("Content-Type", "application/json")
				handler.ServeHTTP(&discardWriter{http.Header{}}, request)
			}
		})
	}
}

package kube

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/certs"
)

const (
	secretPath     = "/api/v1/namespaces/tlsward/secrets/ca"
	leasesPath     = "/apis/coordination.k8s.io/v1/namespaces/tlsward/leases"
	mutatingPath   = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/hooks"
	validatingPath = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/hooks"
)

// apiServer answers requests with what a test has put there, and keeps those that write.
type apiServer struct {
	mu      sync.Mutex
	objects map[string]any   // by path; what is missing is not found
	status  map[string]int   // by method and path: the failure to answer with
	events  map[string][]any // by the path and field selector of a watch
	written []request
}

type request struct {
	method, path, contentType, query string
	body                             map[string]any
	raw                              string
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("watch") == "true" {
		s.stream(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, _ := io.ReadAll(r.Body)
	if r.Method != http.MethodGet {
		each := request{method: r.Method, path: r.URL.Path, contentType: r.Header.Get("Content-Type"), query: r.URL.RawQuery, raw: string(raw)}
		_ = json.Unmarshal(raw, &each.body)
		s.written = append(s.written, each)
	}
	w.Header().Set("Content-Type", "application/json")
	if code := s.status[r.Method+" "+r.URL.Path]; code != 0 {
		s.fail(w, code)
		return
	}
	answer, ok := s.objects[r.URL.Path]
	if r.Method != http.MethodGet {
		answer, ok = json.RawMessage(raw), true
		if r.Method != http.MethodPut && r.Method != http.MethodPost {
			answer = map[string]any{}
		}
	}
	if !ok {
		s.fail(w, http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// stream sends the events of a watch, and keeps it open.
func (s *apiServer) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	for _, event := range s.events[r.URL.Path+"?"+r.URL.Query().Get("fieldSelector")] {
		_ = json.NewEncoder(w).Encode(event)
	}
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func (s *apiServer) fail(w http.ResponseWriter, code int) {
	reasons := map[int]metav1.StatusReason{
		http.StatusNotFound: metav1.StatusReasonNotFound, http.StatusConflict: metav1.StatusReasonConflict,
		http.StatusForbidden: metav1.StatusReasonForbidden,
	}
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status: metav1.StatusFailure, Code: int32(code), Reason: reasons[code], Message: fmt.Sprint(code)})
}

// writes returns the requests that wrote, each as "METHOD path".
func (s *apiServer) writes() []string {
	var list []string
	for _, r := range s.written {
		list = append(list, r.method+" "+r.path)
	}
	return list
}

// connect starts an API server with these objects, and the Cluster that talks to it.
func connect(t *testing.T, objects map[string]any) (*apiServer, *Cluster) {
	t.Helper()
	s := &apiServer{objects: map[string]any{leasesPath: map[string]any{"items": []any{}}}, status: map[string]int{}}
	for path, object := range objects {
		s.objects[path] = object
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := New(Options{Config: &rest.Config{Host: server.URL, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}, Namespace: "tlsward", Secret: "ca",
		Mutating: []string{"hooks"}, Validating: []string{"hooks"}, PodName: "pod", PodUID: "uid", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func newAuthority(t *testing.T) *certs.Authority {
	t.Helper()
	a, err := certs.NewAuthority(time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// configuration returns a webhook configuration with a webhook for each of the bundles.
func configuration(version string, bundles ...[]byte) map[string]any {
	webhooks := []any{}
	for i, bundle := range bundles {
		webhooks = append(webhooks, map[string]any{"name": fmt.Sprint(i), "clientConfig": map[string]any{"caBundle": bundle}})
	}
	return map[string]any{"metadata": map[string]any{"name": "hooks", "resourceVersion": version}, "webhooks": webhooks}
}

func secret(t *testing.T, metadata map[string]any, cas *certs.CASet) map[string]any {
	t.Helper()
	data, err := cas.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"metadata": metadata, "data": data}
}

func want(t *testing.T, what string, have, wanted []string) {
	t.Helper()
	if !slices.Equal(have, wanted) {
		t.Errorf("%s: have %q, want %q", what, have, wanted)
	}
}

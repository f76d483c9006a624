package e2e

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	admission "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// The API server drops fields that the CRD's schema does not have, as a port's by its name in protobuf, before the first webhook sees
// the object and where it stores it. Between the webhooks it does not: what one adds the next ones see, and it is dropped after
// all. So such a field must not count in a review.
func TestFieldsThatTheSchemaDoesNotHave(t *testing.T) {
	const namespace, field = "pruning", "target_port"
	ensureNamespace(t, namespace, nil)
	seen := &seenObjects{patch: `[{"op": "add", "path": "/spec/ports/0/target_port", "value": 8443}]`, ports: map[string]map[string]any{}}
	url, ca := serveTLS(t, seen)
	s := &server{plane: plane}
	s.registerAs(t, cluster.Webhooks{URL: url, CA: ca})
	stage := newStage(t, plane)
	entry := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": map[string]any{"name": "bank", "namespace": namespace},
		"spec": map[string]any{"hosts": []any{"api.bank.example"}, "resolution": "DNS",
			"ports": []any{map[string]any{"number": int64(80), "name": "http", "protocol": "HTTP", field: int64(443)}}}}}
	t.Cleanup(func() { _ = stage.seed.of(entry).Delete(context.Background(), entry.GetName(), metav1.DeleteOptions{}) })
	for began := time.Now(); seen.at("/validate") == nil && time.Since(began) < time.Minute; { // the API server learns of its webhooks by a watch
		if _, err := stage.admin.of(entry).Create(t.Context(), entry, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := stage.admin.of(entry).Create(t.Context(), entry, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	stored := portOf(t, stage.admin.stored(t.Context(), t, entry).Object)
	for what, c := range map[string]struct {
		port map[string]any
		want any
	}{
		"what a mutating webhook sees":                            {seen.at("/mutate"), nil},
		"what the validating one sees of a patch by that webhook": {seen.at("/validate"), 8443.0},
		"what is stored": {stored, nil},
	} {
		if c.port == nil || c.port[field] != c.want {
			t.Errorf("%s: port %v, want %s %v", what, c.port, field, c.want)
		}
	}
}

// seenObjects answers reviews and keeps the first port of the last object, by path. It patches what it is to mutate.
type seenObjects struct {
	patch string

	mu    sync.Mutex
	ports map[string]map[string]any
}

func (s *seenObjects) at(path string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ports[path]
}

func (s *seenObjects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var review admission.AdmissionReview
	var object map[string]any
	if json.NewDecoder(r.Body).Decode(&review) != nil || json.Unmarshal(review.Request.Object.Raw, &object) != nil {
		http.Error(w, "no review", http.StatusBadRequest)
		return
	}
	ports, _, _ := unstructured.NestedSlice(object, "spec", "ports")
	s.mu.Lock()
	if len(ports) > 0 {
		s.ports[r.URL.Path], _ = ports[0].(map[string]any)
	}
	s.mu.Unlock()
	review.Response = &admission.AdmissionResponse{UID: review.Request.UID, Allowed: true}
	if r.URL.Path == "/mutate" {
		kind := admission.PatchTypeJSONPatch
		review.Response.Patch, review.Response.PatchType = []byte(s.patch), &kind
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review)
}

// serveTLS serves a handler over TLS until the test ends, and returns its URL with the CA of its certificate.
func serveTLS(t *testing.T, handler http.Handler) (url string, ca []byte) {
	t.Helper()
	dir := t.TempDir()
	pair, err := cluster.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	if err := pair.Write(dir); err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.LoadX509KeyPair(filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, pair.CA
}

func portOf(t *testing.T, object map[string]any) map[string]any {
	t.Helper()
	ports, _, _ := unstructured.NestedSlice(object, "spec", "ports")
	if len(ports) == 0 {
		return nil
	}
	port, _ := ports[0].(map[string]any)
	return port
}

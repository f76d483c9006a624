package reporter

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/mesh"
)

// apiServer answers by path, and 404 for what it does not know.
func apiServer(t *testing.T, answers map[string]string) *rest.Config {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer, known := answers[r.URL.Path]
		if !known {
			w.WriteHeader(http.StatusNotFound)
			answer = `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}`
		}
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(s.Close)
	return &rest.Config{Host: s.URL}
}

// A report that cannot be decoded loses its own times, and no others'.
func TestOneBrokenReportLosesNoOthers(t *testing.T) {
	const head = `{"apiVersion": "openreports.io/v1alpha1", "kind": "%s", "metadata": {"namespace": "%s", "name": "tlsward-serviceentry"}, "results": %s}`
	good := `[{"policy": "tls-pending", "resources": [{"kind": "ServiceEntry", "namespace": "shop", "name": "bank"}],
  "properties": {"pendingSince": "2026-01-01T00:00:00Z", "host": "api.bank.example", "port": "80", "client": "shop"}}]`
	config := apiServer(t, map[string]string{
		"/apis/openreports.io/v1alpha1": `{"kind": "APIResourceList", "groupVersion": "openreports.io/v1alpha1", "resources": []}`,
		"/apis/openreports.io/v1alpha1/reports": fmt.Sprintf(`{"apiVersion": "openreports.io/v1alpha1", "kind": "ReportList", "items": [`+head+`, `+head+`]}`,
			"Report", "attacker", `"none"`, "Report", "shop", good),
		"/apis/openreports.io/v1alpha1/clusterreports": `{"apiVersion": "openreports.io/v1alpha1", "kind": "ClusterReportList", "items": []}`,
	})
	waits, err := Waits(t.Context(), config)
	if err == nil || !strings.Contains(err.Error(), "attacker/tlsward-serviceentry") {
		t.Errorf("which one is not told: %v", err)
	}
	want := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	since := waits[mesh.Ref{Kind: "ServiceEntry", Namespace: "shop", Name: "bank"}][audit.Wait{Host: "api.bank.example", Port: 80, Client: "shop"}]
	if len(waits) != 1 || !since.Equal(want) {
		t.Errorf("got %v", waits)
	}
}

// An API server that takes connections and answers nothing keeps nobody longer than the context says.
func TestAReportsAPIThatHangs(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(20 * time.Second):
		}
	}))
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if waits, err := Waits(ctx, &rest.Config{Host: s.URL}); err == nil || waits != nil || time.Since(began) > 10*time.Second {
		t.Errorf("after %s: %v, %v", time.Since(began), waits, err)
	}
}

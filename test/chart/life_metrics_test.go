//go:build chart

package chart

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

func metricsExist(t *testing.T, r *release) {
	rendered := run(t, r.helm, "template", releaseName, r.helm.Chart, "-n", releaseNamespace, "--set", "prometheusRule.enabled=true,dashboard.enabled=true")
	have := metrics(t, r.servers[0])
	for _, field := range strings.FieldsFunc(rendered, func(c rune) bool { return c != '_' && (c < 'a' || c > 'z') }) {
		if !strings.HasPrefix(field, "tlsward_") {
			continue
		}
		if !strings.Contains(have, "# TYPE "+strings.TrimSuffix(field, "_bucket")+" ") && !vectors[field] {
			t.Errorf("there is no metric %s", field)
		}
	}
}

// vectors are metrics that show only once something has been counted, or is there.
var vectors = map[string]bool{"tlsward_undecided_total": true, "tlsward_panics_total": true, "tlsward_policy_reloads_total": true,
	"tlsward_audit_violations": true, "tlsward_audit_connections": true, "tlsward_exemption_violations": true, "tlsward_exemption_days_left": true}

func readyz(t *testing.T, server *cluster.Replica) string {
	return get(t, fmt.Sprintf("http://127.0.0.1:%d/readyz?verbose", server.HealthPort))
}

func metrics(t *testing.T, server *cluster.Replica) string {
	return get(t, fmt.Sprintf("http://127.0.0.1:%d/metrics", server.MetricsPort))
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

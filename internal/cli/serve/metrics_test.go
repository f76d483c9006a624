package serve

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tlsward/tlsward/certs"
	"github.com/tlsward/tlsward/internal/golden"
)

const metricsHead = `# Metrics

<!-- Made by "make docs" from what the server registers. Change the help text there, not this page. -->

At ` + "`/metrics`" + ` on port 8080 (` + "`--metrics-port`" + `), in Prometheus' text format. All replicas show the same of the mesh: take ` + "`max by`" + `. What
only the one that leads does is counted by it alone. The chart's alerts ([operations](operations.md#alerts)) and its dashboard are made
from these. A name that ends in ` + "`_total`" + ` is a counter; in ` + "`_seconds`" + ` without ` + "`timestamp`" + ` or ` + "`age`" + `, of what each review takes, a histogram; the
others are gauges. Beside them are those of controller-runtime, client-go, Go and the process.

| metric | labels | |
|---|---|---|
`

// allOfServe are options by which everything of a server is there; its cluster is never asked, for nothing is started.
func allOfServe(t *testing.T) Options {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	text := `{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c}}], clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]}`
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Options{Kubeconfig: kubeconfig, Bind: "127.0.0.1", IstioNamespace: "istio-system", AuditInterval: time.Minute,
		Installation: Installation{Namespace: "tlsward-system", CASecret: "ca", WebhookConfigurations: "tlsward", CertNames: []string{"tlsward.example"},
			LeaderLease: "leader", CloseWebhook: true, Companions: true, Existing: true, Exemptions: true, ProbeNamespace: "default", Reports: true, Events: true,
			Lifetimes: certs.Lifetimes{CA: 1000 * time.Hour, Leaf: 100 * time.Hour}, CASettle: time.Minute, Heartbeat: time.Second}}
}

func TestEveryMetricIsDocumented(t *testing.T) {
	s := newServer(allOfServe(t), io.Discard)
	loaded, raw, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.connect(); err != nil {
		t.Fatal(err)
	}
	sources, err := s.policySources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.assemble(t.Context(), loaded, raw, sources); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "../../../docs/metrics.md", metricsHead+strings.Join(described(t, s.registry), ""))
}

// described returns a row for each metric of a registry, by name.
func described(t *testing.T, registry *prometheus.Registry) (rows []string) {
	t.Helper()
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		registry.Describe(descs)
	}()
	// The text of a Desc is all that it shows of itself.
	form := regexp.MustCompile(`^Desc\{fqName: "([^"]*)", help: "([^"]*)", unit: "", constLabels: \{\}, variableLabels: \{([^}]*)\}\}$`)
	for d := range descs {
		parts := form.FindStringSubmatch(d.String())
		if parts == nil || parts[2] == "" {
			t.Errorf("a metric is not told what it is: %s", d)
			continue
		}
		labels := strings.ReplaceAll(parts[3], ",", ", ")
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |\n", parts[1], cmp.Or(labels, " "), strings.ReplaceAll(parts[2], "|", `\|`)))
	}
	slices.Sort(rows)
	return rows
}

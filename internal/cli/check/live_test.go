package check

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
)

const storedEntry = `{"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "pay", "namespace": "shop"},
  "spec": {"hosts": ["pay.example"], "ports": [{"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 443}], "resolution": "DNS"}}`

func storedRule(mode string) string {
	return fmt.Sprintf(`{"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": "pay", "namespace": "shop"},
  "spec": {"host": "pay.example", "trafficPolicy": {"tls": {"mode": %q, "sni": "pay.example", "subjectAltNames": ["pay.example"]}}}}`, mode)
}

// kubeconfig returns the kubeconfig file of a cluster with this entry and this rule. It has no other kinds, and no rights to
// see Services.
func kubeconfig(t *testing.T, entry, rule string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		lists := map[string]string{
			"/apis/networking.istio.io/v1/serviceentries":   entry,
			"/apis/networking.istio.io/v1/destinationrules": rule,
		}
		item, served := lists[r.URL.Path]
		switch {
		case r.URL.Path == "/api/v1/services":
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": 403, "reason": "Forbidden"}`))
		case !served:
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound"}`))
		default:
			_, _ = fmt.Fprintf(w, `{"apiVersion": "v1", "kind": "List", "items": [%s]}`, item)
		}
	}))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, clusters: [{name: c, cluster: {server: %q}}],
  contexts: [{name: c, context: {cluster: c, namespace: shop}}]}`, server.URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRunLaysFilesOverACluster(t *testing.T) {
	inShop := func(text string) string { return strings.ReplaceAll(text, `, "namespace": "shop"`, "") }
	tests := []struct {
		name, rule, stdin string
		want              string
		err               error
	}{
		{"TLS is taken away", storedRule("SIMPLE"), inShop(storedRule("DISABLE")), "standard input:2: deny plaintext-egress DestinationRule shop/pay: ", cli.ErrIssuesFound},
		{"nothing changes", storedRule("SIMPLE"), inShop(storedRule("SIMPLE")), "1 object checked: 0 denials, 0 warnings\n", nil},
		{"TLS comes to what is stored", "", storedRule("SIMPLE"), "1 object checked: 0 denials, 0 warnings\n", nil},
		{"nothing of the mesh", storedRule("DISABLE"), "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "0 objects checked: 0 denials, 0 warnings\n", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := Options{Source: offline.Source{Paths: []string{"-"}, Kubeconfig: kubeconfig(t, storedEntry, test.rule)}, Output: "text"}
			var out, errs strings.Builder
			err := Run(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, In: strings.NewReader(test.stdin), Out: &out, Err: &errs})
			if !errors.Is(err, test.err) || !strings.Contains(out.String(), test.want) {
				t.Errorf("got %v, want %v; no %q in\n%s", err, test.err, test.want, out.String())
			}
			for _, note := range []string{"may not list and the mesh is judged without: services\n", "does not serve: virtualservices.networking.istio.io, ",
				"ConfigMap istio-system/istio is not there"} {
				if !strings.Contains(errs.String(), note) {
					t.Errorf("no %q on stderr:\n%s", note, errs.String())
				}
			}
		})
	}
}

func TestRunJudgesAClusterAsItStands(t *testing.T) {
	path := kubeconfig(t, strings.Replace(storedEntry, `, "targetPort": 443`, "", 1), storedRule("DISABLE"))
	for output, want := range map[string]string{
		"text":  "\n  the same: cluster DestinationRule shop/pay\n",
		"json":  `"file": "cluster"`,
		"sarif": `"fullyQualifiedName": "DestinationRule shop/pay"`,
	} {
		var out strings.Builder
		o := Options{Source: offline.Source{Kubeconfig: path}, Output: output}
		err := Run(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, Out: &out, Err: &strings.Builder{}})
		if !errors.Is(err, cli.ErrIssuesFound) || !strings.Contains(out.String(), want) {
			t.Errorf("%s: %v, no %q in\n%s", output, err, want, out.String())
		}
		if strings.Contains(out.String(), "physicalLocation") {
			t.Errorf("a place in a file:\n%s", out.String())
		}
	}
}

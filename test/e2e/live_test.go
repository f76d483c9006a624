package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

const lenientConfig = `
apiVersion: tlsward.io/v1alpha1
kind: Config
policies: {plaintext-egress: {action: warn}}
`

// liveSuite asks what a DELETE of the rule does to the entry that only the cluster has.
const liveSuite = `
apiVersion: tlsward.io/v1alpha1
kind: Suite
metadata: {name: live}
cases:
- name: the rule is deleted
  review:
    operation: DELETE
    oldObject:
      apiVersion: networking.istio.io/v1
      kind: DestinationRule
      metadata: {name: external, namespace: default}
      spec: {host: external.example, trafficPolicy: {tls: {mode: SIMPLE, sni: external.example}}}
  expect: {decision: deny, deny: [plaintext-egress]}
`

// check, explain, replay and test lay files over the mesh of a real API server, as a user who may only read, and leave it as it is.
func TestFilesAreLaidOverTheCluster(t *testing.T) {
	own := startCluster(t)
	if err := own.InstallCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	stage := newStage(t, own)
	namespace := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "istio-system"}}}
	settings := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "istio", "namespace": "istio-system"},
		"data":     map[string]any{"mesh": "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n"}}}
	entry := plainEntry()
	entry.Object["spec"].(map[string]any)["ports"].([]any)[0].(map[string]any)["targetPort"] = int64(443)
	for _, o := range []*unstructured.Unstructured{namespace, settings, entry, originatingRule()} {
		if _, err := stage.seed.of(o).Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	reader, err := own.Kubeconfig("reader", cluster.ReaderGroup)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := own.Kubeconfig("admin", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rule.yaml")
	if err := os.WriteFile(file, document(t, disabledRule()), 0o600); err != nil {
		t.Fatal(err)
	}
	lenient := filepath.Join(t.TempDir(), "lenient.yaml")
	if err := os.WriteFile(lenient, []byte(lenientConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	suite := filepath.Join(t.TempDir(), "suite.yaml")
	if err := os.WriteFile(suite, []byte(liveSuite), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string
	}{
		{"what is stored is in order", []string{"check", "--kubeconfig", admin}, 0, "0 denials", "does not serve: gatewayclasses.gateway.networking.k8s.io, "},
		{"a file that takes TLS away", []string{"check", "--kubeconfig", admin, "-f", file}, 1,
			"1 object checked: 1 denial", "does not serve"},
		{"as a user who may only read", []string{"check", "--kubeconfig", reader, "-f", file}, 1,
			"deny plaintext-egress DestinationRule default/external", "does not serve"},
		{"a stored host", []string{"explain", "--kubeconfig", admin, "external.example"}, 0, "originated", ""},
		{"the host with the file", []string{"explain", "--kubeconfig", admin, "-f", file, "external.example"}, 0, "plaintext", ""},
		{"new policies", []string{"replay", "--kubeconfig", admin, "-f", file, "--new-config", lenient}, 0, "DestinationRule default/external", ""},
		{"a Suite", []string{"test", "--kubeconfig", admin, suite}, 0, "1 passed, 0 failed", "does not serve"},
		{"a Suite without the cluster", []string{"test", suite}, 1, "0 passed, 1 failed", ""},
		{"an unknown context", []string{"check", "--kubeconfig", admin, "--context", "none"}, 2, "", "none"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, code := runProgram(t, test.args...)
			if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
				t.Errorf("exit code %d, want %d\n%s\n%s", code, test.code, stdout, stderr)
			}
		})
	}
	rule := stage.seed.stored(t.Context(), t, originatingRule())
	if mode, _, _ := unstructured.NestedString(rule.Object, "spec", "trafficPolicy", "tls", "mode"); mode != "SIMPLE" {
		t.Errorf("the stored rule was changed: %v", rule.Object)
	}
}

// runProgram runs tlsward, and returns what it wrote and its exit code.
func runProgram(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// noThree is a policy that refuses the ServiceEntries of hosts with a 3 in their names.
const noThree = `# METADATA
# title: No threes
# description: For a test.
# custom:
#   id: no-three
#   action: deny
#   kinds: [ServiceEntry]
package tlsward.no_three

violation contains {"message": sprintf("%s has a three", [host])} if {
	some host in input.object.spec.hosts
	contains(host, "3")
}
`

// replay reads a real API server as a user who may only read, whatever it serves, page by page.
func TestReplayReadsTheCluster(t *testing.T) {
	own := startCluster(t)
	kubeconfig, err := own.Kubeconfig("auditor", cluster.ReaderGroup)
	if err != nil {
		t.Fatal(err)
	}
	policies := t.TempDir()
	if err := os.WriteFile(filepath.Join(policies, "no_three.rego"), []byte(noThree), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code := replay(t, policies, "--kubeconfig", kubeconfig)
	if code != 0 || !strings.Contains(out, "total") {
		t.Errorf("without Istio: exit code %d, %s", code, out)
	}

	if err := own.InstallCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	stage := newStage(t, own)
	const entries = 520 // more than one page
	for i := range entries {
		e := plainEntry()
		e.SetName(fmt.Sprintf("external-%03d", i))
		e.Object["spec"].(map[string]any)["hosts"] = []any{fmt.Sprintf("external-%03d.example", i)}
		if _, err := stage.seed.of(e).Create(t.Context(), e, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	disabled := disabledRule()
	disabled.Object["spec"].(map[string]any)["host"] = "external-000.example"
	if _, err := stage.seed.of(disabled).Create(t.Context(), disabled, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}

	out, code = replay(t, policies, "--kubeconfig", kubeconfig, "-o", "json")
	var found []struct {
		Namespace       string
		NewlyDenied     []struct{ Object string }
		UnchangedDenied int
	}
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	threes := 0
	for i := range entries {
		if strings.Contains(fmt.Sprintf("%03d", i), "3") {
			threes++
		}
	}
	newly, denied := 0, 0
	for _, n := range found {
		newly, denied = newly+len(n.NewlyDenied), denied+n.UnchangedDenied
	}
	// The entry and the rule that stand in plaintext are refused before and after.
	if code != 1 || newly != threes || denied == 0 {
		t.Errorf("exit code %d, %d newly denied, %d refused as before; want 1, %d, some", code, newly, denied, threes)
	}
	fromFile, code := replay(t, policies, "-f", stage.export(t), "-o", "json")
	if code != 1 || strip(fromFile) != strip(out) {
		t.Errorf("the same objects in a file give another answer (exit code %d)", code)
	}
}

// replay runs the command, and returns what it printed and its exit code.
func replay(t *testing.T, policies string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, append([]string{"replay", "--policies", policies}, args...)...)
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if errs.Len() > 0 {
		t.Logf("replay: %s", errs.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// export writes all objects of the mesh to a file.
func (s stage) export(t *testing.T) string {
	t.Helper()
	var all []byte
	for _, resource := range append(meshResources(), namespaceResource) {
		list, err := s.seed.Resource(resource).List(context.WithoutCancel(t.Context()), metav1.ListOptions{})
		if apierrors.IsNotFound(err) {
			continue // the CRD is not installed
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list.Items {
			all = append(append(all, "---\n"...), document(t, &o)...)
		}
	}
	file := filepath.Join(t.TempDir(), "cluster.yaml")
	if err := os.WriteFile(file, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func document(t *testing.T, o *unstructured.Unstructured) []byte {
	t.Helper()
	raw, err := yaml.Marshal(o.Object)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// strip leaves out where objects were read.
func strip(report string) string {
	var lines []string
	for line := range strings.Lines(report) {
		if !strings.Contains(line, `"where"`) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

package fix

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/mend"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/manifests"
)

// many returns a directory with n rules that are denied for their sni, and one whose fix is for a person.
func many(t *testing.T, n int) string {
	t.Helper()
	var text strings.Builder
	for i := range n {
		tls := "{mode: SIMPLE, sni: other.example.com}"
		if i == 3 {
			tls = "{mode: MUTUAL, credentialName: c}"
		}
		fmt.Fprintf(&text, `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: e%[1]d, namespace: shop}
spec:
  hosts: [h%[1]d.example.com]
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: r%[1]d, namespace: shop}
spec: {host: h%[1]d.example.com, trafficPolicy: {tls: %[2]s}}
---
`, i, tls)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mesh.yaml"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Many fixes at a time lead where they lead one after the other, in a few passes.
func TestRush(t *testing.T) {
	const n = 24
	evaluator := denyingAll(t)
	o := Options{Source: offline.Source{Paths: []string{many(t, n)}, Namespace: "default"}}
	files, err := o.Files(nil)
	if err != nil {
		t.Fatal(err)
	}
	parse, err := o.Parser(t.Context(), evaluator)
	if err != nil {
		t.Fatal(err)
	}
	passes := 0
	j := &judge{streams: cli.Streams{ProgressAfter: time.Hour, Out: os.Stderr, Err: os.Stderr}.Silent(), parse: func(files []manifests.File, streams cli.Streams) (*offline.Mesh, error) {
		passes++
		return parse(files, streams)
	}}
	slowly, err := mend.Until(t.Context(), &state{files: files}, (*state).key, j.denials)
	if err != nil {
		t.Fatal(err)
	}
	slow := passes
	passes = 0
	start, made, err := j.rush(t.Context(), &state{files: files})
	if err != nil {
		t.Fatal(err)
	}
	quickly, err := mend.Until(t.Context(), start, (*state).key, j.denials)
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != n-1 || slow <= n-1 || passes > 6 {
		t.Errorf("%d fixes at once in %d passes, where one after the other took %d", len(made), passes, slow)
	}
	if slowly.State.key() != quickly.State.key() || len(quickly.Left) == 0 || len(quickly.Left) != len(slowly.Left) {
		t.Errorf("the files differ, or what is left: %v, and one after the other %v", quickly.Left, slowly.Left)
	}
	notes := func(s *state) []string { return slices.Sorted(slices.Values(s.notes)) }
	if len(notes(quickly.State)) != n-1 {
		t.Errorf("notes %q", notes(quickly.State))
	}
}

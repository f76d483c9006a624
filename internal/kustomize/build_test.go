package kustomize

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/internal/manifests"
)

const base = `# the base
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: bank}
spec:
  hosts: [api.bank.example]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: bank
  annotations: {team: shop}
spec:
  host: api.bank.example
  trafficPolicy:
    tls:
      mode: SIMPLE
`

// TestBuild looks at the objects, the places where they are from and where a field of them is.
func TestBuild(t *testing.T) {
	const field = "spec.trafficPolicy.tls.mode"
	tests := []struct {
		name  string
		files map[string]string
		want  []string // "PLACE: KIND NAMESPACE/NAME: LINE of the field"
	}{
		{"as it is", map[string]string{"kustomization.yaml": "resources: [mesh.yaml]", "mesh.yaml": base},
			[]string{"mesh.yaml:2: ServiceEntry bank: 5", "mesh.yaml:8: DestinationRule bank: 17"}},
		{"an overlay with another name, a namespace and a patch", map[string]string{
			"kustomization.yaml":      "resources: [base]\nnamespace: shop\nnamePrefix: prod-\nnameSuffix: -eu\npatches:\n- path: patch.yaml\n",
			"patch.yaml":              "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: bank}\nspec: {trafficPolicy: {tls: {mode: DISABLE}}}\n",
			"base/kustomization.yaml": "resources: [mesh.yaml]", "base/mesh.yaml": base},
			[]string{"base/mesh.yaml:2: ServiceEntry shop/prod-bank-eu: 5", "base/mesh.yaml:8: DestinationRule shop/prod-bank-eu: 17"}},
		{"a List", map[string]string{"Kustomization": "resources: [list.yaml]",
			"list.yaml": "apiVersion: v1\nkind: List\nitems:\n- apiVersion: networking.istio.io/v1\n  kind: DestinationRule\n  metadata: {name: a}\n  spec:\n    trafficPolicy: {tls: {mode: SIMPLE}}\n"},
			[]string{"list.yaml:4: DestinationRule a: 8"}},
		{"generated", map[string]string{"kustomization.yml": "configMapGenerator: [{name: istio, literals: [mesh=a], options: {disableNameSuffixHash: true}}]"},
			[]string{"kustomization.yml:1: ConfigMap istio: 1"}},
		{"who asks for origins keeps the other metadata", map[string]string{"kustomization.yaml": "resources: [mesh.yaml]\nbuildMetadata: [originAnnotations, managedByLabel]", "mesh.yaml": base},
			[]string{"mesh.yaml:2: ServiceEntry bank: 5", "mesh.yaml:8: DestinationRule bank: 17"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := write(t, test.files)
			f, err := Build(dir)
			if err != nil {
				t.Fatal(err)
			}
			docs := manifests.ReadContents([]manifests.File{f}, nil).Documents
			var got []string
			for _, d := range docs {
				got = append(got, fmt.Sprintf("%s: %s: %d", strings.TrimPrefix(d.Where(), dir+"/"), d.Head, d.LineOf(field)))
				if d.RenderedBy != "kustomize" || strings.Contains(string(d.Raw), "config.kubernetes.io") {
					t.Errorf("rendered by %q: %s", d.RenderedBy, d.Raw)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if !f.IsRendered() || len(f.Raw) > 0 {
				t.Errorf("the file has text: %q", f.Raw)
			}
		})
	}
}

func TestBuildCannot(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no kustomization", map[string]string{"a.yaml": base}, "unable to find one of"},
		{"no such resource", map[string]string{"kustomization.yaml": "resources: [none.yaml]"}, "none.yaml"},
		{"outside the directory", map[string]string{"kustomization.yaml": "resources: [/etc/hostname]"}, "/etc/hostname"},
		{"broken", map[string]string{"kustomization.yaml": "resources: [a"}, "invalid Kustomization"},
		{"a field that it does not have", map[string]string{"kustomization.yaml": "resorces: [a]"}, "resorces"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := write(t, test.files)
			_, err := Build(dir)
			if err == nil || !strings.HasPrefix(err.Error(), "kustomize "+dir+": ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

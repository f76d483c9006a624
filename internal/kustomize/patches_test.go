package kustomize

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/tlsward/tlsward/internal/manifests"
)

const ruleHead = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: bank}\n"

// TestPatchesAreNamed: of all kustomizations that are rendered, those that are for the object.
func TestPatchesAreNamed(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  []string // files with patches for the DestinationRule
	}{
		{"none", map[string]string{"kustomization.yaml": "resources: [mesh.yaml]"}, nil},
		{"a file", map[string]string{"kustomization.yaml": "resources: [mesh.yaml]\npatches: [{path: p.yaml}]", "p.yaml": ruleHead + "spec: {host: b}\n"}, []string{"p.yaml"}},
		{"for another object", map[string]string{"kustomization.yaml": "resources: [mesh.yaml]\npatches: [{path: p.yaml}]",
			"p.yaml": "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: bank}\nspec: {resolution: DNS}\n"}, nil},
		{"in the kustomization, with a target", map[string]string{"kustomization.yaml": "resources: [mesh.yaml]\npatches:\n- target: {kind: DestinationRule, name: b.*}\n" +
			"  patch: '[{\"op\": \"replace\", \"path\": \"/spec/host\", \"value\": \"c\"}]'\n"}, []string{"kustomization.yaml"}},
		{"with the target of others", map[string]string{"kustomization.yaml": "resources: [mesh.yaml]\npatches:\n- target: {kind: DestinationRule, name: ban}\n" +
			"  patch: '[{\"op\": \"replace\", \"path\": \"/spec/host\", \"value\": \"c\"}]'\n"}, nil},
		{"of a base, by the name there", map[string]string{"kustomization.yaml": "namePrefix: prod-\nresources: [base]", "base/kustomization.yaml": "resources: [../mesh]\npatches: [{path: p.yaml}]",
			"base/p.yaml": ruleHead + "spec: {host: b}\n", "mesh/kustomization.yaml": "resources: [mesh.yaml]", "mesh/mesh.yaml": base}, []string{"base/p.yaml"}},
		{"of an older kind", map[string]string{"kustomization.yaml": "resources: [mesh.yaml]\npatchesStrategicMerge: [p.yaml]", "p.yaml": ruleHead + "spec: {host: b}\n"}, []string{"p.yaml"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.files["mesh/mesh.yaml"] == "" {
				test.files["mesh.yaml"] = base
			}
			dir := write(t, test.files)
			f, err := Build(dir)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range manifests.ReadContents([]manifests.File{f}, nil).Documents {
				if d.Head.Kind != "DestinationRule" {
					continue
				}
				for _, file := range d.PatchedBy {
					rel, err := filepath.Rel(dir, file)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, rel)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

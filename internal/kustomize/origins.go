package kustomize

import (
	"fmt"
	"path/filepath"
	"slices"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// withOrigins is a file system on which all kustomizations ask that each object says where it is from.
type withOrigins struct{ filesys.FileSystem }

// ReadFile returns a file, a kustomization with buildMetadata: [originAnnotations].
func (fs withOrigins) ReadFile(path string) ([]byte, error) {
	raw, err := fs.FileSystem.ReadFile(path)
	if err != nil || !isKustomization(path) {
		return raw, err
	}
	k := map[string]any{}
	if err := yaml.Unmarshal(raw, &k); err != nil {
		return raw, nil // kustomize has the better error
	}
	list, _ := k["buildMetadata"].([]any)
	if slices.Contains(list, any(types.OriginAnnotations)) {
		return raw, nil
	}
	k["buildMetadata"] = append(list, types.OriginAnnotations)
	if raw, err = yaml.Marshal(k); err != nil {
		return nil, fmt.Errorf("ask for origins in %s: %w", path, err)
	}
	return raw, nil
}

func isKustomization(path string) bool {
	return slices.Contains(konfig.RecognizedKustomizationFileNames(), filepath.Base(path))
}

// kustomizationOf returns the kustomization in a directory.
func kustomizationOf(dir string) string {
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		if path := filepath.Join(dir, name); filesys.MakeFsOnDisk().Exists(path) {
			return path
		}
	}
	return dir
}

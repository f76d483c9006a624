package manifests

import (
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// setAside marks the found files that are parts of objects, and look like some: Helm's templates, and the patches of a
// kustomization.
func setAside(files []File) {
	reasons := map[string]string{}
	var templates []string
	for _, f := range files {
		switch directory := filepath.Dir(f.path); {
		case filepath.Base(f.path) == "Chart.yaml":
			templates = append(templates, filepath.Join(directory, "templates")+string(filepath.Separator))
		case isKustomization(f.path):
			for _, patch := range patches(f.Raw) {
				reasons[filepath.Join(directory, patch)] = "a patch of " + f.Name
			}
		}
	}
	for i := range files {
		f := &files[i]
		if !f.found {
			continue
		}
		name := filepath.Clean(f.path)
		f.aside = reasons[name]
		if slices.ContainsFunc(templates, func(dir string) bool { return strings.HasPrefix(name, dir) }) {
			f.aside = "a Helm template"
		}
	}
}

// isKustomization reports whether a file has one of the names that kustomize looks for (kustomize/api/konfig).
func isKustomization(name string) bool {
	return slices.Contains([]string{"kustomization.yaml", "kustomization.yml", "Kustomization"}, filepath.Base(name))
}

// patches returns the files that a kustomization names as patches.
func patches(raw []byte) []string {
	type patch struct {
		Path string `json:"path"`
	}
	var k struct {
		Patches               []patch  `json:"patches"`
		PatchesJSON6902       []patch  `json:"patchesJson6902"`
		PatchesStrategicMerge []string `json:"patchesStrategicMerge"`
	}
	if yaml.Unmarshal(raw, &k) != nil {
		return nil
	}
	names := k.PatchesStrategicMerge // some are patches themselves, and no file has such a name
	for _, p := range slices.Concat(k.Patches, k.PatchesJSON6902) {
		if p.Path != "" {
			names = append(names, p.Path)
		}
	}
	return names
}

package kustomize

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/internal/manifests"
)

// patch is one that a kustomization makes, and of what objects.
type patch struct {
	file string         // in which it stands
	kind string         // "" for all
	name *regexp.Regexp // nil for all
}

// patches are those of a kustomization, and of all below it.
type patches []patch

// of returns the files with patches for an object, by what it is called once it is rendered, and in its source.
func (p patches) of(rendered, source manifests.Head) []string {
	var files []string
	for _, one := range p {
		if one.isFor(rendered) || source.Kind != "" && one.isFor(source) {
			files = append(files, one.file)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

func (p patch) isFor(head manifests.Head) bool {
	return (p.kind == "" || p.kind == head.Kind) && (p.name == nil || p.name.MatchString(head.Metadata.Name))
}

// patchesOf returns the patches of the kustomization in a directory and of those in the directories that it names. What cannot be
// read has none: kustomize has told why.
func patchesOf(dir string) patches {
	var all patches
	seen := map[string]bool{}
	next := []string{dir}
	for len(next) > 0 {
		dir, next = next[0], next[1:]
		if seen[filepath.Clean(dir)] {
			continue
		}
		seen[filepath.Clean(dir)] = true
		file := kustomizationOf(dir)
		var k types.Kustomization
		if raw, err := os.ReadFile(file); err != nil || yaml.Unmarshal(raw, &k) != nil {
			continue
		}
		all = append(all, inKustomization(file, k)...)
		for _, other := range slices.Concat(k.Resources, k.Bases, k.Components) { //nolint:staticcheck // bases are old, and still read
			next = append(next, filepath.Join(dir, other)) // a file, or another repository, has no kustomization
		}
	}
	return all
}

// inKustomization returns the patches that a kustomization names.
func inKustomization(file string, k types.Kustomization) patches {
	list := slices.Concat(k.Patches, k.PatchesJson6902) //nolint:staticcheck // old, and still read
	for _, text := range k.PatchesStrategicMerge {      //nolint:staticcheck // the same
		list = append(list, types.Patch{Path: string(text)})
	}
	var all patches
	for _, p := range list {
		place, raw := file, []byte(p.Patch)
		if p.Path != "" {
			place = filepath.Join(filepath.Dir(file), p.Path)
			var err error
			if raw, err = os.ReadFile(place); err != nil {
				place, raw = file, []byte(p.Path) // the patch itself
			}
		}
		all = append(all, targets(place, raw, p.Target)...)
	}
	return all
}

// targets returns a patch for each thing that it is for: its target, or the objects that it names.
func targets(file string, raw []byte, target *types.Selector) patches {
	if target != nil {
		name, _ := regexp.Compile("^(?:" + target.Name + ")$")
		if target.Name == "" {
			name = nil
		}
		return patches{{file: file, kind: target.Kind, name: name}}
	}
	docs, err := manifests.Parse(file, raw)
	if err != nil {
		return nil
	}
	var all patches
	for _, d := range docs {
		all = append(all, patch{file: file, kind: d.Head.Kind, name: regexp.MustCompile("^" + regexp.QuoteMeta(d.Head.Metadata.Name) + "$")})
	}
	return all
}

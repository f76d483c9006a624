package kustomize

import (
	"fmt"
	"path/filepath"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/tlsward/tlsward/internal/manifests"
)

// tool is what the documents are rendered by.
const tool = "kustomize"

// Build renders the kustomization in a directory as `kustomize build` does: no plugins, and files of the directories alone that
// the kustomization names. Each object has the lines of the file that it is from; one that is generated, or from another
// repository, those of the kustomization.
func Build(dir string) (manifests.File, error) {
	rendered, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(withOrigins{filesys.MakeFsOnDisk()}, dir)
	if err != nil {
		return manifests.File{}, fmt.Errorf("kustomize %s: %w", dir, err)
	}
	docs, err := newSources(dir).documents(rendered)
	if err != nil {
		return manifests.File{}, fmt.Errorf("kustomize %s: %w", dir, err)
	}
	return manifests.RenderedFile(dir, docs), nil
}

// sources are the files that objects are from.
type sources struct {
	dir     string
	files   map[string][]manifests.Document
	patches patches
}

func newSources(dir string) *sources {
	return &sources{dir: dir, files: map[string][]manifests.Document{}, patches: patchesOf(dir)}
}

// documents returns the objects with the places where they are from.
func (s *sources) documents(rendered resmap.ResMap) ([]manifests.Document, error) {
	var docs []manifests.Document
	for _, r := range rendered.Resources() {
		d, err := s.document(r)
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return docs, nil
}

func (s *sources) document(r *resource.Resource) (manifests.Document, error) {
	origin, err := r.GetOrigin()
	if err != nil {
		return manifests.Document{}, fmt.Errorf("origin of %s: %w", r.CurId(), err)
	}
	if err := withoutOrigin(r); err != nil {
		return manifests.Document{}, err
	}
	raw, err := r.MarshalJSON()
	if err != nil {
		return manifests.Document{}, fmt.Errorf("read %s: %w", r.CurId(), err)
	}
	head, err := manifests.ReadHead(raw)
	if err != nil {
		return manifests.Document{}, fmt.Errorf("read %s: %w", r.CurId(), err)
	}
	found := s.find(origin, head)
	made, err := found.Render(raw, tool)
	made.PatchedBy = s.patches.of(head, found.Head)
	return made, err
}

// withoutOrigin takes the annotation away that this package has asked for.
func withoutOrigin(r *resource.Resource) error {
	if err := r.SetOrigin(nil); err != nil {
		return fmt.Errorf("take the origin from %s: %w", r.CurId(), err)
	}
	return nil
}

// find returns the document that an object is likely made of.
func (s *sources) find(origin *resource.Origin, head manifests.Head) manifests.Document {
	if origin != nil && origin.Repo == "" && origin.Path != "" {
		name := filepath.Join(s.dir, origin.Path)
		if found, ok := manifests.Nearest(s.read(name), head); ok {
			return found
		}
		return manifests.Document{File: name, Line: 1}
	}
	return manifests.Document{File: kustomizationOf(s.dir), Line: 1}
}

// read returns the objects of a file, none where it cannot be read: then its first line has to do.
func (s *sources) read(name string) []manifests.Document {
	docs, known := s.files[name]
	if !known {
		docs, _ = manifests.Read(nil, name)
		s.files[name] = docs
	}
	return docs
}

package fix

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/internal/yamledit"
)

// change is a file before and after.
type change struct {
	name          string
	before, after []byte
}

// rewrite returns all files, in order, with the patches of m's objects applied. m is the mutated mesh of these files.
// The error names, with file and line, each document that cannot be edited; then no change is returned.
func rewrite(files []manifests.File, m *offline.Mesh) ([]change, error) {
	texts := map[string][]*text{}
	for _, o := range m.Objects {
		if len(o.Patch) > 0 {
			texts[o.File] = addTo(texts[o.File], o)
		}
	}
	var changes []change
	var errs []error
	for _, f := range files {
		after, err := edited(f, texts[f.Name])
		changes, errs = append(changes, change{f.Name, f.Raw, after}), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return changes, nil
}

// text is one YAML or JSON document of a file, with the patches of the objects in it: a List holds several.
type text struct {
	where   string
	offset  int
	raw     []byte
	patches [][]jsonpatch.Operation
}

// addTo adds the patch of o, with paths from the root of its document, to the document that holds it.
func addTo(list []*text, o *offline.Object) []*text {
	raw, offset := o.Text()
	patch := slices.Clone(o.Patch)
	for i := range patch {
		patch[i].Path = o.Pointer() + patch[i].Path
	}
	i := slices.IndexFunc(list, func(t *text) bool { return t.offset == offset })
	if i < 0 {
		i, list = len(list), append(list, &text{where: o.Where(), offset: offset, raw: raw})
	}
	list[i].patches = append(list[i].patches, patch)
	return list
}

// edited returns the file with its changed documents.
func edited(f manifests.File, texts []*text) ([]byte, error) {
	slices.SortFunc(texts, func(a, b *text) int { return a.offset - b.offset })
	var out bytes.Buffer
	var errs []error
	at := 0
	for _, t := range texts {
		after, err := yamledit.Apply(t.raw, t.patches...)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", t.where, err))
		}
		out.Write(f.Raw[at:t.offset])
		out.Write(after)
		at = t.offset + len(t.raw)
	}
	out.Write(f.Raw[at:])
	return out.Bytes(), errors.Join(errs...)
}

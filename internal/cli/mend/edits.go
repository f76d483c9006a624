package mend

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

// Edits are changes of the documents of files. The zero value has none.
type Edits struct {
	documents []*document
}

// document is one YAML or JSON document of a file, with the patches of the objects in it (a List holds several), and the text
// that comes before it.
type document struct {
	file, where string
	offset      int
	raw         []byte
	patches     [][]jsonpatch.Operation
	before      []byte
}

// Patch changes an object by a patch with paths from its root.
func (e *Edits) Patch(o *offline.Object, patch []jsonpatch.Operation) {
	if len(patch) == 0 {
		return
	}
	patch = slices.Clone(patch)
	for i := range patch {
		patch[i].Path = o.Pointer() + patch[i].Path
	}
	d := e.documentOf(o)
	d.patches = append(d.patches, patch)
}

// documentOf returns the document that an object stands in.
func (e *Edits) documentOf(o *offline.Object) *document {
	raw, offset := o.Text()
	for _, d := range e.documents {
		if d.file == o.File && d.offset == offset {
			return d
		}
	}
	d := &document{file: o.File, where: o.Where(), offset: offset, raw: raw}
	e.documents = append(e.documents, d)
	return d
}

// Apply returns the files, in order, with the changes made. The error names, with file and line, each document that cannot be
// edited; then no file is returned.
func (e *Edits) Apply(files []manifests.File) ([]manifests.File, error) {
	slices.SortStableFunc(e.documents, func(a, b *document) int { return a.offset - b.offset })
	changed := slices.Clone(files)
	var errs []error
	for i := range changed {
		var err error
		changed[i].Raw, err = e.text(files[i])
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return changed, nil
}

// text returns the text of a file with its changed documents.
func (e *Edits) text(f manifests.File) ([]byte, error) {
	var out bytes.Buffer
	var errs []error
	at := 0
	for _, d := range e.documents {
		if d.file != f.Name {
			continue
		}
		after, err := yamledit.Apply(d.raw, d.patches...)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", d.where, err))
			continue
		}
		out.Write(f.Raw[at:d.offset])
		out.Write(insertBefore(d.before, after))
		at = d.offset + len(d.raw)
	}
	if at == 0 {
		return f.Raw, errors.Join(errs...)
	}
	out.Write(f.Raw[at:])
	return out.Bytes(), errors.Join(errs...)
}

// Package fix gives manifests as the mutating webhook would leave them, in the very text that a person wrote.
//
// What is filled in is decided by package mutators, how text is edited by package rewrite.
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

// Change is a file before and after.
type Change struct {
	Name          string
	Before, After []byte
}

// Changed says whether there is a difference.
func (c Change) Changed() bool { return !bytes.Equal(c.Before, c.After) }

// Files gives all files, in order, with the patches of m's objects applied. m is the mutated mesh of these files. The
// error names, with file and line, each document that cannot be edited; then nothing is given.
func Files(files []manifests.File, m *offline.Mesh) ([]Change, error) {
	texts := map[string][]*text{}
	for _, o := range m.Objects {
		if len(o.Patch) > 0 {
			texts[o.File] = addTo(texts[o.File], o)
		}
	}
	var changes []Change
	var errs []error
	for _, f := range files {
		after, err := edited(f, texts[f.Name])
		changes, errs = append(changes, Change{Name: f.Name, Before: f.Raw, After: after}), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return changes, nil
}

// text is one document of a file with the patches of the objects in it.
type text struct {
	where   string
	offset  int
	raw     []byte
	patches [][]jsonpatch.Operation
}

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

// edited gives the file with its changed texts.
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

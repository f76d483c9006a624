// Package yamledit applies JSON patches (RFC 6902) to YAML and JSON text and leaves all else as a person wrote it:
// comments, order, quotes, blank lines. It inserts text, and never writes a document anew; a result whose value is not
// exactly that of the patched document is an error.
//
// What is patched, and why, does not belong here.
package yamledit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	apply "github.com/evanphx/json-patch/v5"
	jsonpatch "gomodules.xyz/jsonpatch/v2"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/internal/jsonpath"
)

// Apply applies patches to one document. Each patch changes another part of it, as those of the items of a List do.
// Operations are add (to a mapping, or to the end of a list), replace and remove. The error names the operation that the text
// cannot take.
func Apply(text []byte, patches ...[]jsonpatch.Operation) ([]byte, error) {
	want, err := expected(text, slices.Concat(patches...))
	if err != nil {
		return nil, err
	}
	out := text
	// Finding places costs a pass over the text, so a pass takes an operation of each patch.
	for round := 0; ; round++ {
		var ops []jsonpatch.Operation
		for _, patch := range patches {
			if round < len(patch) {
				ops = append(ops, patch[round])
			}
		}
		if len(ops) == 0 {
			break
		}
		if out, err = applyAll(out, ops); err != nil {
			return nil, err
		}
	}
	got, err := values(out)
	if err != nil || !reflect.DeepEqual(got, want) {
		return nil, errors.New("the text is written in a way that cannot be edited in place")
	}
	return out, nil
}

// expected returns the value that the text must have once the patch is applied: by another implementation, which knows
// no text.
func expected(text []byte, patch []jsonpatch.Operation) (any, error) {
	raw, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	ops, err := json.Marshal(patch)
	if err != nil {
		return nil, err
	}
	decoded, err := apply.DecodePatch(ops)
	if err != nil {
		return nil, err
	}
	if raw, err = decoded.Apply(raw); err != nil {
		return nil, err
	}
	return values(raw)
}

func values(text []byte) (any, error) {
	raw, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	var v any
	err = json.Unmarshal(raw, &v)
	return v, err
}

// applyAll applies operations that do not touch each other.
func applyAll(text []byte, ops []jsonpatch.Operation) ([]byte, error) {
	d, err := newDocument(text)
	if err != nil {
		return nil, err
	}
	var all []edit
	for _, op := range ops {
		if !slices.Contains([]string{"add", "replace", "remove"}, op.Operation) {
			return nil, fmt.Errorf("%s %s: not supported", op.Operation, op.Path)
		}
		edits, err := d.edit(op.Operation, jsonpath.PointerTokens(op.Path), op.Value)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", op.Operation, op.Path, err)
		}
		all = append(all, edits...)
	}
	slices.SortStableFunc(all, func(a, b edit) int { return a.from - b.from })
	return splice(text, all), nil
}

// edit puts text in the place of text[from:to].
type edit struct {
	from, to int
	text     string
}

// splice applies edits, which are in order and do not overlap.
func splice(text []byte, edits []edit) []byte {
	var b bytes.Buffer
	at := 0
	for _, e := range edits {
		b.Write(text[at:e.from])
		b.WriteString(e.text)
		at = e.to
	}
	b.Write(text[at:])
	return b.Bytes()
}

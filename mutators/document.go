package mutators

import (
	"gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/internal/jsonpath"
)

// document is a JSON object under edit, with the patch that repeats the edits.
type document struct {
	root  map[string]any
	patch []jsonpatch.Operation
}

// object returns the object at p, nil if there is none.
func (d *document) object(p jsonpath.Path) map[string]any { return jsonpath.Object(d.root, p) }

// set puts a value where none is. A parent that is missing is added with it, as one operation; but for an element of
// a list: what is not there cannot be edited.
func (d *document) set(p jsonpath.Path, value any) {
	if len(p) == 0 {
		return
	}
	parent := p[:len(p)-1]
	key, ok := p[len(p)-1].(string)
	if !ok {
		return
	}
	if object := d.object(parent); object != nil {
		object[key] = value
		d.record(p, value)
		return
	}
	d.set(parent, map[string]any{key: value})
}

// add appends to the list at p, which is made where it is missing.
func (d *document) add(p jsonpath.Path, value any) {
	list, ok := jsonpath.Get(d.root, p).([]any)
	if !ok {
		d.set(p, []any{value})
		return
	}
	d.object(p[:len(p)-1])[p[len(p)-1].(string)] = append(list, value)
	d.record(p.Child(jsonpath.Append{}), value)
}

// record notes an edit. The value is copied, so that a later edit does not reach into an earlier operation.
func (d *document) record(p jsonpath.Path, value any) {
	d.patch = append(d.patch, jsonpatch.NewOperation("add", p.Pointer(), jsonpath.Clone(value)))
}

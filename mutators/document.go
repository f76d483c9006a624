package mutators

import (
	"strconv"
	"strings"

	"gomodules.xyz/jsonpatch/v2"
)

// document is a JSON object under edit, with the patch that repeats the edits.
type document struct {
	root  map[string]any
	patch []jsonpatch.Operation
}

// path leads to a value: keys (string) and indexes (int).
type path []any

// pathOf reads a path such as spec.subsets[0].trafficPolicy.tls.
func pathOf(field string) path {
	var p path
	for part := range strings.SplitSeq(field, ".") {
		name, rest, _ := strings.Cut(part, "[")
		p = append(p, name)
		for rest != "" {
			var index string
			index, rest, _ = strings.Cut(rest, "]")
			n, err := strconv.Atoi(index)
			if err != nil {
				return nil
			}
			p = append(p, n)
			rest = strings.TrimPrefix(rest, "[")
		}
	}
	return p
}

func (p path) child(step any) path { return append(append(path{}, p...), step) }

// pointer gives the path as a JSON pointer (RFC 6901).
func (p path) pointer() string {
	var b strings.Builder
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for _, step := range p {
		b.WriteByte('/')
		switch step := step.(type) {
		case string:
			b.WriteString(escape.Replace(step))
		case int:
			b.WriteString(strconv.Itoa(step))
		}
	}
	return b.String()
}

// get gives the value at p, nil where there is none.
func (d *document) get(p path) any {
	var value any = d.root
	for _, step := range p {
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
		case int:
			list, _ := value.([]any)
			if step < 0 || step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

func (d *document) object(p path) map[string]any {
	object, _ := d.get(p).(map[string]any)
	return object
}

// set puts a value where none is. A parent that is missing is added with it, as one operation; but for an element of
// a list: what is not there cannot be edited.
func (d *document) set(p path, value any) {
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
		d.patch = append(d.patch, jsonpatch.NewOperation("add", p.pointer(), clone(value)))
		return
	}
	if len(parent) > 0 {
		d.set(parent, map[string]any{key: value})
	}
}

// add appends to the list at p, which is made where it is missing.
func (d *document) add(p path, value any) {
	list, ok := d.get(p).([]any)
	if !ok {
		d.set(p, []any{value})
		return
	}
	d.object(p[:len(p)-1])[p[len(p)-1].(string)] = append(list, value)
	d.patch = append(d.patch, jsonpatch.NewOperation("add", p.pointer()+"/-", clone(value)))
}

// clone copies JSON, so that a later edit does not reach into an earlier operation.
func clone(value any) any {
	switch value := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(value))
		for k, v := range value {
			copied[k] = clone(v)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, v := range value {
			copied[i] = clone(v)
		}
		return copied
	}
	return value
}

package structural

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	kjson "sigs.k8s.io/json"
)

// Unknown is a field that the kind of its object does not have.
type Unknown struct {
	// Path leads to the field from the object's root: spec.ports[0].nam.
	Path string
	// Nearest is the field that was probably meant: a name beside it, or a path from where it is; "" if there is none like it.
	Nearest string
}

// String returns what is wrong, in a few words.
func (u Unknown) String() string {
	return fmt.Sprintf("unknown field %s%s", u.Path, didYouMean(u.Nearest))
}

// Prune returns an object (JSON) as the API server stores it, without the fields that its kind does not have, and those fields in
// order. An object of a kind that is not known, or that has no such fields, is returned as it is.
func Prune(apiVersion, kind string, raw []byte) (pruned []byte, dropped []Unknown, err error) {
	fields, err := Of(apiVersion, kind)
	if err != nil || fields == nil {
		return raw, nil, err
	}
	var object any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &object); err != nil {
		return nil, nil, fmt.Errorf("read object: %w", err)
	}
	if dropped = fields.prune("", object); dropped == nil {
		return raw, nil, nil
	}
	if pruned, err = json.Marshal(object); err != nil {
		return nil, nil, fmt.Errorf("write object: %w", err)
	}
	return pruned, dropped, nil
}

// prune takes away what a value has beside its fields, and returns it. A value of the wrong type has nothing: that is another error.
func (f *Fields) prune(path string, value any) []Unknown {
	if f == nil || f.Any {
		return nil
	}
	var out []Unknown
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			out = append(out, f.Items.prune(fmt.Sprintf("%s[%d]", path, i), item)...)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			at := strings.TrimPrefix(path+"."+name, ".")
			switch field := f.Properties[name]; {
			case field != nil:
				out = append(out, field.prune(at, value[name])...)
			case f.Values != nil:
				out = append(out, f.Values.prune(at, value[name])...)
			case f.Properties != nil:
				delete(value, name)
				out = append(out, Unknown{Path: at, Nearest: f.nearest(name)})
			}
		}
	}
	return out
}

// nearest returns the property that a name was probably meant to be, else where a property of that very name is further down.
func (f *Fields) nearest(name string) string {
	if best := nearest(name, slices.Collect(maps.Keys(f.Properties))); best != "" {
		return best
	}
	return f.below(name)
}

// below returns the shortest path to a property of a name below those of f; "" if there is none.
func (f *Fields) below(name string) string {
	type place struct {
		path   string
		fields *Fields
	}
	next := []place{{"", f}}
	for len(next) > 0 {
		at := next[0]
		next = next[1:]
		for _, property := range slices.Sorted(maps.Keys(at.fields.Properties)) {
			path, fields := strings.TrimPrefix(at.path+"."+property, "."), at.fields.Properties[property]
			if property == name {
				return path
			}
			if fields.Items != nil {
				path, fields = path+"[]", fields.Items
			}
			next = append(next, place{path, fields})
		}
	}
	return ""
}

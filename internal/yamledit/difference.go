package yamledit

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	jsonpatch "gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/internal/jsonpath"
)

// Difference returns a patch that leads from one value (JSON) to another, in operations that Apply takes. It says as little as it can,
// so that the text around what changes stays: a list is written anew only where items come into its middle.
func Difference(from, to []byte) ([]jsonpatch.Operation, error) {
	var a, b any
	if err := json.Unmarshal(from, &a); err != nil {
		return nil, fmt.Errorf("compare: read what is there: %w", err)
	}
	if err := json.Unmarshal(to, &b); err != nil {
		return nil, fmt.Errorf("compare: read what is to be: %w", err)
	}
	return differenceAt(nil, a, b), nil
}

func differenceAt(path jsonpath.Path, from, to any) []jsonpatch.Operation {
	if reflect.DeepEqual(from, to) {
		return nil
	}
	switch from := from.(type) {
	case map[string]any:
		if to, ok := to.(map[string]any); ok && len(from) > 0 && len(to) > 0 {
			return ofMaps(path, from, to)
		}
	case []any:
		if to, ok := to.([]any); ok && len(from) > 0 && len(to) > 0 {
			return ofLists(path, from, to)
		}
	}
	return []jsonpatch.Operation{jsonpatch.NewOperation("replace", path.Pointer(), to)}
}

// ofMaps adds before it removes: a mapping in block style cannot be empty.
func ofMaps(path jsonpath.Path, from, to map[string]any) []jsonpatch.Operation {
	var added, removed []jsonpatch.Operation
	for _, key := range slices.Sorted(maps.Keys(from)) {
		if value, kept := to[key]; kept {
			added = append(added, differenceAt(path.Child(key), from[key], value)...)
		} else {
			removed = append(removed, jsonpatch.NewOperation("remove", path.Child(key).Pointer(), nil))
		}
	}
	for _, key := range sortedKeys(to) {
		if _, known := from[key]; !known {
			added = append(added, jsonpatch.NewOperation("add", path.Child(key).Pointer(), to[key]))
		}
	}
	return append(added, removed...)
}

// ofLists leaves the items at the beginning and the end that are the same. What is between them changes item by item, goes, or
// comes to the list's end.
func ofLists(path jsonpath.Path, from, to []any) (ops []jsonpatch.Operation) {
	head := 0
	for head < len(from) && head < len(to) && reflect.DeepEqual(from[head], to[head]) {
		head++
	}
	tail := 0
	for tail < len(from)-head && tail < len(to)-head && reflect.DeepEqual(from[len(from)-1-tail], to[len(to)-1-tail]) {
		tail++
	}
	old, changed := from[head:len(from)-tail], to[head:len(to)-tail]
	switch {
	case len(old) == len(changed):
		for i := range old {
			ops = append(ops, differenceAt(path.Child(head+i), old[i], changed[i])...)
		}
	case len(changed) == 0:
		for i := len(old) - 1; i >= 0; i-- {
			ops = append(ops, jsonpatch.NewOperation("remove", path.Child(head+i).Pointer(), nil))
		}
	case len(old) == 0 && tail == 0:
		for _, item := range changed {
			ops = append(ops, jsonpatch.NewOperation("add", path.Child(jsonpath.Append{}).Pointer(), item))
		}
	default:
		ops = append(ops, jsonpatch.NewOperation("replace", path.Pointer(), to))
	}
	return ops
}

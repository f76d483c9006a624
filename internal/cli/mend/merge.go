package mend

import (
	"errors"
	"reflect"
)

// errOtherItems is the error of a list that cannot be changed item by item.
var errOtherItems = errors.New("a list of the file has other items than its fix was made for")

// merge returns what stands in a file with the change made that leads from one value to another. from is what the file
// has as the fix saw it: completed, and with defaults spelled out. Of the file's value only that is touched in which the two differ.
func merge(from, to, file any) (any, error) {
	if reflect.DeepEqual(from, to) {
		return file, nil
	}
	switch to := to.(type) {
	case map[string]any:
		from, isMap := from.(map[string]any)
		if file, ok := file.(map[string]any); ok && isMap {
			return mergeMaps(from, to, file)
		}
	case []any:
		from, isList := from.([]any)
		if file, ok := file.([]any); ok && isList {
			return mergeLists(from, to, file)
		}
	}
	return to, nil
}

func mergeMaps(from, to, file map[string]any) (_ map[string]any, err error) {
	merged := map[string]any{}
	for key, value := range file {
		_, had := from[key]
		if _, has := to[key]; has || !had {
			merged[key] = value
		}
	}
	for key, value := range to {
		before, had := from[key]
		if had && reflect.DeepEqual(before, value) {
			continue // also where the file does not have it: it is filled in elsewhere
		}
		if written, has := file[key]; has {
			if value, err = merge(before, value, written); err != nil {
				return nil, err
			}
		}
		merged[key] = value
	}
	return merged, nil
}

// mergeLists keeps the file's items at the beginning and at the end that are the same in both. What from has behind the file's
// items is filled in elsewhere, and is written only where it changes.
func mergeLists(from, to, file []any) ([]any, error) {
	head, most := 0, min(len(from), len(to))
	for head < most && reflect.DeepEqual(from[head], to[head]) {
		head++
	}
	tail := 0
	for tail < most-head && reflect.DeepEqual(from[len(from)-1-tail], to[len(to)-1-tail]) {
		tail++
	}
	before, after := from[head:len(from)-tail], to[head:len(to)-tail]
	oneByOne := len(before) == len(after)
	if len(file) != len(from) {
		unclear := !oneByOne && len(before) > 0 && len(after) > 0
		if unclear || !holds(from, file) {
			return nil, errOtherItems
		}
	}
	merged := append([]any{}, file[:min(head, len(file))]...)
	for i, item := range after {
		switch at := head + i; {
		case oneByOne && at < len(file):
			var err error
			if item, err = merge(before[i], item, file[at]); err != nil {
				return nil, err
			}
		case oneByOne && reflect.DeepEqual(before[i], item):
			continue
		}
		merged = append(merged, item)
	}
	return append(merged, file[min(len(from)-tail, len(file)):]...), nil
}

// holds reports whether a value is another one with more fields, or more items at the end of its lists.
func holds(whole, part any) bool {
	switch part := part.(type) {
	case nil:
		return true // the API server drops it
	case map[string]any:
		whole, _ := whole.(map[string]any)
		for key, value := range part {
			if !holds(whole[key], value) {
				return false
			}
		}
		return true
	case []any:
		whole, _ := whole.([]any)
		for i, item := range part {
			if i >= len(whole) || !holds(whole[i], item) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(whole, part)
}

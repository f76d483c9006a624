package mend

import "reflect"

// merge returns what stands in a file with the change made that leads from one value to another. from is what the file
// has as the fix saw it: completed, and with defaults spelled out. Of the file's value only that is touched in which the two differ.
func merge(from, to, file any) any {
	if reflect.DeepEqual(from, to) {
		return file
	}
	switch to := to.(type) {
	case map[string]any:
		from, isMap := from.(map[string]any)
		if file, ok := file.(map[string]any); ok && isMap {
			return mergeMaps(from, to, file)
		}
	case []any:
		from, isList := from.([]any)
		if file, ok := file.([]any); ok && isList && len(file) == len(from) {
			return mergeLists(from, to, file)
		}
	}
	return to
}

func mergeMaps(from, to, file map[string]any) map[string]any {
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
			value = merge(before, value, written)
		}
		merged[key] = value
	}
	return merged
}

// mergeLists keeps the file's items at the beginning and at the end that are the same in both.
func mergeLists(from, to, file []any) []any {
	head, most := 0, min(len(from), len(to))
	for head < most && reflect.DeepEqual(from[head], to[head]) {
		head++
	}
	tail := 0
	for tail < most-head && reflect.DeepEqual(from[len(from)-1-tail], to[len(to)-1-tail]) {
		tail++
	}
	merged := append([]any{}, file[:head]...)
	for i, item := range to[head : len(to)-tail] {
		if len(from) == len(to) {
			item = merge(from[head+i], item, file[head+i])
		}
		merged = append(merged, item)
	}
	return append(merged, file[len(file)-tail:]...)
}

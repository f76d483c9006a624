package mesh

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// maxDecodes bounds the search for the part of a spec that cannot be read.
const maxDecodes = 2000

// unreadableField returns the path of the first part of a kind's spec that cannot be read on its own, as
// ".ports[1].number"; "" where no part alone is at fault. The decoders' errors do not have that path.
func unreadableField(kind string, raw json.RawMessage) string {
	path, probes := "", 0
	wrap := func(part json.RawMessage) json.RawMessage { return part }
	for {
		found := false
		for _, child := range jsonParts(raw) {
			if probes++; probes > maxDecodes {
				return path
			}
			outer, inner := wrap, child.wrap
			within := func(part json.RawMessage) json.RawMessage { return outer(inner(part)) }
			if _, _, err := decodeSpec(kind, within(child.raw)); err == nil {
				continue
			}
			path, raw, wrap, found = path+child.name, child.raw, within, true
			break
		}
		if !found {
			return path
		}
	}
}

// jsonPart is an element of a JSON object or list: its name in a path, and a function that puts it alone into its parent.
type jsonPart struct {
	name string
	raw  json.RawMessage
	wrap func(json.RawMessage) json.RawMessage
}

// jsonParts returns the elements of an object, by name, or of a list; nil for any other value.
func jsonParts(raw json.RawMessage) []jsonPart {
	var out []jsonPart
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) == nil {
		for _, key := range slices.Sorted(maps.Keys(object)) {
			quoted, err := json.Marshal(key)
			if err != nil {
				continue
			}
			out = append(out, jsonPart{name: "." + key, raw: object[key], wrap: func(part json.RawMessage) json.RawMessage {
				return slices.Concat([]byte("{"), quoted, []byte(":"), part, []byte("}"))
			}})
		}
		return out
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	for i, element := range list {
		out = append(out, jsonPart{name: fmt.Sprintf("[%d]", i), raw: element, wrap: func(part json.RawMessage) json.RawMessage {
			return slices.Concat([]byte("["), part, []byte("]"))
		}})
	}
	return out
}

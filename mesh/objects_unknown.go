package mesh

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxUnknown bounds how many unknown fields of one object are listed: the first tells that the API is newer.
const maxUnknown = 8

// unknownFields returns the paths of the fields in a message's JSON that istio.io/api does not have, in their order; no
// more than maxUnknown. Each begins with path: "spec.ports[0].mode" for "spec". The API server keeps what its CRD has,
// which may be newer than this program.
func unknownFields(path string, raw json.RawMessage, message protoreflect.MessageDescriptor) []string {
	var tree any
	if json.Unmarshal(raw, &tree) != nil {
		return nil
	}
	var found []string
	addUnknown(&found, path, tree, message)
	return found
}

func addUnknown(found *[]string, path string, tree any, message protoreflect.MessageDescriptor) {
	object, ok := tree.(map[string]any)
	if !ok || strings.HasPrefix(string(message.FullName()), "google.protobuf.") {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if len(*found) == maxUnknown {
			return
		}
		field := fieldOf(message, name)
		if field == nil {
			*found = append(*found, strings.TrimPrefix(path+"."+name, "."))
			continue
		}
		addUnknownBelow(found, strings.TrimPrefix(path+"."+name, "."), object[name], field)
	}
}

// addUnknownBelow looks at the messages that a field holds.
func addUnknownBelow(found *[]string, path string, value any, field protoreflect.FieldDescriptor) {
	switch {
	case field.IsMap():
		entries, _ := value.(map[string]any)
		if inner := field.MapValue().Message(); inner != nil {
			for _, key := range slices.Sorted(maps.Keys(entries)) {
				addUnknown(found, fmt.Sprintf("%s[%s]", path, key), entries[key], inner)
			}
		}
	case field.Message() == nil:
	case field.IsList():
		list, _ := value.([]any)
		for i, element := range list {
			addUnknown(found, fmt.Sprintf("%s[%d]", path, i), element, field.Message())
		}
	default:
		addUnknown(found, path, value, field.Message())
	}
}

// fieldOf returns a message's field by the name that it has in JSON, or in the definition; nil for none.
func fieldOf(message protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if field := message.Fields().ByJSONName(name); field != nil {
		return field
	}
	return message.Fields().ByTextName(name)
}

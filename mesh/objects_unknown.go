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
	visitFields(path, tree, message, func(at string, known bool, _ fieldOf) {
		if !known && len(found) < maxUnknown {
			found = append(found, at)
		}
	})
	return found
}

// fieldOf is a field of a message's JSON: the object that has it, its name there, and the message.
type fieldOf struct {
	object  map[string]any
	name    string
	message protoreflect.MessageDescriptor
}

// visitFields calls visit for each field of a message's JSON, and of the messages below those that it knows, in order. What is
// below google.protobuf.Struct and its like is free.
func visitFields(path string, tree any, message protoreflect.MessageDescriptor, visit func(path string, known bool, field fieldOf)) {
	object, ok := tree.(map[string]any)
	if !ok || strings.HasPrefix(string(message.FullName()), "google.protobuf.") {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		at := strings.TrimPrefix(path+"."+name, ".")
		field, value := fieldNamed(message, name), object[name]
		visit(at, field != nil, fieldOf{object, name, message})
		if field != nil {
			visitMessagesOf(at, value, field, visit)
		}
	}
}

// visitMessagesOf visits the messages that a field holds.
func visitMessagesOf(path string, value any, field protoreflect.FieldDescriptor, visit func(path string, known bool, field fieldOf)) {
	switch {
	case field.IsMap():
		entries, _ := value.(map[string]any)
		if inner := field.MapValue().Message(); inner != nil {
			for _, key := range slices.Sorted(maps.Keys(entries)) {
				visitFields(fmt.Sprintf("%s[%s]", path, key), entries[key], inner, visit)
			}
		}
	case field.Message() == nil:
	case field.IsList():
		list, _ := value.([]any)
		for i, element := range list {
			visitFields(fmt.Sprintf("%s[%d]", path, i), element, field.Message(), visit)
		}
	default:
		visitFields(path, value, field.Message(), visit)
	}
}

// fieldNamed returns a message's field by its name in the structural schemas of the CRDs, nil for none: that in JSON. protojson would also
// take the name in the definition (target_port), which the API server drops, but for the two that the schemas have as well.
func fieldNamed(message protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if name == "mirror_percent" || name == "jwks_uri" {
		return message.Fields().ByTextName(name)
	}
	return message.Fields().ByJSONName(name)
}

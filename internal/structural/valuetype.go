package structural

import (
	"fmt"
	"math"
)

// typeNames returns what the types of JSON Schema are called to whoever writes YAML.
func typeNames() map[string]string {
	return map[string]string{"object": "fields", "array": "a list", "string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
}

// isOfType reports whether a value is of the type that f wants.
func (f *Fields) isOfType(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		return f.Type == "" || f.Type == "object"
	case []any:
		return f.Type == "" || f.Type == "array"
	case string:
		return f.Type == "" || f.Type == "string"
	case bool:
		return f.Type == "" || f.Type == "boolean"
	case float64:
		return f.Type == "" || f.Type == "number" || f.Type == "integer" && value == math.Trunc(value)
	}
	return f.Type == "" || f.Type == "number" || f.Type == "integer"
}

// show returns a value as one points at it: a text in quotes, so that one sees what it is.
func show(value any) string {
	switch value := value.(type) {
	case map[string]any:
		return "fields"
	case []any:
		return "a list"
	case string:
		return fmt.Sprintf("the text %q", value)
	case bool:
		return fmt.Sprint(value)
	}
	return fmt.Sprintf("the number %v", value)
}

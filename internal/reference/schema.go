package reference

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// ConfigSchema returns the JSON Schema of a Config file.
func ConfigSchema(c Comments) ([]byte, error) {
	schema := configSchema(c)
	schema["$schema"], schema["title"] = "http://json-schema.org/draft-07/schema#", "tlsward's configuration file"
	return indented(schema, "")
}

func configSchema(c Comments) map[string]any {
	schema := v1alpha1.ConfigSchema(c.Of)
	versions := []string{""}
	for _, v := range mesh.Versions() {
		versions = append(versions, string(v))
	}
	in(schema, "mesh")["properties"].(map[string]any)["istioVersion"].(map[string]any)["enum"] = versions
	return schema
}

func in(schema map[string]any, property string) map[string]any {
	return schema["properties"].(map[string]any)[property].(map[string]any)
}

// ChartSchema returns the schema of the chart's values with what it says of the Config anew: the value "config", whose head
// the chart writes, and in "allOf" the ids of policies that there are where the values bring none of their own.
func ChartSchema(values []byte, c Comments, ids []string, params map[string]any) ([]byte, error) {
	config := configSchema(c)
	properties := config["properties"].(map[string]any)
	delete(properties, "apiVersion")
	delete(properties, "kind")
	delete(config, "required")
	config["description"] = "The program's configuration."
	values, err := replaced(values, []string{"properties", "config"}, config, "    ")
	if err != nil {
		return nil, err
	}
	return replaced(values, []string{"allOf"}, []any{builtinAlone(ids, params)}, "  ")
}

// builtinAlone says that with the built-in policies alone no other has an action, an exemption or parameters.
func builtinAlone(ids []string, params map[string]any) map[string]any {
	none := map[string]any{"maxProperties": 0}
	known := map[string]any{"enum": ids}
	object := func(properties map[string]any) map[string]any { return map[string]any{"properties": properties} }
	return map[string]any{
		"if": object(map[string]any{"policies": none, "opa": none, "policySelector": map[string]any{"maxLength": 0}}),
		"then": object(map[string]any{"config": object(map[string]any{
			"policies":   map[string]any{"propertyNames": known},
			"exemptions": map[string]any{"items": object(map[string]any{"policy": known})},
			"params":     map[string]any{"properties": params, "additionalProperties": false},
		})}),
	}
}

// replaced returns JSON text with the value at a path in place of the one that is there. All else stays as it is written.
func replaced(text []byte, path []string, value any, indent string) ([]byte, error) {
	old := json.RawMessage(text)
	for _, key := range path {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(old, &object); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		if old = object[key]; old == nil {
			return nil, fmt.Errorf("there is no %s to replace", key)
		}
	}
	if n := bytes.Count(text, old); n != 1 {
		return nil, fmt.Errorf("%v: the same text is there %d times", path, n)
	}
	fresh, err := indented(value, indent)
	return bytes.Replace(text, old, bytes.TrimSpace(fresh), 1), err
}

func indented(v any, prefix string) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(prefix, "  ")
	err := encoder.Encode(v)
	return b.Bytes(), err
}

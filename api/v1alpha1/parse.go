package v1alpha1

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	goyaml "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// ParseConfig reads a configuration file, YAML or JSON, over the defaults. It is strict: an unknown or repeated field, a
// wrong type or an invalid value is an error that names the field, and all of them are returned at once, as FieldErrors.
func ParseConfig(raw []byte) (*Config, error) {
	jsonRaw, err := yaml.YAMLToJSONStrict(raw)
	if err != nil {
		return nil, trimYAMLError(err)
	}
	if err := onlyDocument(raw); err != nil {
		return nil, err
	}
	c := &Config{}
	if err := decode(jsonRaw, c); err != nil {
		return nil, err
	}
	if err := headErrors(c.APIVersion, c.Kind, KindConfig).orNil(); err != nil {
		return nil, err
	}
	c.setDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return c, nil
}

// onlyDocument returns an error for what stands in a file after its first document: it would not be obeyed.
func onlyDocument(raw []byte) error {
	documents := goyaml.NewDecoder(bytes.NewReader(raw))
	for i := 0; ; i++ {
		var document goyaml.Node
		switch err := documents.Decode(&document); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return trimYAMLError(err)
		case i > 0 && !(len(document.Content) == 1 && document.Content[0].Tag == "!!null"):
			return fmt.Errorf("line %d: want one document, and here begins another", document.Line)
		}
	}
}

// decode reads JSON into a document without its defaults. encoding/json would merge a list over a default one element by
// element, so defaults are set later, in what stayed nil.
func decode[T any](raw []byte, into *T) error {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return err
	}
	if value == nil {
		return nil
	}
	if _, ok := value.(map[string]any); !ok {
		return errors.New("want a mapping of fields")
	}
	if err := typeErrors("", value, reflect.TypeFor[T]()).orNil(); err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// headErrors returns nil for a document of this version and the kind.
func headErrors(apiVersion, kind, wantKind string) FieldErrors {
	switch {
	case apiVersion != APIVersion:
		return FieldErrors{{"apiVersion", fmt.Sprintf("want %q, got %q", APIVersion, apiVersion)}}
	case kind != wantKind:
		return FieldErrors{{"kind", fmt.Sprintf("want %q, got %q", wantKind, kind)}}
	}
	return nil
}

// trimYAMLError returns the error without the prefixes by which the YAML library names its own steps.
func trimYAMLError(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = strings.TrimPrefix(text, "unmarshal errors:\n  ")
	return errors.New(strings.TrimPrefix(text, "error converting YAML to JSON: yaml: "))
}

package v1alpha1

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"sigs.k8s.io/yaml"
)

// ParseConfig reads a whole configuration file, YAML or JSON, over the defaults. It is strict: an unknown or repeated
// field, a wrong type or an invalid value is an error that names the field, and all of them are reported at once.
func ParseConfig(raw []byte) (*Config, error) {
	c, err := decode(raw)
	if err != nil {
		return nil, err
	}
	if c.APIVersion != APIVersion {
		return nil, fmt.Errorf("apiVersion: want %q, got %q", APIVersion, c.APIVersion)
	}
	if c.Kind != KindConfig {
		return nil, fmt.Errorf("kind: want %q, got %q", KindConfig, c.Kind)
	}
	return finish(c)
}

// OverlayConfig reads a part of a configuration (YAML or JSON, apiVersion and kind optional) over the defaults, as strictly
// as ParseConfig does. It returns the defaults for an empty text.
func OverlayConfig(raw []byte) (*Config, error) {
	c, err := decode(raw)
	if err != nil {
		return nil, err
	}
	if got := cmp.Or(c.APIVersion, APIVersion); got != APIVersion {
		return nil, fmt.Errorf("apiVersion: want %q, got %q", APIVersion, got)
	}
	if got := cmp.Or(c.Kind, KindConfig); got != KindConfig {
		return nil, fmt.Errorf("kind: want %q, got %q", KindConfig, got)
	}
	return finish(c)
}

func finish(c *Config) (*Config, error) {
	c.setDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return c, nil
}

// decode reads raw without defaults. encoding/json would merge a list over a default one element by element, so
// defaults are filled in later, into what stayed nil.
func decode(raw []byte) (*Config, error) {
	jsonRaw, err := yaml.YAMLToJSONStrict(raw)
	if err != nil {
		return nil, trimYAMLError(err)
	}
	var tree any
	if err := json.Unmarshal(jsonRaw, &tree); err != nil {
		return nil, err
	}
	c := &Config{}
	if tree == nil {
		return c, nil
	}
	if _, ok := tree.(map[string]any); !ok {
		return nil, errors.New("want a mapping of fields")
	}
	if err := errors.Join(typeErrors("", tree, reflect.TypeFor[Config]())...); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(jsonRaw, c); err != nil {
		return nil, err
	}
	return c, nil
}

// trimYAMLError returns the error without the prefixes by which the YAML library names its own steps.
func trimYAMLError(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = strings.TrimPrefix(text, "unmarshal errors:\n  ")
	return errors.New(strings.TrimPrefix(text, "error converting YAML to JSON: yaml: "))
}

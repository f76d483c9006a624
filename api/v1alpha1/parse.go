package v1alpha1

import (
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
	if c.Kind != Kind {
		return nil, fmt.Errorf("kind: want %q, got %q", Kind, c.Kind)
	}
	return finish(c)
}

// OverlayConfig reads a part of a configuration (YAML or JSON, apiVersion and kind optional) over the defaults, as strictly
// as Parse does. Nothing at all gives the defaults.
func OverlayConfig(raw []byte) (*Config, error) {
	c, err := decode(raw)
	if err != nil {
		return nil, err
	}
	if got := or(c.APIVersion, APIVersion); got != APIVersion {
		return nil, fmt.Errorf("apiVersion: want %q, got %q", APIVersion, got)
	}
	if got := or(c.Kind, Kind); got != Kind {
		return nil, fmt.Errorf("kind: want %q, got %q", Kind, got)
	}
	return finish(c)
}

func finish(c *Config) (*Config, error) {
	c.complete()
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
		return nil, tidy(err)
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
	if err := errors.Join(misfits("", tree, reflect.TypeFor[Config]())...); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(jsonRaw, c); err != nil {
		return nil, err
	}
	return c, nil
}

// tidy drops what the YAML library says of its own workings.
func tidy(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = strings.TrimPrefix(text, "unmarshal errors:\n  ")
	return errors.New(strings.TrimPrefix(text, "error converting YAML to JSON: yaml: "))
}

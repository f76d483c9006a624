package config

import (
	"errors"
	"fmt"
	"os"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/manifests"
)

// LoadOrDefault returns the Config in the file at path, or the default Config if path is "".
func LoadOrDefault(path string) (*v1alpha1.Config, error) {
	if path == "" {
		return v1alpha1.DefaultConfig(), nil
	}
	return Load(path)
}

// Load returns the Config in the file at path. Its errors name the file.
func Load(path string) (*v1alpha1.Config, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, raw)
}

// Parse returns the Config in the text of the file at path. Its errors name the file, and each field with its line.
func Parse(path string, raw []byte) (*v1alpha1.Config, error) {
	c, err := v1alpha1.ParseConfig(raw)
	var fields v1alpha1.FieldErrors
	switch {
	case err == nil:
		return c, nil
	case !errors.As(err, &fields):
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	errs := make([]error, len(fields))
	for i, f := range fields {
		errs[i] = fmt.Errorf("%s:%d: %w", path, manifests.LineOf(raw, f.Field), f)
	}
	return nil, errors.Join(errs...)
}

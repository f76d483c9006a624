package config

import (
	"fmt"
	"os"

	"github.com/tlsward/tlsward/api/v1alpha1"
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
	c, err := v1alpha1.ParseConfig(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

package serve

import (
	"fmt"
	"os"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/config"
)

// load reads the configuration; raw is the file's content, nil without a file.
func (s *server) load() (loaded *v1alpha1.Config, raw []byte, err error) {
	if s.Config == "" {
		return v1alpha1.DefaultConfig(), nil, nil
	}
	if raw, err = os.ReadFile(s.Config); err != nil {
		return nil, nil, fmt.Errorf("read configuration: %w", err)
	}
	loaded, err = config.Parse(s.Config, raw)
	return loaded, raw, err
}

package serve

import (
	"fmt"
	"os"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// load reads the configuration; raw is the file's content, nil without a file.
func (s *server) load() (loaded *v1alpha1.Config, raw []byte, err error) {
	if s.Config == "" {
		return v1alpha1.DefaultConfig(), nil, nil
	}
	if raw, err = os.ReadFile(s.Config); err != nil {
		return nil, nil, fmt.Errorf("read configuration: %w", err)
	}
	if loaded, err = v1alpha1.ParseConfig(raw); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.Config, err)
	}
	return loaded, raw, nil
}

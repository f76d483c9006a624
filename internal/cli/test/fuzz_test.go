package test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tlsward/tlsward/internal/manifests"
)

// FuzzLoad looks for a Suite that makes Load panic, or that it takes although a case says nothing.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(suitesDir, "*-*.yaml"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no Suites to begin from: %v", err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		docs, err := manifests.Parse("s.yaml", raw)
		if err != nil {
			return
		}
		for _, d := range docs {
			if !Is(d) {
				continue
			}
			s, err := Load(d)
			if err != nil {
				continue
			}
			for _, c := range s.Cases {
				if c.Name == "" || len(c.Steps) == 0 || c.Line < d.Line {
					t.Errorf("%+v", c)
				}
			}
		}
	})
}

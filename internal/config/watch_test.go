package config

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

const head = "apiVersion: tlsward.io/v1alpha1\nkind: Config\n"

// swap puts content at dir/tlsward.yaml as the kubelet does: tlsward.yaml -> ..data/tlsward.yaml, ..data -> a folder,
// replaced by an atomic rename.
func swap(t *testing.T, dir, version, content string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Mkdir(filepath.Join(dir, version), 0o755))
	must(os.WriteFile(filepath.Join(dir, version, "tlsward.yaml"), []byte(content), 0o600))
	must(os.Symlink(version, filepath.Join(dir, "..tmp")))
	must(os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")))
	if err := os.Symlink("..data/tlsward.yaml", filepath.Join(dir, "tlsward.yaml")); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
}

func TestWatcherFollowsConfigMapSwaps(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tlsward.yaml")
	swap(t, dir, "..v1", head)
	loaded, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	applied, reports := make(chan *v1alpha1.Config, 8), make(chan error, 8)
	refuse := errors.New("policies do not compile")
	w := &Watcher{Path: path, Interval: time.Millisecond,
		Apply: func(c *v1alpha1.Config) error {
			if c.Mesh.TrustDomain == "refused" {
				return refuse
			}
			applied <- c
			return nil
		},
		Report: func(err error) { reports <- err },
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx, loaded) }()

	swap(t, dir, "..v2", head+"strict: true\n")
	if err := <-reports; err != nil {
		t.Fatalf("a good file: %v", err)
	}
	if c := <-applied; !c.Strict {
		t.Error("the new file's strict did not arrive")
	}
	swap(t, dir, "..v3", head+"strct: true\n")
	if err := <-reports; err == nil {
		t.Error("a broken file was not reported")
	}
	swap(t, dir, "..v4", head+"mesh: {trustDomain: refused}\n")
	if err := <-reports; !errors.Is(err, refuse) {
		t.Errorf("what Apply refused: got %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := <-reports; !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: got %v", err)
	}
	time.Sleep(20 * time.Millisecond)
	cancel()
	<-done
	if len(applied) != 0 || len(reports) != 0 {
		t.Errorf("%d applied and %d reported beyond the changes", len(applied), len(reports))
	}
}

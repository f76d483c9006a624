package test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
)

// watchInterval is how often --watch looks for changes: soon enough for a person, and cheap on any file system.
const watchInterval = 300 * time.Millisecond

// watch calls run, and again whenever a file at the paths changes, until ctx is done. The error of a run is written to w
// and does not end it.
func watch(ctx context.Context, w io.Writer, paths []string, run func() error) error {
	for {
		before := fingerprint(paths)
		if err := run(); err != nil && !errors.Is(err, cli.ErrIssuesFound) {
			if _, err := fmt.Fprintln(w, "tlsward:", err); err != nil {
				return err
			}
		}
		for fingerprint(paths) == before {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(watchInterval):
			}
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
}

// fingerprint returns a hash of the names, sizes and times of the files at the paths.
func fingerprint(paths []string) uint64 {
	hash := fnv.New64a()
	for _, path := range paths {
		_ = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return nil // it may be back in a moment
			}
			if info, err := entry.Info(); err == nil && !entry.IsDir() {
				_, _ = fmt.Fprintln(hash, name, info.Size(), info.ModTime().UnixNano())
			}
			return nil
		})
	}
	return hash.Sum64()
}

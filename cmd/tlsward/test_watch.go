package main

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

// watchInterval is how often --watch looks for changes: soon enough for a person, and cheap on any file system.
const watchInterval = 300 * time.Millisecond

// watchPaths tests, and tests again whenever a file at the paths changes, until it is interrupted. A run that fails,
// or cannot be done, is printed and does not end it.
func (o testOptions) watchPaths(cmd *cobra.Command, paths []string) error {
	out := cmd.OutOrStdout()
	for {
		before := fingerprint(paths)
		if err := o.test(cmd, paths); err != nil {
			var said exitCode
			if !errors.As(err, &said) {
				if _, err := fmt.Fprintln(out, "tlsward:", err); err != nil {
					return err
				}
			}
		}
		for fingerprint(paths) == before {
			select {
			case <-cmd.Context().Done():
				return nil
			case <-time.After(watchInterval):
			}
		}
		if _, err := fmt.Fprintln(out); err != nil {
			return err
		}
	}
}

// fingerprint changes when a file at the paths does.
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

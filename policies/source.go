package policies

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed all:rego schemas
var published embed.FS

// Source is a place that policies come from.
type Source interface {
	// Load returns Rego files by name. Errors name files by these names, which a person must be able to find. With
	// a *StaleError it returns the files of the last successful load.
	Load(ctx context.Context) (map[string]string, error)
}

// incomplete reports whether one of the sources has not been read yet: policies are to come.
func incomplete(sources []Source) bool {
	return slices.ContainsFunc(sources, func(s Source) bool {
		later, ok := s.(interface{ Incomplete() bool })
		return ok && later.Incomplete()
	})
}

// StaleError is the error of a source that could not be read again, and returned what it last read. A Reloader uses
// that, and reports the error.
type StaleError struct{ Err error }

// Error returns the reason.
func (e *StaleError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *StaleError) Unwrap() error { return e.Err }

// DataSource is a Source with base documents for its policies: data.X in Rego.
type DataSource interface {
	Source
	// Data returns the documents by the first key of their path. "params" and "tlsward" are reserved.
	Data(ctx context.Context) (map[string]any, error)
}

// Dir is a directory tree of policies. Files that do not end in .rego are ignored, and so are names that begin with a
// dot: a mounted ConfigMap keeps its files in "..data", and links to them. A directory without policies is an error, unless it
// is an OPA bundle: whoever names one wants what is in it in force.
type Dir string

// Dirs returns the directories at paths as Sources.
func Dirs(paths []string) []Source {
	sources := make([]Source, len(paths))
	for i, path := range paths {
		sources[i] = Dir(path)
	}
	return sources
}

// Load reads the directory's .rego files.
func (d Dir) Load(ctx context.Context) (map[string]string, error) {
	if info, err := os.Stat(string(d)); err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("policies: %s is not a directory", d)
	}
	files, err := regoFiles(ctx, os.DirFS(string(d)))
	if err != nil {
		return nil, fmt.Errorf("policies in %s: %w", d, err)
	}
	if _, err := os.Stat(filepath.Join(string(d), BundleManifest)); err != nil && len(files) == 0 {
		return nil, fmt.Errorf("policies: %s has no .rego file", d)
	}
	out := make(map[string]string, len(files))
	for name, text := range files {
		out[filepath.Join(string(d), filepath.FromSlash(name))] = text
	}
	return out, nil
}

// Files are Rego files in memory, as from ConfigMaps: text by name.
type Files map[string]string

// Load returns a copy of those that end in .rego.
func (f Files) Load(context.Context) (map[string]string, error) {
	out := maps.Clone(f)
	maps.DeleteFunc(out, func(name, _ string) bool { return !strings.HasSuffix(name, ".rego") })
	return out, nil
}

// maxFile is the size limit of one Rego file, in bytes: far beyond what a person writes.
const maxFile = 1 << 20

func regoFiles(ctx context.Context, root fs.FS) (map[string]string, error) {
	out := map[string]string{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if name != "." && strings.HasPrefix(path.Base(name), ".") {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.IsDir() || path.Ext(name) != ".rego" {
			return nil
		}
		return readInto(out, root, name)
	})
	return out, err
}

// readInto follows symbolic links: a mounted ConfigMap's files are links.
func readInto(out map[string]string, root fs.FS, name string) error {
	info, err := fs.Stat(root, name)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return nil
	}
	if info.Size() > maxFile {
		return fmt.Errorf("%s: %d bytes, more than the %d that a policy may have", name, info.Size(), maxFile)
	}
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	out[name] = string(text)
	return nil
}

// Published returns the embedded rego/ and schemas/, as `opa` reads them.
func Published() fs.FS { return published }

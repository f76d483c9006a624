package policies

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/open-policy-agent/opa/v1/bundle"
)

// BundleManifest is the file that makes a directory an OPA bundle.
const BundleManifest = ".manifest"

// BaseDocuments is a source of data alone: base documents, by the first key of their path.
type BaseDocuments map[string]any

// Load returns no files.
func (BaseDocuments) Load(context.Context) (map[string]string, error) { return nil, nil }

// Data returns the documents.
func (d BaseDocuments) Data(context.Context) (map[string]any, error) { return d, nil }

// dataFiles are the names of the files of a bundle that `opa build` reads data from. A directory's path is the path of
// its documents.
var dataFiles = []string{BundleManifest, "data.json", "data.yaml", "data.yml"}

// Data returns the documents of a directory that is an OPA bundle, as `opa build` would pack them. A directory without a
// BundleManifest has none.
func (d Dir) Data(context.Context) (map[string]any, error) {
	if _, err := os.Stat(filepath.Join(string(d), BundleManifest)); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	loader := bundle.NewDirectoryLoader(string(d)).WithFollowSymlinks(true).
		WithFilter(func(_ string, info os.FileInfo, _ int) bool {
			return !info.IsDir() && !slices.Contains(dataFiles, info.Name())
		})
	read, err := bundle.NewCustomReader(loader).WithSkipBundleVerification(true).Read()
	if err != nil {
		return nil, fmt.Errorf("data in %s: %w", d, err)
	}
	return read.Data, nil
}

// loadData returns the documents of all sources. Two sources with the same first key are an error.
func loadData(ctx context.Context, sources []Source) (map[string]any, error) {
	all := map[string]any{}
	var errs []error
	for _, s := range sources {
		source, ok := s.(DataSource)
		if !ok {
			continue
		}
		data, err := source.Data(ctx)
		errs = append(errs, err)
		for key, document := range data {
			if _, twice := all[key]; twice || key == "params" || key == packagePrefix {
				errs = append(errs, fmt.Errorf("data.%s is not for a source to give, or given by two", key))
			}
			all[key] = document
		}
	}
	return all, errors.Join(sortErrors(errs)...)
}

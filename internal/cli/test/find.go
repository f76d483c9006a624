package test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/policies"
)

// Found holds what there is to test.
type Found struct {
	Suites []*Suite
	// Rego holds the Rego files by name, tests among them.
	Rego policies.Files
	// Data is the data of the bundles among them.
	Data policies.BaseDocuments
	// PassedBy is what is no Kubernetes object, and Broken what claims to be a Suite and cannot be read.
	PassedBy []string
	Broken   []error
}

// Find reads the Suites and Rego files at the paths: files, directories with all that is below them, "-" for stdin.
// Other manifests beside them are passed over. The error lists the files that cannot be read.
func Find(stdin io.Reader, paths ...string) (Found, error) {
	found := Found{Rego: policies.Files{}, Data: policies.BaseDocuments{}}
	var errs []error
	var yamls []string
	for _, path := range paths {
		rego, bundles, err := findRego(path)
		errs = append(errs, err, found.addData(bundles))
		for _, name := range rego {
			text, err := os.ReadFile(name)
			errs = append(errs, err)
			found.Rego[name] = string(text)
		}
		if filepath.Ext(path) != ".rego" {
			yamls = append(yamls, path)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return found, err
	}
	return found, found.addSuites(stdin, yamls)
}

// addData adds the data of the bundles.
func (f *Found) addData(bundles []policies.Dir) error {
	var errs []error
	for _, dir := range bundles {
		data, err := dir.Data(context.Background())
		errs = append(errs, err)
		for key, value := range data {
			if _, twice := f.Data[key]; twice {
				errs = append(errs, fmt.Errorf("%s: another bundle brings data.%s too", dir, key))
			}
			f.Data[key] = value
		}
	}
	return errors.Join(errs...)
}

// findRego lists the Rego files at path, and the directories that are bundles.
func findRego(path string) (names []string, bundles []policies.Dir, err error) {
	if path == "-" {
		return nil, nil, nil
	}
	root := path
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		root += string(filepath.Separator) // follows a link that a person named
	}
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == policies.BundleManifest && !entry.IsDir():
			bundles = append(bundles, policies.Dir(filepath.Dir(name)))
		case name != root && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case !entry.IsDir() && filepath.Ext(name) == ".rego":
			names = append(names, name)
		}
		return nil
	})
	return names, bundles, err
}

// suiteKind matches files that can hold a Suite. The others are not parsed: a directory also holds what is no manifest.
var suiteKind = regexp.MustCompile(`(?m)^\s*[{,]?\s*["']?kind["']?\s*:\s*["']?Suite\b|[{,]\s*"?kind"?\s*:\s*"?Suite\b`)

// addSuites adds the Suites at the paths.
func (f *Found) addSuites(stdin io.Reader, paths []string) error {
	files, err := manifests.Files(stdin, paths...)
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(file manifests.File) bool { return !suiteKind.Match(file.Raw) })
	contents := manifests.ReadContents(files, isSuite)
	f.PassedBy, f.Broken = contents.PassedBy, contents.Broken
	for _, d := range contents.Documents {
		if !Is(d) {
			continue
		}
		s, err := Load(d)
		if err != nil {
			f.Broken = append(f.Broken, err)
			continue
		}
		f.Suites = append(f.Suites, s)
	}
	return nil
}

var regoPackage = regexp.MustCompile(`(?m)^package\s+([\w.]+)`)

// Policies returns the Rego files that add policies to the built-in ones: no tests, and no package that is built in, as
// in a checkout of this program.
func (f Found) Policies() (policies.Files, error) {
	own, err := builtinPackages()
	if err != nil {
		return nil, err
	}
	out := policies.Files{}
	for name, text := range f.Rego {
		m := regoPackage.FindStringSubmatch(text)
		if strings.HasSuffix(name, "_test.rego") || m == nil || own[m[1]] {
			continue
		}
		out[name] = text
	}
	return out, nil
}

// builtinPackages returns the Rego packages that the program holds.
func builtinPackages() (map[string]bool, error) {
	own := map[string]bool{}
	tree := policies.Published()
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".rego" {
			return err
		}
		text, err := fs.ReadFile(tree, name)
		if m := regoPackage.FindSubmatch(text); m != nil {
			own[string(m[1])] = true
		}
		return err
	})
	return own, err
}

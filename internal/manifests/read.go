package manifests

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Stdin is the File of what is read from standard input; its path is "-".
const Stdin = "standard input"

// maxFile bounds a file, in bytes: a dump of a cluster with 100,000 objects has about 100 MB.
const maxFile = 256 << 20

// File is a file that has been read.
type File struct {
	// Name is the path as it was found, or Stdin.
	Name string
	Raw  []byte

	path string // Name without its revision
	// found says that a directory held the file and nobody named it, and aside why it is passed by; "" if it is not.
	found bool
	aside string
	// documents are those of a rendered file.
	documents []Document
	rendered  bool
}

// Read reads all objects at the paths, in order: files, directories with all that is below them (names that end in
// .yaml, .yml or .json and do not begin with a dot, sorted), and "-" for stdin. A file that is reached twice is read
// once. All that is wrong is reported at once, with file and line; then no document is returned.
func Read(stdin io.Reader, paths ...string) ([]Document, error) {
	files, err := Files(stdin, paths...)
	if err != nil {
		return nil, err
	}
	return ParseAll(files)
}

// ParseAll reads the objects of files, in order. All that is wrong is reported at once; then no document is returned.
func ParseAll(files []File) ([]Document, error) {
	var docs []Document
	var errs []error
	for _, f := range files {
		found, err := Parse(f.Name, f.Raw)
		docs = append(docs, found...)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return docs, nil
}

// Files reads the files at the paths, as Read finds them.
func Files(stdin io.Reader, paths ...string) ([]File, error) {
	var files []File
	var errs []error
	seen := map[string]bool{}
	for _, path := range paths {
		names, err := find(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, name := range names {
			if seen[filepath.Clean(name)] {
				continue
			}
			seen[filepath.Clean(name)] = true
			f, err := readFile(stdin, name)
			f.path, f.found = name, name != path
			files, errs = append(files, f), append(errs, err)
		}
	}
	setAside(files)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return files, nil
}

// find returns the names of the files at a path: its own, or those in a directory.
func find(path string) ([]string, error) {
	if path == "-" {
		return []string{path}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var names []string
	// The separator makes a link to a directory, named by a person, a directory.
	root := path + string(filepath.Separator)
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != root && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case !entry.IsDir() && isManifest(name) && isFile(name):
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

func isManifest(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name)) || isKustomization(name)
}

// isFile reports whether name is a file, or a link to one, as those of a mounted ConfigMap are. Links to directories are
// not followed: they may lead in a circle.
func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

func readFile(stdin io.Reader, name string) (File, error) {
	if name == "-" {
		return readAll(Stdin, stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	return readAll(name, f)
}

func readAll(name string, r io.Reader) (File, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", name, err)
	}
	if len(raw) > maxFile {
		return File{}, errTooLarge(name)
	}
	return File{Name: name, Raw: raw}, nil
}

func errTooLarge(name string) error {
	return fmt.Errorf("%s: more than the %d MiB that a file may have", name, maxFile>>20)
}

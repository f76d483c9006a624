package manifests

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Revision reads the files at the paths, as Files finds them, as they were at a revision of the git repository that they are
// in now. Their names are REVISION:PATH. What is not there at the revision is left out; links are not followed.
func Revision(ctx context.Context, revision string, paths ...string) ([]File, error) {
	var files []File
	for _, path := range paths {
		if path == "-" {
			return nil, fmt.Errorf("%s has no revisions", Stdin)
		}
		found, err := revisionOf(ctx, revision, path)
		if err != nil {
			return nil, fmt.Errorf("%s at %s: %w", path, revision, err)
		}
		files = append(files, found...)
	}
	setAside(files)
	return files, nil
}

func revisionOf(ctx context.Context, revision, name string) ([]File, error) {
	dir, base := name, "."
	if info, err := os.Stat(name); err != nil {
		return nil, err
	} else if !info.IsDir() {
		dir, base = filepath.Split(name)
	}
	repository := repository{ctx, dir}
	blobs, err := repository.list(revision, base)
	if err != nil {
		return nil, err
	}
	var files []File
	var wanted []blob
	for _, b := range blobs {
		if base == "." && (isHidden(b.path) || !isManifest(b.path)) {
			continue
		}
		path := filepath.Join(dir, b.path)
		files = append(files, File{Name: revision + ":" + path, path: path, found: base == "."})
		wanted = append(wanted, b)
	}
	return files, repository.read(wanted, files)
}

// isHidden reports whether a part of the path begins with a dot.
func isHidden(path string) bool {
	return strings.HasPrefix(path, ".") || strings.Contains(path, "/.")
}

// blob is a file in a repository.
type blob struct {
	path string // from the directory in which git runs
	id   string
	size int64 // in bytes
}

// repository is the git repository around a directory.
type repository struct {
	ctx context.Context
	dir string
}

// list returns the files of a revision at a path, in order.
func (r repository) list(revision, at string) ([]blob, error) {
	commit, err := r.git(nil, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return nil, fmt.Errorf("find the revision: %w", err)
	}
	listed, err := r.git(nil, "ls-tree", "-r", "-l", "-z", strings.TrimSpace(string(commit)), "--", at)
	if err != nil {
		return nil, fmt.Errorf("list the files: %w", err)
	}
	var blobs []blob
	for line := range strings.SplitSeq(strings.TrimSuffix(string(listed), "\x00"), "\x00") {
		about, path, _ := strings.Cut(line, "\t")
		fields := strings.Fields(about) // mode, type, id, size
		if len(fields) != 4 || !strings.HasPrefix(fields[0], "100") {
			continue // a link, a submodule
		}
		size, err := strconv.ParseInt(fields[3], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("list the files: size of %s: %w", path, err)
		}
		if size > maxFile {
			return nil, errTooLarge(path)
		}
		blobs = append(blobs, blob{path, fields[2], size})
	}
	return blobs, nil
}

// read reads the blobs into the files with the same index.
func (r repository) read(blobs []blob, files []File) error {
	if len(blobs) == 0 {
		return nil
	}
	var ids strings.Builder
	for _, b := range blobs {
		ids.WriteString(b.id + "\n")
	}
	out, err := r.git(strings.NewReader(ids.String()), "cat-file", "--batch")
	if err != nil {
		return fmt.Errorf("read the files: %w", err)
	}
	rest := bufio.NewReader(bytes.NewReader(out))
	for i, b := range blobs {
		if _, err := rest.ReadString('\n'); err != nil { // ID blob SIZE
			return fmt.Errorf("read %s: %w", b.path, err)
		}
		text := make([]byte, b.size+1) // and a line feed
		if _, err := io.ReadFull(rest, text); err != nil {
			return fmt.Errorf("read %s: %w", b.path, err)
		}
		files[i].Raw = text[:b.size]
	}
	return nil
}

// git returns the output of a git command in the directory.
func (r repository) git(stdin io.Reader, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(r.ctx, "git", args...)
	cmd.Dir, cmd.Stdin = r.dir, stdin
	out, err := cmd.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		said := strings.TrimSpace(string(failed.Stderr))
		if said == "" {
			said = "there is none of that name"
		}
		return nil, fmt.Errorf("git %s: %s", args[0], said)
	}
	return out, err
}

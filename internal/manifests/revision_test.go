package manifests

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// commit makes a git repository of files (path and text) in a directory, and more commits of it with each call.
func commit(t *testing.T, dir string, files ...string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"init", "-q"}, {"add", "-A"}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--no-gpg-sign", "-m", "a"},
	} {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
}

func TestRevision(t *testing.T) {
	dir := t.TempDir()
	commit(t, dir, "mesh/a.yaml", "a: 1\n", "mesh/b/c.json", "{}", "mesh/.hidden/d.yaml", "d: 1", "mesh/notes.txt", "x", "e.yaml", "")
	if err := os.Symlink("a.yaml", filepath.Join(dir, "mesh", "link.yaml")); err != nil {
		t.Fatal(err)
	}
	commit(t, dir, "mesh/a.yaml", "a: 2\n", "mesh/new.yaml", "n: 1")
	commit(t, dir, "mesh/a.yaml", "a: 3\n")
	t.Chdir(dir)
	tests := []struct {
		name, revision string
		paths          []string
		want           []string // name and text
		err            string
	}{
		{"a directory", "HEAD~2", []string{"mesh"}, []string{"HEAD~2:mesh/a.yaml", "a: 1\n", "HEAD~2:mesh/b/c.json", "{}"}, ""},
		{"links are not followed", "HEAD~1", []string{"mesh/"},
			[]string{"HEAD~1:mesh/a.yaml", "a: 2\n", "HEAD~1:mesh/b/c.json", "{}", "HEAD~1:mesh/new.yaml", "n: 1"}, ""},
		{"a file", "HEAD~1", []string{"mesh/a.yaml"}, []string{"HEAD~1:mesh/a.yaml", "a: 2\n"}, ""},
		{"a file of any name", "HEAD", []string{"mesh/notes.txt"}, []string{"HEAD:mesh/notes.txt", "x"}, ""},
		{"an empty file", "HEAD", []string{"e.yaml"}, []string{"HEAD:e.yaml", ""}, ""},
		{"not there yet", "HEAD~2", []string{"mesh/new.yaml"}, nil, ""},
		{"several paths", "HEAD", []string{"e.yaml", "mesh/b"}, []string{"HEAD:e.yaml", "", "HEAD:mesh/b/c.json", "{}"}, ""},
		{"no such revision", "v9", []string{"mesh"}, nil, "mesh at v9: find the revision: git rev-parse: there is none of that name"},
		{"a revision like a flag", "--all", []string{"mesh"}, nil, "mesh at --all: find the revision: git rev-parse: there is none of that name"},
		{"standard input", "HEAD", []string{"-"}, nil, "standard input has no revisions"},
		{"no such path", "HEAD", []string{"none"}, nil, "none at HEAD: stat none: no such file or directory"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files, err := Revision(t.Context(), test.revision, test.paths...)
			if (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
				t.Fatalf("error %v, want %q", err, test.err)
			}
			var got []string
			for _, f := range files {
				got = append(got, f.Name, string(f.Raw))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestRevisionOutsideARepository(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(t.TempDir()))
	_, err := Revision(t.Context(), "HEAD", t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "not a git repository") {
		t.Errorf("error %v", err)
	}
}

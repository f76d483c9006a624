package fix

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReplaceFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	changed, same := write("changed.yaml", "a: 1\n", 0o640), write("same.yaml", "a: 1\n", 0o600)
	target, link := write("target.yaml", "a: 1\n", 0o600), filepath.Join(dir, "link.yaml")
	if err := os.Symlink("target.yaml", link); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(same)
	if err != nil {
		t.Fatal(err)
	}
	one, two := []byte("a: 1\n"), []byte("a: 2\n")
	written, err := replaceFiles([]change{{changed, one, two}, {same, one, one}, {link, one, two}})
	if err != nil || written != 2 {
		t.Fatalf("wrote %d, %v", written, err)
	}
	for path, want := range map[string]string{changed: "a: 2\n", same: "a: 1\n", target: "a: 2\n", link: "a: 2\n"} {
		if got := read(t, path); got != want {
			t.Errorf("%s: %q, want %q", filepath.Base(path), got, want)
		}
	}
	if info, err := os.Stat(changed); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the mode of a changed file is lost: %v, %v", info.Mode(), err)
	}
	if after, err := os.Stat(same); err != nil || !os.SameFile(before, after) {
		t.Errorf("a file that stays the same is written: %v", err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 4 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestReplaceFilesNamesTheFileAndWritesNone(t *testing.T) {
	dir := t.TempDir()
	good, gone := filepath.Join(dir, "good.yaml"), filepath.Join(dir, "gone.yaml")
	if err := os.WriteFile(good, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	written, err := replaceFiles([]change{{good, nil, []byte("a")}, {gone, nil, []byte("a")}})
	if err == nil || !strings.HasPrefix(err.Error(), "write "+gone+": ") || written != 0 {
		t.Errorf("wrote %d, %v", written, err)
	}
	if got := read(t, good); got != "" {
		t.Errorf("one file was written: %q", got)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

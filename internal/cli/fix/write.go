package fix

import (
	"fmt"
	"os"
	"path/filepath"
)

// Write puts the changed files in their place, each at once and with its mode, and gives how many. Files that links
// lead to are written where they are.
func Write(changes []Change) (int, error) {
	written := 0
	for _, c := range changes {
		if !c.Changed() {
			continue
		}
		if err := replaceFile(c.Name, c.After); err != nil {
			return written, fmt.Errorf("write %s: %w", c.Name, err)
		}
		written++
	}
	return written, nil
}

// replaceFile writes beside the file first: a full disk leaves the old one whole.
func replaceFile(name string, text []byte) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // a no-op once it is renamed
	_, err = temp.Write(text)
	if err == nil {
		err = temp.Chmod(info.Mode().Perm())
	}
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(temp.Name(), name)
}

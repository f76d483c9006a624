package fix

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// replaceFiles writes the files that changed, each at once and with its mode, and returns how many it wrote. Where a name
// is a link, the file that it leads to is written.
func replaceFiles(changes []change) (int, error) {
	written := 0
	for _, c := range changes {
		if bytes.Equal(c.before, c.after) {
			continue
		}
		if err := replaceFile(c.name, c.after); err != nil {
			return written, fmt.Errorf("write %s: %w", c.name, err)
		}
		written++
	}
	return written, nil
}

// replaceFile writes the text beside the file and renames it: a full disk leaves the old file whole.
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

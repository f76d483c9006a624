package fix

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// replaceFiles writes the files that changed, each at once and with its mode, and returns how many it wrote. Where a name
// is a link, the file that it leads to is written. The new texts are all on the disk before the first file is replaced:
// where one cannot be written, all files stay as they are.
func replaceFiles(changes []change) (int, error) {
	var all []staged
	defer func() {
		for _, s := range all {
			s.discard()
		}
	}()
	for _, c := range changes {
		if bytes.Equal(c.before, c.after) {
			continue
		}
		s, err := stage(c.name, c.after)
		if err != nil {
			return 0, fmt.Errorf("write %s: %w", c.name, err)
		}
		all = append(all, s)
	}
	for i, s := range all {
		if err := os.Rename(s.temp, s.name); err != nil {
			return i, fmt.Errorf("replace %s: %w", s.name, err)
		}
	}
	return len(all), nil
}

// staged is a file whose new text stands beside it.
type staged struct{ name, temp string }

// discard removes what was not renamed.
func (s staged) discard() { _ = os.Remove(s.temp) }

// stage writes the text beside the file.
func stage(name string, text []byte) (staged, error) {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return staged{}, err
	}
	info, err := os.Stat(name)
	if err != nil {
		return staged{}, err
	}
	temp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return staged{}, err
	}
	s := staged{name, temp.Name()}
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Chmod(info.Mode().Perm()), temp.Close()); err != nil {
		s.discard()
		return staged{}, err
	}
	return s, nil
}

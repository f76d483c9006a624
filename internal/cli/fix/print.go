package fix

import (
	"bytes"
	"io"

	"github.com/tlsward/tlsward/internal/diff"
	"github.com/tlsward/tlsward/internal/terminal"
)

// printDiff prints what changes, file by file.
func printDiff(w io.Writer, changes []change) error {
	for _, c := range changes {
		text := diff.Unified(c.name, string(c.before), string(c.after), terminal.For(w))
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

// printAll prints the files as one stream of YAML documents.
func printAll(w io.Writer, changes []change) error {
	var b bytes.Buffer
	for i, c := range changes {
		if i > 0 && !bytes.HasPrefix(c.after, []byte("---")) {
			b.WriteString("---\n")
		}
		b.Write(c.after)
		if n := len(c.after); n > 0 && c.after[n-1] != '\n' && i < len(changes)-1 {
			b.WriteByte('\n')
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

package policy

import (
	"fmt"
	"io"

	"github.com/tlsward/tlsward/policies"
)

// New writes a policy with its test and Suite into a folder of its own in dir, and the names of the files to w.
func New(dir, id string, w io.Writer) error {
	written, err := policies.WriteScaffold(dir, id)
	for _, name := range written {
		if _, err := fmt.Fprintln(w, name); err != nil {
			return err
		}
	}
	return err
}

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/internal/cli/fix"
	"github.com/tlsward/tlsward/internal/diff"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/internal/terminal"
)

// fixOptions are the flags of fix.
type fixOptions struct {
	fileOptions
	inPlace bool
	diff    bool
}

func newFixCommand() *cobra.Command {
	var o fixOptions
	cmd := &cobra.Command{
		Use:   "fix -f PATH...",
		Short: "Complete manifests as the mutating webhook would",
		Long: `Print the manifests as the mutating webhook would leave them, with their comments and their order.
What a person wrote is never changed; what is only missing is filled in.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if err := o.more(paths); err != nil {
				return err
			}
			return o.fix(cmd)
		},
	}
	o.add(cmd)
	cmd.Flags().BoolVar(&o.inPlace, "in-place", false, "write the files")
	cmd.Flags().BoolVar(&o.diff, "diff", false, "print what changes")
	return cmd
}

func (o *fixOptions) fix(cmd *cobra.Command) error {
	if o.inPlace && slices.Contains(o.files, "-") {
		return errors.New("--in-place: standard input is no file")
	}
	stop := progress(cmd.ErrOrStderr(), "fixing")
	changes, err := o.changes(cmd.InOrStdin(), cmd.ErrOrStderr())
	stop()
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if o.diff {
		for _, c := range changes {
			if _, err := io.WriteString(out, diff.Unified(c.Name, string(c.Before), string(c.After), terminal.For(out))); err != nil {
				return err
			}
		}
	}
	if o.inPlace {
		written, err := fix.Write(changes)
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "tlsward: changed %d of %d files\n", written, len(changes))
		return err
	}
	if o.diff {
		return nil
	}
	return printAll(out, changes)
}

func (o *fixOptions) changes(stdin io.Reader, stderr io.Writer) ([]fix.Change, error) {
	judge, err := o.mutator()
	if err != nil {
		return nil, err
	}
	files, err := manifests.Files(stdin, o.files...)
	if err != nil {
		return nil, err
	}
	m, err := o.meshOf(judge, files, stderr)
	if err != nil {
		return nil, err
	}
	if err := m.Mutate(judge); err != nil {
		return nil, err
	}
	return fix.Files(files, m)
}

// printAll prints the files as one stream of documents.
func printAll(w io.Writer, changes []fix.Change) error {
	var b bytes.Buffer
	for i, c := range changes {
		if i > 0 && !bytes.HasPrefix(c.After, []byte("---")) {
			b.WriteString("---\n")
		}
		b.Write(c.After)
		if n := len(c.After); n > 0 && c.After[n-1] != '\n' && i < len(changes)-1 {
			b.WriteByte('\n')
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

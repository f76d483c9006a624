package fix

import (
	"context"
	"errors"
	"slices"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
)

// Options are what `tlsward fix` is asked to do. Without InPlace and Diff the files are printed.
type Options struct {
	offline.Source
	// InPlace writes the files.
	InPlace bool
	// Diff prints what changes in them.
	Diff bool
}

// Run completes the files.
func Run(ctx context.Context, o Options, streams cli.Streams) error {
	if o.InPlace && slices.Contains(o.Paths, "-") {
		return errors.New("--in-place: standard input is no file")
	}
	stop := streams.Progress("fixing")
	changes, err := o.changes(ctx, streams)
	stop()
	if err != nil {
		return err
	}
	if o.Diff {
		if err := printDiff(streams.Out, changes); err != nil {
			return err
		}
	}
	if o.InPlace {
		written, err := replaceFiles(changes)
		streams.Note("changed %d of %d files", written, len(changes))
		return err
	}
	if o.Diff {
		return nil
	}
	return printAll(streams.Out, changes)
}

func (o Options) changes(ctx context.Context, streams cli.Streams) ([]change, error) {
	evaluator, err := o.Mutator()
	if err != nil {
		return nil, err
	}
	o.Replace = true // the patches must fit what is written in the files
	files, err := o.Files(streams.In)
	if err != nil {
		return nil, err
	}
	m, err := o.Parse(ctx, evaluator, files, streams)
	if err != nil {
		return nil, err
	}
	m.NoteUnknown(streams)
	if err := m.Whole(); err != nil { // what cannot be read may say what nothing must complete
		return nil, err
	}
	if err := m.Mutate(); err != nil {
		return nil, err
	}
	return rewrite(files, m)
}

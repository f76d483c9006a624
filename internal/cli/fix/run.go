package fix

import (
	"context"
	"errors"
	"slices"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/manifests"
)

// Options are what `tlsward fix` is asked to do. Without InPlace and Diff the files are printed or, with Denials, a diff.
type Options struct {
	offline.Source
	// InPlace writes the files.
	InPlace bool
	// Diff prints what changes in them.
	Diff bool
	// Denials makes the fixes that denials print. What is missing is not filled in.
	Denials bool
}

// Run completes the files, or mends what is denied in them. The error is cli.ErrIssuesFound if something is left denied.
func Run(ctx context.Context, o Options, streams cli.Streams) error {
	if o.InPlace && slices.Contains(o.Paths, "-") {
		return errors.New("--in-place: standard input is no file")
	}
	if o.Denials {
		return o.mend(ctx, streams)
	}
	stop := streams.Progress("fixing")
	before, after, err := o.completed(ctx, streams)
	stop()
	if err != nil {
		return err
	}
	return o.write(changesOf(before, after), streams)
}

// write writes the files, prints them or what changes in them.
func (o Options) write(changes []change, streams cli.Streams) error {
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

// change is a file before and after.
type change struct {
	name          string
	before, after []byte
}

func changesOf(before, after []manifests.File) []change {
	var changes []change
	for i, f := range before {
		if !f.IsRendered() {
			changes = append(changes, change{f.Name, f.Raw, after[i].Raw})
		}
	}
	return changes
}

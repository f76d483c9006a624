package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// CheckOptions are what `tlsward config check` is asked to do.
type CheckOptions struct {
	// Files are configuration files, "-" for standard input.
	Files []string
	// Policies are directories of policies beside the built-in ones.
	Policies []string
	// Output is text or json.
	Output string
}

// result is what was found of one file.
type result struct {
	File     string    `json:"file"`
	Problems []problem `json:"problems"`
	// Notes are no fault of the file's: what it says has no effect any more.
	Notes []problem `json:"notes,omitempty"`
}

// Check reads the files and writes what is wrong with each. It returns cli.ErrIssuesFound if anything is; another error if a file, or
// the policies, cannot be read.
func Check(ctx context.Context, o CheckOptions, streams cli.Streams) error {
	if err := cli.CheckOutput(o.Output, "text", "json"); err != nil {
		return err
	}
	stop := streams.Progress("checking")
	results, err := o.check(ctx, streams.In)
	stop()
	if writeErr := write(streams.Out, o.Output, results); err == nil {
		return writeErr
	}
	return err
}

// check returns what was found of the files that can be read, and why the others cannot.
func (o CheckOptions) check(ctx context.Context, stdin io.Reader) ([]result, error) {
	results := []result{}
	var errs []error
	for _, path := range o.Files {
		name, raw, err := read(stdin, path)
		if err != nil {
			errs = append(errs, fmt.Errorf("read configuration: %w", err))
			continue
		}
		found, err := o.judge(ctx, raw)
		if err != nil {
			errs = append(errs, fmt.Errorf("check %s: %w", name, err))
			continue
		}
		found.File = name
		results = append(results, found)
	}
	return results, errors.Join(errs...)
}

// read returns a file's name, as messages have it, and its content.
func read(stdin io.Reader, path string) (name string, raw []byte, err error) {
	if path == "-" {
		raw, err = io.ReadAll(stdin)
		return manifests.Stdin, raw, err
	}
	raw, err = os.ReadFile(path)
	return path, raw, err
}

// judge returns what is to be said of a configuration. An error is about the policies: what they are is not the configuration's.
func (o CheckOptions) judge(ctx context.Context, raw []byte) (result, error) {
	c, err := v1alpha1.ParseConfig(raw)
	if err != nil {
		return result{Problems: located(raw, parseProblems(err))}, nil
	}
	_, meshErr := admission.MeshSettings(c.Mesh, mesh.DefaultSettings())
	_, policiesErr := policies.New(ctx, c, policies.Dirs(o.Policies)...)
	found := []problem{}
	for _, err := range []error{meshErr, policiesErr} {
		fields, ok := fieldProblems(err)
		if !ok {
			return result{}, err
		}
		found = append(found, fields...)
	}
	return result{Problems: located(raw, found), Notes: located(raw, ended(c.Exemptions, time.Now()))}, nil
}

// ended returns a note on each exemption whose last day is over.
func ended(exemptions []v1alpha1.ExemptionSpec, now time.Time) []problem {
	var notes []problem
	for i, x := range exemptions {
		if x.Expires.Over(now) {
			notes = append(notes, problem{Field: fmt.Sprintf("exemptions[%d].expires", i),
				Message: "ended on " + x.Expires.Format(time.DateOnly) + ": it lets nothing pass; take it out, or give it another day"})
		}
	}
	return notes
}

// write writes what was found. It returns cli.ErrIssuesFound if a file has a problem.
func write(w io.Writer, output string, results []result) error {
	show := writeText
	if output == "json" {
		show = func(w io.Writer, results []result) error { return cli.WriteJSON(w, results) }
	}
	if err := show(w, results); err != nil {
		return err
	}
	if slices.ContainsFunc(results, func(r result) bool { return len(r.Problems) > 0 }) {
		return cli.ErrIssuesFound
	}
	return nil
}

// writeText writes "FILE: ok", or a line for each problem, and one for each note.
func writeText(w io.Writer, results []result) error {
	for _, r := range results {
		if len(r.Problems) == 0 {
			if _, err := fmt.Fprintf(w, "%s: ok\n", r.File); err != nil {
				return err
			}
		}
		for _, p := range r.Problems {
			if _, err := fmt.Fprintf(w, "%s:%d: %s\n", r.File, p.Line, v1alpha1.FieldError{Field: p.Field, Message: p.Message}); err != nil {
				return err
			}
		}
		for _, n := range r.Notes {
			if _, err := fmt.Fprintf(w, "%s:%d: note: %s\n", r.File, n.Line, v1alpha1.FieldError{Field: n.Field, Message: n.Message}); err != nil {
				return err
			}
		}
	}
	return nil
}

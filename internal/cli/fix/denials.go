package fix

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/check"
	"github.com/tlsward/tlsward/internal/cli/mend"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/webhook/admission"
)

// mend makes the fixes that denials print, and tells what it did and what is left.
func (o Options) mend(ctx context.Context, streams cli.Streams) error {
	evaluator, err := o.Evaluator(ctx)
	if err != nil {
		return err
	}
	return o.mendBy(ctx, evaluator, streams)
}

// mendBy does so by what an evaluator denies.
func (o Options) mendBy(ctx context.Context, evaluator *admission.Evaluator, streams cli.Streams) error {
	stop := streams.Progress("fixing what is denied")
	before, end, err := o.mended(ctx, evaluator, streams)
	stop()
	if err != nil {
		return err
	}
	o.Diff = o.Diff || !o.InPlace
	if err := o.write(changesOf(before, end.State.files), streams); err != nil {
		return err
	}
	for _, note := range end.State.notes {
		streams.Note("%s", note)
	}
	return tellLeft(end, streams)
}

// state is where the loop over denials is.
type state struct {
	files []manifests.File
	// notes tell of each fix that was made.
	notes []string
	// denied are the findings of the files that deny.
	denied []check.Finding
	// incomplete is how many objects of the files lack what the mutating webhook fills in.
	incomplete int
}

// key tells the texts of a state from those of others.
func (s *state) key() string {
	sum := sha256.New()
	for _, f := range s.files {
		fmt.Fprintf(sum, "%d ", len(f.Raw))
		sum.Write(f.Raw)
	}
	return string(sum.Sum(nil))
}

// mended returns the files, and where the loop over their denials ends.
func (o Options) mended(ctx context.Context, evaluator *admission.Evaluator, streams cli.Streams) ([]manifests.File, mend.Outcome[*state], error) {
	var none mend.Outcome[*state]
	files, err := o.Files(streams.In)
	if err != nil {
		return nil, none, err
	}
	parse, err := o.Parser(ctx, evaluator)
	if err != nil {
		return nil, none, err
	}
	j := &judge{parse: parse, streams: streams}
	start, made, err := j.rush(ctx, &state{files: files})
	if err != nil {
		return nil, none, err
	}
	end, err := mend.Until(ctx, start, (*state).key, j.denials)
	end.Made = append(made, end.Made...)
	return files, end, err
}

// judge says what is denied in files.
type judge struct {
	parse   func([]manifests.File, cli.Streams) (*offline.Mesh, error)
	streams cli.Streams
}

// denials returns what is denied in a state, as `tlsward check` does.
func (j *judge) denials(ctx context.Context, s *state) ([]mend.Denial[*state], error) {
	m, err := j.look(ctx, s)
	if err != nil {
		return nil, err
	}
	var denials []mend.Denial[*state]
	for _, f := range s.denied {
		denials = append(denials, mend.Denial[*state]{ID: idOf(f), Fix: func() (*state, error) { return s.with(m, f) }})
	}
	return denials, nil
}

// look finds what is denied in a state, and returns the mesh of its files.
func (j *judge) look(ctx context.Context, s *state) (*offline.Mesh, error) {
	m, err := j.parse(s.files, j.streams)
	if err != nil {
		return nil, err
	}
	j.streams = j.streams.Silent() // the notes on the files are the same in each pass
	if err := m.Whole(); err != nil {
		return nil, err
	}
	if err := m.Mutate(); err != nil {
		return nil, err
	}
	s.incomplete = offline.Completed(m.Objects)
	findings, err := check.Validate(ctx, m.Evaluator, m)
	if err != nil {
		return nil, err
	}
	s.denied = slices.DeleteFunc(findings, func(f check.Finding) bool { return f.Action != v1alpha1.Deny })
	return m, nil
}

// idOf names a finding alike in each pass: its line moves.
func idOf(f check.Finding) string {
	id := fmt.Sprintf("%s of %s", f.Policy, f.Object.Ref)
	if f.Host != "" {
		id += fmt.Sprintf(" (%s to %s:%d)", f.Client, f.Host, f.Port)
	}
	if f.DecidedBy != "" {
		id += ", decided by " + f.DecidedBy
	}
	return id
}

// with returns the state with the fix of a finding made.
func (s *state) with(m *offline.Mesh, f check.Finding) (*state, error) {
	c, err := mend.Make(m, f.Object, f.Fix)
	if err != nil {
		return nil, err
	}
	return &state{files: c.Files, notes: append(s.notes[:len(s.notes):len(s.notes)], madeNote(f, c))}, nil
}

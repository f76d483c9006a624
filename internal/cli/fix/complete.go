package fix

import (
	"context"
	"encoding/json"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/mend"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/manifests"
)

// completed returns the files, and as the mutating webhook would leave them.
func (o Options) completed(ctx context.Context, streams cli.Streams) (before, after []manifests.File, err error) {
	evaluator, err := o.Mutator()
	if err != nil {
		return nil, nil, err
	}
	o.Replace = true // the patches must fit what is written in the files
	m, err := o.Read(ctx, evaluator, streams)
	if err != nil {
		return nil, nil, err
	}
	m.NoteUnknown(streams)
	if err := m.Whole(); err != nil { // what cannot be read may say what nothing must complete
		return nil, nil, err
	}
	if err := m.Mutate(); err != nil {
		return nil, nil, err
	}
	tellRendered(m, streams)
	after, err = withPatches(m)
	return m.Files, after, err
}

// withPatches returns the files of a mutated mesh with the patches of its objects applied. The error names, with file and line,
// each document that cannot be edited.
func withPatches(m *offline.Mesh) ([]manifests.File, error) {
	var edits mend.Edits
	for _, o := range m.Objects {
		if o.RenderedBy == "" {
			edits.Patch(o, o.Patch)
		}
	}
	return edits.Apply(m.Files)
}

// tellRendered tells what would be filled in that is rendered: its text is elsewhere.
func tellRendered(m *offline.Mesh, streams cli.Streams) {
	for _, o := range m.Objects {
		if o.RenderedBy == "" {
			continue
		}
		for _, op := range o.Patch {
			value, err := json.Marshal(op.Value)
			if err != nil {
				value = []byte(err.Error())
			}
			streams.Note("%s: %s is rendered by %s; to be filled in there: %s %s: %s", o.Where(), o.Ref, o.RenderedBy, op.Operation, op.Path, value)
		}
	}
}

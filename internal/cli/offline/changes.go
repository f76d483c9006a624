package offline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/webhook/admission"
)

// ReadChanges returns the mesh of the files, mutated, with those Objects alone that differ from an earlier state of the
// files: new ones, changed ones, and at the end those that are gone. The earlier state is a directory or file, or else a
// revision of the git repository that the files are in.
func (s Source) ReadChanges(ctx context.Context, evaluator *admission.Evaluator, earlier string, streams cli.Streams) (*Mesh, error) {
	if len(s.Paths) == 0 {
		return nil, errors.New("--against: name the manifests that are new: -f PATH")
	}
	if s.IsRendered() {
		return nil, errors.New("--against: what is rendered has no earlier state; name the manifests: -f PATH")
	}
	files, err := s.Files(streams.In)
	if err != nil {
		return nil, err
	}
	old, err := s.earlierFiles(ctx, earlier)
	if err != nil {
		return nil, err
	}
	below, err := s.cluster(ctx, evaluator.Config)
	if err != nil {
		return nil, err
	}
	before := manifests.ReadContents(old, counts)
	if below.earlier, err = below.mutated(evaluator, before); err != nil {
		return nil, err
	}
	for _, broken := range append(before.Broken, below.earlier.Broken...) {
		below.notes = append(below.notes, broken.Error()+": it counts as absent")
	}
	m, err := below.mutated(evaluator, s.contents(files, streams))
	if err != nil {
		return nil, err
	}
	for _, note := range append(below.notes, m.Notes...) {
		streams.Note("%s", note)
	}
	m.Files = files
	m.keepChanged()
	return m, nil
}

// earlierFiles returns the files of an earlier state.
func (s Source) earlierFiles(ctx context.Context, earlier string) ([]manifests.File, error) {
	if _, err := os.Stat(earlier); err == nil {
		return manifests.Files(strings.NewReader(""), earlier)
	}
	files, err := manifests.Revision(ctx, earlier, s.Paths...)
	if err != nil {
		return nil, fmt.Errorf("--against %s: it is no directory or file, and as a git revision: %w", earlier, err)
	}
	return files, nil
}

// mutated returns the mesh of what files hold over the cluster, as the mutating webhook completes it.
func (c cluster) mutated(evaluator *admission.Evaluator, contents manifests.Contents) (*Mesh, error) {
	m, err := c.mesh(evaluator, contents.Documents, false)
	if err != nil {
		return nil, err
	}
	m.addOther(contents)
	return m, m.Mutate()
}

// addGone adds the objects of an earlier mesh that m does not have.
func (m *Mesh) addGone(earlier *Mesh) {
	if earlier == nil {
		return
	}
	for _, o := range earlier.Objects {
		if _, there := m.index[o.Ref]; !there {
			m.index[o.Ref] = len(m.Objects)
			m.Objects = append(m.Objects, &Object{Document: o.Document, Ref: o.Ref, Old: o.Stored})
		}
	}
}

// keepChanged leaves out of Objects those that are as they were, and those that are not gone and only cannot be read.
func (m *Mesh) keepChanged() {
	var changed []*Object
	clear(m.index)
	for _, o := range m.Objects {
		if o.isGone() && slices.ContainsFunc(m.unread, func(u manifests.Unread) bool { return u.MayBe(o.Document) }) {
			continue
		}
		if o.isGone() || o.Old == nil || !sameJSON(o.Old, o.Stored) {
			m.index[o.Ref] = len(changed)
			changed = append(changed, o)
		}
	}
	m.Objects = changed
}

// sameJSON reports whether two texts of JSON have the same value.
func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

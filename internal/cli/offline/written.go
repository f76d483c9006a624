package offline

import (
	"slices"

	"github.com/tlsward/tlsward/internal/cli"
)

// Take leaves the objects as the mutating webhook would, or as they are written: then it notes how many of them the webhook would
// complete, since `tlsward check` judges those.
func (m *Mesh) Take(mutated bool, streams cli.Streams) error {
	if mutated {
		return m.Mutate()
	}
	completed := *m
	completed.Objects = slices.Clone(m.Objects)
	for i, o := range m.Objects {
		copied := *o
		completed.Objects[i] = &copied
	}
	if err := completed.Mutate(); err != nil {
		return err
	}
	switch n := Completed(completed.Objects); n {
	case 0:
	case 1:
		streams.Note("1 object is taken as written, which the mutating webhook would complete, as check does: --mutated")
	default:
		streams.Note("%d objects are taken as written, which the mutating webhook would complete, as check does: --mutated", n)
	}
	return nil
}

package mend

import (
	"slices"
	"strings"

	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/manifests"
)

// Wanted is a fix to make with others.
type Wanted struct {
	// Object is the one that the finding is about.
	Object *offline.Object
	Fix    string
}

// Together makes fixes at once, as Make makes one, and returns the objects that each has changed or added: none where it is left out,
// since it is left to a person or changes what an earlier one does.
func Together(m *offline.Mesh, wanted []Wanted) (files []manifests.File, changed [][]string, err error) {
	changed = make([][]string, len(wanted))
	var all Edits
	touched := map[string]bool{}
	for i, w := range wanted {
		if strings.TrimSpace(w.Fix) == "" || m.Find(w.Object.Ref) == nil {
			continue
		}
		var alone Edits // one that cannot be made must leave nothing behind
		names, err := alone.addAll(m, w.Object, w.Fix)
		if err != nil {
			continue
		}
		beside := append(slices.Clone(names), w.Object.Ref.String())
		if slices.ContainsFunc(beside, func(name string) bool { return touched[name] }) {
			continue
		}
		if changed[i], err = all.addAll(m, w.Object, w.Fix); err != nil {
			return nil, nil, err
		}
		for _, name := range beside {
			touched[name] = true
		}
	}
	files, err = all.Apply(m.Files)
	return files, changed, err
}

package serve

import (
	"errors"
	"fmt"

	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/internal/structural"
	"github.com/tlsward/tlsward/mesh"
)

// readManifests returns the objects of the mesh in the files below dir, as the API server would store them, with notes on what of them
// it would drop. Those that it would not store are errors, as for `tlsward check`: all at once, with file and line.
func readManifests(dir string) (objects []*mesh.Object, notes []string, err error) {
	documents, err := manifests.Read(nil, dir)
	if err != nil {
		return nil, nil, fmt.Errorf("read manifests: %w", err)
	}
	var errs []error
	for _, d := range documents {
		wrong, more := offline.Misfits(d)
		notes = append(notes, more...)
		if len(wrong) > 0 {
			errs = append(errs, wrong...)
			continue
		}
		o, err := stored(d)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", d.Where(), err))
		}
		if o != nil {
			objects = append(objects, o)
		}
	}
	return objects, notes, errors.Join(errs...)
}

// stored returns the object of a document without the fields that its kind does not have; nil of a kind that the mesh does not read.
func stored(d manifests.Document) (*mesh.Object, error) {
	raw, _, err := structural.Prune(d.Head.APIVersion, d.Head.Kind, d.Raw)
	if err != nil {
		return nil, err
	}
	return mesh.Decode(raw)
}

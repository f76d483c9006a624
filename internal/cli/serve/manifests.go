package serve

import (
	"fmt"

	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/internal/structural"
	"github.com/tlsward/tlsward/mesh"
)

// readManifests returns the objects of the mesh in the files below dir, as the API server would store them.
func readManifests(dir string) ([]*mesh.Object, error) {
	documents, err := manifests.Read(nil, dir)
	if err != nil {
		return nil, fmt.Errorf("read manifests: %w", err)
	}
	var objects []*mesh.Object
	for _, d := range documents {
		raw, _, err := structural.Prune(d.Head.APIVersion, d.Head.Kind, d.Raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Where(), err)
		}
		o, err := mesh.Decode(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Where(), err)
		}
		if o != nil {
			objects = append(objects, o)
		}
	}
	return objects, nil
}

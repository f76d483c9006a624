package serve

import (
	"fmt"

	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/mesh"
)

// readManifests returns the objects of the mesh in the files below dir.
func readManifests(dir string) ([]*mesh.Object, error) {
	documents, err := manifests.Read(nil, dir)
	if err != nil {
		return nil, fmt.Errorf("read manifests: %w", err)
	}
	var objects []*mesh.Object
	for _, d := range documents {
		o, err := mesh.Decode(d.Raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Where(), err)
		}
		if o != nil {
			objects = append(objects, o)
		}
	}
	return objects, nil
}

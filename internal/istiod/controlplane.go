package istiod

import (
	"encoding/json"

	"github.com/tlsward/tlsward/mesh"
)

// ControlPlane is what the cluster shows of how an istiod is configured.
type ControlPlane struct {
	// MeshConfig is that of its ConfigMap, as JSON; nil where there is none.
	MeshConfig json.RawMessage
}

// Known reports whether the cluster shows anything of it.
func (c ControlPlane) Known() bool { return c.MeshConfig != nil }

// Settings returns what follows for the mesh: Istio's defaults where nothing else is said.
func (c ControlPlane) Settings() (mesh.Settings, error) {
	s := mesh.DefaultSettings()
	if c.MeshConfig == nil {
		return s, nil
	}
	return s.WithMeshConfig(c.MeshConfig)
}

// OutsideModel returns what of it may move what the model says and is not followed, each with what hangs on it.
func (c ControlPlane) OutsideModel() []string {
	if c.MeshConfig == nil {
		return nil
	}
	return mesh.OutsideModelOfMeshConfig(c.MeshConfig)
}

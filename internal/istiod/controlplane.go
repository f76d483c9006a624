package istiod

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/tlsward/tlsward/mesh"
)

// ControlPlane is what the cluster shows of how an istiod is configured.
type ControlPlane struct {
	// Deployment is nil where it is not known.
	Deployment *Deployment
	// Shared is the MeshConfig of the ConfigMap that SHARED_MESH_CONFIG names, MeshConfig that of istiod's own, which goes before
	// it, as JSON; nil where there is none.
	Shared, MeshConfig json.RawMessage
}

// Settings returns what follows for the mesh: Istio's defaults where nothing else is said.
func (c ControlPlane) Settings() (mesh.Settings, error) {
	s := mesh.DefaultSettings()
	if d := c.Deployment; d != nil {
		s.ClusterDomain, s.Revision = d.ClusterDomain, d.Environment["REVISION"]
		s.Version, _ = d.minor()
		s.Flags = mesh.FlagsOf(d.Environment)
	}
	var err error
	for _, layer := range c.layers() {
		if s, err = s.WithMeshConfig(layer); err != nil {
			return s, err
		}
	}
	return s, nil
}

// Together returns the settings of a control plane with those of others, by revision, beside it.
func (c ControlPlane) Together(others map[string]ControlPlane) (mesh.Settings, error) {
	s, err := c.Settings()
	if err != nil {
		return s, err
	}
	for _, revision := range slices.Sorted(maps.Keys(others)) {
		other, err := others[revision].Settings()
		if err != nil {
			return s, fmt.Errorf("control plane %s: %w", revision, err)
		}
		other.Revision = revision
		s.Others = append(s.Others, other)
	}
	return s, nil
}

// layers returns the MeshConfigs in the order in which istiod applies them (pilot/pkg/bootstrap/mesh.go toSources).
func (c ControlPlane) layers() []json.RawMessage {
	var layers []json.RawMessage
	for _, layer := range []json.RawMessage{c.Shared, c.MeshConfig} {
		if layer != nil {
			layers = append(layers, layer)
		}
	}
	return layers
}

// SharedMeshConfig returns the name of the ConfigMap that SHARED_MESH_CONFIG names, "" for none.
func (c ControlPlane) SharedMeshConfig() string {
	if c.Deployment == nil {
		return ""
	}
	return c.Deployment.Environment["SHARED_MESH_CONFIG"]
}

// OutsideModel returns what of it may move what the model says and is not followed, each with what hangs on it.
func (c ControlPlane) OutsideModel() []string {
	var found []string
	if c.Deployment != nil {
		found = c.Deployment.outsideModel()
	}
	for _, layer := range c.layers() {
		found = append(found, mesh.OutsideModelOfMeshConfig(layer)...)
	}
	return found
}

// OutsideModelBeside returns the same of a control plane and of others, by revision, with whose it is.
func (c ControlPlane) OutsideModelBeside(others map[string]ControlPlane) []string {
	found := c.OutsideModel()
	for _, revision := range slices.Sorted(maps.Keys(others)) {
		for _, field := range others[revision].OutsideModel() {
			found = append(found, "control plane "+revision+": "+field)
		}
	}
	return found
}

// Contradictions returns in which fields settings differ from what the cluster shows, each with both values. Where it shows
// nothing there are none.
func (c ControlPlane) Contradictions(s mesh.Settings) []string {
	theirs, err := c.Settings()
	if err != nil {
		return nil
	}
	var found []string
	if len(c.layers()) > 0 {
		found = s.MeshConfigDifferences(theirs)
	}
	add := func(field, ours, theirs string) {
		if ours != theirs {
			found = append(found, fmt.Sprintf("%s: %s, not %s", field, ours, theirs))
		}
	}
	if c.Deployment != nil {
		add("clusterDomain", s.ClusterDomain, theirs.ClusterDomain)
		add("revision", cmp.Or(s.Revision, mesh.DefaultRevision), cmp.Or(theirs.Revision, mesh.DefaultRevision))
		if theirs.Version != "" {
			add("istioVersion", string(cmp.Or(s.Version, mesh.Version131)), string(theirs.Version))
		}
	}
	return found
}

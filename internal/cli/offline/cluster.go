package offline

import (
	"context"
	"encoding/json"

	"github.com/tlsward/tlsward/internal/cli/live"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/webhook/admission"
)

// cluster is what files are laid over.
type cluster struct {
	objects    []manifests.Document
	meshConfig []json.RawMessage // at most one
	namespace  string            // of objects that name none
	replace    bool              // see Source.Replace
	notes      []string
}

// readCluster reads the cluster that s names; revision is the control plane's.
func (s Source) readCluster(ctx context.Context, revision string) (cluster, error) {
	client, namespace, err := live.Connect(s.ConfigFlags())
	if err != nil {
		return cluster{}, err
	}
	objects, notes, err := live.Objects(ctx, client)
	if err != nil {
		return cluster{}, err
	}
	c := cluster{objects: objects, namespace: namespace, replace: s.Replace, notes: notes}
	raw, note, err := live.MeshConfig(ctx, client, revision)
	if err != nil {
		return cluster{}, err
	}
	if raw != nil {
		c.meshConfig = append(c.meshConfig, raw)
	}
	if note != "" {
		c.notes = append(c.notes, note)
	}
	return c, nil
}

// mesh returns the mesh of documents over the cluster; of its own objects if they are to be judged as they stand.
func (c cluster) mesh(evaluator *admission.Evaluator, docs []manifests.Document, standing bool) (*Mesh, error) {
	settings, err := admission.MeshSettings(evaluator.Config.Mesh, c.meshConfig...)
	if err != nil {
		return nil, err
	}
	if standing {
		return loadStanding(settings, c.objects, c.namespace)
	}
	return loadOver(settings, c, docs)
}

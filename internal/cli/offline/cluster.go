package offline

import (
	"cmp"
	"context"
	"slices"

	"github.com/tlsward/tlsward/internal/cli/live"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/webhook/admission"
)

// cluster is what files are laid over.
type cluster struct {
	objects      []manifests.Document
	controlPlane []manifests.Document // what configures it
	namespace    string               // of objects that name none
	replace      bool                 // see Source.Replace
	notes        []string
	// earlier is the mesh of the files' earlier state over the cluster; nil where it does not count.
	earlier *Mesh
}

// cluster returns what s lays files over.
func (s Source) cluster(ctx context.Context, evaluator *admission.Evaluator) (cluster, error) {
	if s.IsLive() {
		return s.readCluster(ctx, evaluator.Config.Mesh.Revision)
	}
	return cluster{namespace: cmp.Or(s.Namespace, "default")}, nil
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
	configuring, more, err := live.ControlPlane(ctx, client, revision)
	if err != nil {
		return cluster{}, err
	}
	return cluster{objects: objects, controlPlane: configuring, namespace: namespace, replace: s.Replace, notes: append(notes, more...)}, nil
}

// mesh returns the mesh of documents over the cluster; of its own objects if they are to be judged as they stand. Documents that
// configure the control plane go before the cluster's.
func (c cluster) mesh(evaluator *admission.Evaluator, docs []manifests.Document, standing bool) (*Mesh, error) {
	config := evaluator.Config.Mesh
	configured, err := controlPlane(slices.Concat(c.controlPlane, docs), c.namespace, config.Revision)
	if err != nil {
		return nil, err
	}
	settings, err := configured.Settings()
	if err == nil {
		settings, err = admission.MeshSettings(config, settings)
	}
	if err != nil {
		return nil, err
	}
	if standing {
		return loadStanding(settings, c.objects, c.namespace)
	}
	return loadOver(settings, c, docs)
}

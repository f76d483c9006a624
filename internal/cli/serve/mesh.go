package serve

import (
	"cmp"
	"context"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/controllers/follow"
	"github.com/tlsward/tlsward/internal/istiod"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook"
	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/assume"
	"github.com/tlsward/tlsward/webhook/informer"
)

// meshSource is where reviews find the mesh. get and synced are nil without a cluster.
type meshSource struct {
	cache  *assume.Cache
	get    func(context.Context, mesh.Ref) (*mesh.Object, error)
	synced func() error
}

// followed returns the mesh as controllers follow it.
func (m meshSource) followed(hooks *webhook.Webhooks, ready func() error) follow.Source {
	return follow.Source{
		Mesh:    func() *mesh.Snapshot { return m.cache.View().Stored },
		Changed: m.cache.Changed, Evaluator: hooks.Evaluator, Ready: ready,
	}
}

// mesh reads the files, or watches the cluster.
func (s *server) mesh(cfg *v1alpha1.Config) (meshSource, error) {
	settings, err := admission.MeshSettings(cfg.Mesh, mesh.DefaultSettings())
	if err != nil {
		return meshSource{}, err
	}
	settings = s.atIstiod(settings)
	if s.Manifests != "" {
		objects, notes, err := readManifests(s.Manifests)
		for _, note := range notes {
			s.log.Warn(note)
		}
		if err != nil {
			return meshSource{}, err
		}
		cache := assume.NewCache(settings, objects...)
		s.metrics.Mesh(cache)
		return meshSource{cache: cache}, nil
	}
	cache := assume.NewCache(settings)
	s.metrics.Mesh(cache)
	informers := informer.New(informer.Options{Cluster: s.manager, Cache: cache, Log: s.log})
	return meshSource{cache: cache, get: informers.Get, synced: informers.Synced}, s.group.Add(informers)
}

// atIstiod returns settings with istiod's namespace, Istio's usual one where none is read.
func (s *server) atIstiod(settings mesh.Settings) mesh.Settings {
	settings.IstiodNamespace = cmp.Or(s.IstioNamespace, istiod.Namespace)
	return settings
}

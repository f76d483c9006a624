package serve

import (
	"context"
	"fmt"

	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/kubeconfig"
	"github.com/tlsward/tlsward/mesh"
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

// mesh reads the files, or watches the cluster.
func (s *server) mesh(cfg *v1alpha1.Config) (meshSource, error) {
	settings := admission.MeshSettings(cfg.Mesh)
	if s.Manifests != "" {
		objects, err := readManifests(s.Manifests)
		if err != nil {
			return meshSource{}, err
		}
		cache := assume.NewCache(settings, objects...)
		s.metrics.Mesh(cache)
		return meshSource{cache: cache}, nil
	}
	rest, err := s.rest()
	if err != nil {
		return meshSource{}, err
	}
	cache := assume.NewCache(settings)
	informers, err := informer.New(informer.Options{Config: rest, Cache: cache, Log: s.log})
	if err != nil {
		return meshSource{}, err
	}
	s.metrics.Mesh(cache)
	s.background = append(s.background, informers.Start)
	return meshSource{cache: cache, get: informers.Get, synced: informers.Synced}, nil
}

// rest returns how to reach the API server.
func (s *server) rest() (*rest.Config, error) {
	c, err := kubeconfig.Load(s.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("find the API server (--kubeconfig; or --manifests to do without): %w", err)
	}
	return c, nil
}

package main

import (
	"context"
	"fmt"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook"
	"github.com/tlsward/tlsward/webhook/informer"
)

// meshSource is where reviews find the mesh. fetch and ready are nil without a cluster.
type meshSource struct {
	store *webhook.Store
	fetch func(context.Context, mesh.Ref) (*mesh.Object, error)
	ready func() error
}

// mesh reads the files, or follows the cluster.
func (s *service) mesh(cfg *v1alpha1.Config) (meshSource, error) {
	settings := webhook.MeshSettings(cfg.Mesh)
	if s.manifests != "" {
		objects, err := readManifests(s.manifests)
		if err != nil {
			return meshSource{}, err
		}
		store := webhook.NewStore(settings, objects...)
		s.metrics.Follow(store)
		return meshSource{store: store}, nil
	}
	rest, err := s.rest()
	if err != nil {
		return meshSource{}, err
	}
	store := webhook.NewStore(settings)
	following, err := informer.New(informer.Options{Config: rest, Store: store, Log: s.log})
	if err != nil {
		return meshSource{}, err
	}
	s.metrics.Follow(store)
	s.background = append(s.background, following.Run)
	return meshSource{store: store, fetch: following.Fetch, ready: following.Synced}, nil
}

// rest finds the API server: --kubeconfig, $KUBECONFIG, the pod's service account, ~/.kube/config.
func (s *service) rest() (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = s.kubeconfig
	c, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("find the API server (--kubeconfig; or --manifests to do without): %w", err)
	}
	c.UserAgent = "tlsward"
	return c, nil
}

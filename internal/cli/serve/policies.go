package serve

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/policies/bundles"
	"github.com/tlsward/tlsward/webhook/informer"
)

// policySources are the places that policies beside the built-in ones come from.
type policySources struct {
	// feed holds those of ConfigMaps; known is true once they have been read.
	feed  policies.MemorySource
	maps  atomic.Pointer[[]*corev1.ConfigMap]
	known atomic.Bool
	// opa fetches bundles; nil where none are configured.
	opa *bundles.Service
}

// compile compiles the first policies: the built-in ones and those of directories and bundles.
func (s *server) compile(ctx context.Context, cfg *v1alpha1.Config, from *policySources) (*policies.Reloader, error) {
	sources := []policies.Source{&from.feed}
	for _, dir := range s.Policies {
		sources = append(sources, policies.Dir(dir))
	}
	if from.opa != nil {
		sources = append(sources, from.opa)
	}
	return policies.NewReloader(ctx, cfg, sources...)
}

// watchConfigMaps reloads with the policies in ConfigMaps of the program's own namespace: whoever may write those may
// run the program anyway.
func (s *server) watchConfigMaps(r *reloader, from *policySources) error {
	if s.PolicySelector == "" {
		from.known.Store(true)
		return nil
	}
	if s.Namespace == "" {
		return errors.New("--policy-selector needs --namespace")
	}
	selector, err := labels.Parse(s.PolicySelector)
	if err != nil {
		return fmt.Errorf("--policy-selector: %w", err)
	}
	rest, err := s.rest()
	if err != nil {
		return err
	}
	s.background = append(s.background, func(ctx context.Context) error {
		return informer.ConfigMaps{Config: rest, Namespace: s.Namespace, Selector: selector,
			Changed: func(found []*corev1.ConfigMap) {
				files := map[string]string{}
				for _, c := range found {
					maps.Copy(files, policies.ConfigMapFiles(c.Namespace, c.Name, c.Data))
				}
				from.maps.Store(&found)
				from.feed.Set(files)
				if changed, err := r.policies.Refresh(ctx); changed {
					r.policiesChanged(err)
				}
				from.known.Store(true)
			}}.Start(ctx)
	})
	return nil
}

// configMaps returns the ConfigMaps that hold policies.
func (p *policySources) configMaps() []*corev1.ConfigMap {
	if found := p.maps.Load(); found != nil {
		return *found
	}
	return nil
}

// ready returns why the policies of ConfigMaps are not known yet.
func (p *policySources) ready() error {
	if p.known.Load() {
		return nil
	}
	return errors.New("waiting for the policies in ConfigMaps")
}

package serve

import (
	"context"
	"errors"
	"maps"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/policies/bundles"
	"github.com/tlsward/tlsward/webhook/informer"
)

// policySources are the places that policies beside the built-in ones come from.
type policySources struct {
	dirs []string
	// feed holds those of ConfigMaps; known is set once they have been read.
	feed  policies.MemorySource
	maps  atomic.Pointer[[]*corev1.ConfigMap]
	known atomic.Bool
	// opa fetches bundles; nil where none are configured.
	opa *bundles.Service
}

// policySources fetches the first bundles.
func (s *server) policySources(ctx context.Context) (*policySources, error) {
	opa, err := s.startOPA(ctx)
	if err != nil {
		return nil, err
	}
	p := &policySources{dirs: s.Policies, opa: opa}
	if s.PolicySelector == "" {
		p.feed.Set(nil)
		p.known.Store(true)
	}
	return p, nil
}

// compile compiles the first policies: the built-in ones and those of directories and bundles.
func (p *policySources) compile(ctx context.Context, cfg *v1alpha1.Config) (*policies.Reloader, error) {
	sources := []policies.Source{&p.feed}
	for _, dir := range p.dirs {
		sources = append(sources, policies.Dir(dir))
	}
	if p.opa != nil {
		sources = append(sources, p.opa)
	}
	return policies.NewReloader(ctx, cfg, sources...)
}

// watchConfigMaps reloads with the policies in ConfigMaps of the program's own namespace: whoever may write those may
// run the program anyway.
func (r *reloader) watchConfigMaps() error {
	if r.s.PolicySelector == "" {
		return nil
	}
	from := r.sources
	return r.s.group.Add(informer.ConfigMaps{Cache: r.s.manager.GetCache(), Changed: func(ctx context.Context, found []*corev1.ConfigMap) {
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
	}})
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

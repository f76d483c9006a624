package main

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/config"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook"
	"github.com/tlsward/tlsward/webhook/informer"
)

// bench puts a new judge into office whenever the configuration or the policies change: compiled aside, swapped at
// once. What is broken is logged, counted and shown at /readyz?verbose; the last good one stays.
type bench struct {
	s        *service
	handler  *webhook.Handler
	store    *webhook.Store
	policies *policies.Reloader
	sources  *policySources
	events   *informer.Events // nil where nobody is told

	mu     sync.Mutex
	config *v1alpha1.Config // in force
}

// seat makes handler judge by what is in force now.
func (b *bench) seat() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handler.Use(&webhook.Judge{Config: b.config, Engine: b.policies.Engine()})
}

// follow watches the configuration file (raw is what was read of it) and the policies' directories.
func (b *bench) follow(raw []byte) {
	b.s.metrics.ConfigReloaded(nil)
	b.s.health.Note("policies", func() string { return standing(b.policies.ActivationError()) })
	if len(b.s.policies)+len(b.s.policySelector) > 0 {
		b.s.background = append(b.s.background, func(ctx context.Context) error {
			b.policies.Run(ctx, 0, b.policiesChanged)
			return nil
		})
	}
	if b.s.config == "" {
		return
	}
	var refused atomic.Pointer[error]
	b.s.health.Note("configuration", func() string {
		if err := refused.Load(); err != nil {
			return standing(*err)
		}
		return ""
	})
	b.s.background = append(b.s.background, func(ctx context.Context) error {
		watcher := config.Watcher{
			Path:  b.s.config,
			Apply: func(next *v1alpha1.Config) error { return b.configure(ctx, next) },
			Report: func(err error) {
				refused.Store(&err)
				b.configChanged(err)
			},
		}
		watcher.Run(ctx, raw)
		return nil
	})
}

// standing says that something newer was refused, "" for nil.
func standing(refused error) string {
	if refused == nil {
		return ""
	}
	return "the last good one is in force; refused: " + refused.Error()
}

// configure puts a configuration into force, or leaves all as it is.
func (b *bench) configure(ctx context.Context, next *v1alpha1.Config) error {
	if err := b.policies.Configure(ctx, next); err != nil {
		return err
	}
	b.mu.Lock()
	moved := !reflect.DeepEqual(b.config.Mesh, next.Mesh)
	b.config = next
	b.mu.Unlock()
	if moved {
		b.store.Configure(webhook.MeshSettings(next.Mesh))
	}
	b.seat()
	return nil
}

func (b *bench) configChanged(err error) {
	b.s.metrics.ConfigReloaded(err)
	if err != nil {
		b.warnPod(configurationRefused, err)
		b.s.log.Error("configuration refused; the last good one stays", "file", b.s.config, "error", err.Error())
		return
	}
	b.s.log.Info("configuration applied", "file", b.s.config)
}

func (b *bench) policiesChanged(err error) {
	b.s.metrics.PoliciesReloaded(err)
	b.seat() // of several sources one may be refused and another not
	if err != nil {
		b.warnPod(policiesRefused, err)
		b.warnConfigMaps(err)
		b.s.log.Error("policies refused; the last good ones stay", "error", err.Error())
		return
	}
	b.s.log.Info("policies applied")
}

package main

import (
	"context"
	"reflect"
	"sync/atomic"

	"github.com/tlsward/tlsward/config"
	"github.com/tlsward/tlsward/webhook"
)

// follow puts each new content of the configuration file into force: policies compiled aside, then swapped at once.
// A broken one is logged, counted and shown at /readyz?verbose; the last good one stays.
func (s *service) follow(handler *webhook.Handler, store *webhook.Store, loaded *config.Config, raw []byte) {
	if s.config == "" {
		return
	}
	var refused atomic.Pointer[string]
	s.health.Note("configuration", func() string {
		if why := refused.Load(); why != nil {
			return "the last good one is in force; refused: " + *why
		}
		return ""
	})
	s.background = append(s.background, func(ctx context.Context) error {
		current := loaded
		watcher := config.Watcher{
			Path: s.config,
			Apply: func(next *config.Config) error {
				judge, err := webhook.NewJudge(ctx, next, s.sources()...)
				if err != nil {
					return err
				}
				if !reflect.DeepEqual(current.Mesh, next.Mesh) {
					store.Configure(webhook.MeshSettings(next.Mesh))
				}
				handler.Use(judge)
				current = next
				return nil
			},
			Report: func(err error) {
				s.metrics.Reloaded(err)
				if err == nil {
					refused.Store(nil)
					s.log.Info("configuration applied", "file", s.config)
					return
				}
				why := err.Error()
				refused.Store(&why)
				s.log.Error("configuration refused; the last good one stays", "file", s.config, "error", why)
			},
		}
		watcher.Run(ctx, raw)
		return nil
	})
}

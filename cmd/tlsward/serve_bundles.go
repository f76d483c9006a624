package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/tlsward/tlsward/policies/bundles"
	"github.com/tlsward/tlsward/webhook"
)

// bundlePatience is how long the first policies may take to come. A server without them must not judge; whoever
// restarts it tries again. With `persist: true` in OPA's configuration the last ones are on disk.
const bundlePatience = 30 * time.Second

// opa starts OPA's plugins: bundles and decision logs. It is nil where none are configured.
func (s *service) opa(ctx context.Context) (*bundles.Service, error) {
	if s.opaConfig == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(s.opaConfig)
	if err != nil {
		return nil, fmt.Errorf("read the OPA configuration: %w", err)
	}
	o, err := bundles.New(ctx, raw, s.log)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.opaConfig, err)
	}
	if err := o.Start(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", s.opaConfig, err)
	}
	waiting, stop := context.WithTimeout(ctx, bundlePatience)
	defer stop()
	if err := o.Wait(waiting); err != nil {
		return nil, fmt.Errorf("fetch policies: %w", err)
	}
	return o, nil
}

// followBundles feeds b with what OPA fetches.
func (s *service) followBundles(b *bench, o *bundles.Service) {
	if o == nil {
		return
	}
	s.background = append(s.background, func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				// The context of the work is over; what is left to send still has a moment.
				last, stop := context.WithTimeout(context.WithoutCancel(ctx), s.drain)
				defer stop()
				o.Stop(last)
				return nil
			case <-o.Changed():
			}
			if changed, err := b.policies.Refresh(ctx); changed && ctx.Err() == nil {
				b.policiesChanged(err)
			}
		}
	})
}

// logDecisions gives the handler's hook for OPA's decision log; nil where there is none.
func (s *service) logDecisions(o *bundles.Service) func(context.Context, webhook.Decided) {
	if o == nil || !o.LogsDecisions() {
		return nil
	}
	return func(ctx context.Context, d webhook.Decided) {
		err := o.Log(ctx, bundles.Decision{ID: d.UID, Time: d.Time, Input: d.Input, Violations: d.Violations, Err: d.Err})
		if err != nil {
			s.log.Error("decision not logged", "uid", d.UID, "error", err.Error())
		}
	}
}

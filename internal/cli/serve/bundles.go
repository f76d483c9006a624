package serve

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
func (s *server) opa(ctx context.Context) (*bundles.Service, error) {
	if s.OPAConfig == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(s.OPAConfig)
	if err != nil {
		return nil, fmt.Errorf("read the OPA configuration: %w", err)
	}
	o, err := bundles.New(ctx, raw, s.log)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.OPAConfig, err)
	}
	if err := o.Start(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", s.OPAConfig, err)
	}
	waiting, stop := context.WithTimeout(ctx, bundlePatience)
	defer stop()
	if err := o.Wait(waiting); err != nil {
		return nil, fmt.Errorf("fetch policies: %w", err)
	}
	return o, nil
}

// watchBundles reloads the policies when OPA has fetched others.
func (s *server) watchBundles(r *reloader, o *bundles.Service) {
	if o == nil {
		return
	}
	s.background = append(s.background, func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				// The context of the work is over; what is left to send still has a moment.
				last, stop := context.WithTimeout(context.WithoutCancel(ctx), s.Drain)
				defer stop()
				o.Stop(last)
				return nil
			case <-o.Changed():
			}
			if changed, err := r.policies.Refresh(ctx); changed && ctx.Err() == nil {
				r.policiesChanged(err)
			}
		}
	})
}

// logDecisions returns the handler's hook for OPA's decision log; nil where there is none.
func (s *server) logDecisions(o *bundles.Service) func(context.Context, webhook.DecisionRecord) {
	if o == nil || !o.LogsDecisions() {
		return nil
	}
	return func(ctx context.Context, d webhook.DecisionRecord) {
		err := o.Log(ctx, bundles.Decision{ID: d.UID, Time: d.Time, Input: d.Input, Violations: d.Violations, Err: d.Err})
		if err != nil {
			s.log.Error("decision not logged", "uid", d.UID, "error", err.Error())
		}
	}
}

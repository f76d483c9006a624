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

// startOPA starts OPA's plugins: bundles and decision logs. It returns nil where none are configured.
func (s *server) startOPA(ctx context.Context) (*bundles.Service, error) {
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

// stopOPA ends OPA's plugins once no reviews are decided any more. What is left to send still has a moment.
func (s *server) stopOPA(o *bundles.Service) {
	if o == nil {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), s.Drain)
	defer stop()
	o.Stop(ctx)
}

// watchBundles reloads the policies when OPA has fetched others.
func (r *reloader) watchBundles() error {
	o := r.sources.opa
	if o == nil {
		return nil
	}
	return r.s.group.Add(everyReplica(func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-o.Changed():
			}
			if changed, err := r.policies.Refresh(ctx); changed && ctx.Err() == nil {
				r.policiesChanged(err)
			}
		}
	}))
}

// decisionLog returns the webhook's hook for OPA's decision log; nil where there is none.
func (s *server) decisionLog(o *bundles.Service) func(context.Context, webhook.DecisionRecord) {
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

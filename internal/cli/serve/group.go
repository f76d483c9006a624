package serve

import (
	"context"
	"errors"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// group runs what the server consists of until ctx is done. It is the manager, or a standalone.
type group interface {
	Add(manager.Runnable) error
	Start(ctx context.Context) error
}

// standalone runs the same Runnables without a cluster, which a manager cannot be without.
type standalone struct{ runnables []manager.Runnable }

// Add takes a Runnable. Those added last are stopped first.
func (s *standalone) Add(r manager.Runnable) error {
	s.runnables = append(s.runnables, r)
	return nil
}

// Start runs all Runnables until ctx is done or one of them fails, then stops them one after the other.
func (s *standalone) Start(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var stops []func() error
	for _, r := range s.runnables {
		running, cancel := context.WithCancel(context.WithoutCancel(ctx))
		done := make(chan error, 1)
		go func() {
			err := r.Start(running)
			if err != nil {
				fail(err)
			}
			done <- err
		}()
		stops = append(stops, func() error { cancel(); return <-done })
	}
	<-ctx.Done()
	var errs []error
	for _, stop := range slices.Backward(stops) {
		errs = append(errs, stop())
	}
	return errors.Join(errs...)
}

// everyReplica is a Runnable that does not wait for the manager's election.
type everyReplica func(context.Context) error

// Start runs f until ctx is done.
func (f everyReplica) Start(ctx context.Context) error { return f(ctx) }

// NeedLeaderElection returns false.
func (f everyReplica) NeedLeaderElection() bool { return false }

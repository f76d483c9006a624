package kube

import (
	"context"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// The times of the election. Nothing that serves waits for it: every replica judges reviews, and every replica repairs a
// wiped bundle.
const (
	leaseDuration = 15 * time.Second
	renewDeadline = 10 * time.Second
	retryPeriod   = 2 * time.Second
)

// Takeover returns how long at most no replica leads after a leader was killed. The others read its Lease every
// retryPeriod, and up to JitterFactor of that later: one may see the last renewal that late, counts the leaseDuration from
// then, and may read that late once more (k8s.io/client-go/tools/leaderelection).
func Takeover() time.Duration {
	read := retryPeriod + time.Duration(leaderelection.JitterFactor*float64(retryPeriod))
	return read + leaseDuration + read
}

// Election elects the one replica that rotates the CA and closes the webhook.
type Election struct {
	lock    resourcelock.Interface
	onStart []func()

	mu      sync.Mutex
	leading bool
}

// NewElection returns an election by a Lease, in which this replica is name.
func NewElection(config *rest.Config, namespace, lease, name string) (*Election, error) {
	config = rest.CopyConfig(config)
	config.Timeout = renewDeadline / 2
	client, err := coordination.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return &Election{lock: &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: lease},
		Client:     client,
		LockConfig: resourcelock.ResourceLockConfig{Identity: name},
	}}, nil
}

// OnStartedLeading registers a function that is called each time this replica begins to lead. Call it before Run.
func (e *Election) OnStartedLeading(do func()) { e.onStart = append(e.onStart, do) }

// IsLeader reports whether this replica leads now.
func (e *Election) IsLeader() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.leading
}

// startedLeading may be called late, from a goroutine of its own: it has no effect once the term is over.
func (e *Election) startedLeading(term context.Context) {
	e.mu.Lock()
	e.leading = term.Err() == nil
	e.mu.Unlock()
	for _, do := range e.onStart {
		do()
	}
}

func (e *Election) stoppedLeading() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.leading = false
}

// Run takes part until ctx is done, and releases the Lease then.
func (e *Election) Run(ctx context.Context) error {
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: e.lock, LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod, ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: e.startedLeading, OnStoppedLeading: e.stoppedLeading},
	})
	if err != nil {
		return fmt.Errorf("stand for election: %w", err)
	}
	for ctx.Err() == nil {
		elector.Run(ctx)
	}
	return nil
}

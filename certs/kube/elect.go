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

// The times of the election. Nothing that serves waits for it: every replica judges, and every replica mends a wiped
// bundle.
const (
	term     = 15 * time.Second
	deadline = 10 * time.Second
	retry    = 2 * time.Second
)

// Takeover is how long nobody leads, at most, after a leader was killed. The others look at its Lease every retry and
// up to JitterFactor as much again: one may see the last renewal that late, counts the term from then, and may look
// that late once more.
func Takeover() time.Duration {
	look := retry + time.Duration(leaderelection.JitterFactor*float64(retry))
	return look + term + look
}

// Election finds the one replica that rotates the CA and closes the webhook.
type Election struct {
	lock resourcelock.Interface
	wake []func()

	mu      sync.Mutex
	leading bool
}

// NewElection prepares to stand for election as name, with a Lease.
func NewElection(config *rest.Config, namespace, lease, name string) (*Election, error) {
	config = rest.CopyConfig(config)
	config.Timeout = deadline / 2
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

// Notify has wake called each time this replica begins to lead. Call it before Run.
func (e *Election) Notify(wake func()) { e.wake = append(e.wake, wake) }

// Leading says whether this replica leads now.
func (e *Election) Leading() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.leading
}

// begin may come late, from a goroutine of its own: after the term has ended it must not count any more.
func (e *Election) begin(term context.Context) {
	e.mu.Lock()
	e.leading = term.Err() == nil
	e.mu.Unlock()
	for _, wake := range e.wake {
		wake()
	}
}

func (e *Election) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.leading = false
}

// Run stands for election until ctx is done, and gives the Lease back then.
func (e *Election) Run(ctx context.Context) error {
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: e.lock, LeaseDuration: term, RenewDeadline: deadline, RetryPeriod: retry, ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: e.begin, OnStoppedLeading: e.end},
	})
	if err != nil {
		return fmt.Errorf("stand for election: %w", err)
	}
	for ctx.Err() == nil {
		elector.Run(ctx)
	}
	return nil
}

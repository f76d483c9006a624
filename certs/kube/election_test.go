package kube

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// lease is the Lease that replicas share.
type lease struct {
	mu     sync.Mutex
	record *resourcelock.LeaderElectionRecord
}

// lock is a replica's access to a lease. Once it is cut, every request fails, as if the replica was killed.
type lock struct {
	*lease
	name string
	cut  bool
}

func (l *lock) Get(context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.cut:
		return nil, nil, errors.New("cut")
	case l.record == nil:
		return nil, nil, apierrors.NewNotFound(schema.GroupResource{Resource: "leases"}, "leader")
	}
	raw, err := json.Marshal(l.record)
	record := *l.record
	return &record, raw, err
}

func (l *lock) Create(ctx context.Context, r resourcelock.LeaderElectionRecord) error {
	return l.Update(ctx, r)
}

func (l *lock) Update(_ context.Context, r resourcelock.LeaderElectionRecord) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return errors.New("cut")
	}
	l.record = &r
	return nil
}

func (l *lock) RecordEvent(string) {}
func (l *lock) Identity() string   { return l.name }
func (l *lock) Describe() string   { return l.name }

func (l *lock) sever() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
}

// candidate is a running Election.
type candidate struct {
	*Election
	lock    *lock
	stop    context.CancelFunc
	started atomic.Int32 // how often it began to lead
}

func run(t *testing.T, shared *lease, name string) *candidate {
	ctx, stop := context.WithCancel(t.Context())
	l := &lock{lease: shared, name: name}
	c := &candidate{Election: &Election{lock: l}, lock: l, stop: stop}
	c.OnStartedLeading(func() { c.started.Add(1) })
	go func() { _ = c.Run(ctx) }()
	return c
}

func TestElection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := &lease{}
		a := run(t, shared, "a")
		time.Sleep(time.Second)
		b := run(t, shared, "b")
		time.Sleep(time.Minute)
		if !a.IsLeader() || b.IsLeader() || a.started.Load() != 1 {
			t.Fatalf("a leads: %v (%d times), b: %v; want the first alone", a.IsLeader(), a.started.Load(), b.IsLeader())
		}
		a.stop() // releases the Lease
		time.Sleep(2*retryPeriod + retryPeriod*2)
		if a.IsLeader() || !b.IsLeader() || b.started.Load() != 1 {
			t.Errorf("after the leader ended: a leads: %v, b: %v (%d times)", a.IsLeader(), b.IsLeader(), b.started.Load())
		}
		b.stop()
		synctest.Wait()
	})
}

// Whenever the leader dies, another leads after Takeover at the latest, and never two do at once.
func TestTakeover(t *testing.T) {
	for after := time.Minute; after < time.Minute+retryPeriod; after += 300 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			shared := &lease{}
			a := run(t, shared, "a")
			time.Sleep(time.Second)
			b := run(t, shared, "b")
			time.Sleep(after)
			a.lock.sever()
			for died := time.Now(); !b.IsLeader(); time.Sleep(10 * time.Millisecond) {
				if time.Since(died) > Takeover() {
					t.Fatalf("nobody leads after %s", time.Since(died))
				}
			}
			if a.IsLeader() {
				t.Error("two replicas lead")
			}
			a.stop()
			b.stop()
			synctest.Wait()
		})
	}
}

package ha

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// notice is how long a balancer takes to leave a replica that ends: the time in which a cluster's endpoints spread.
const notice = time.Second

// fleet is the replicas behind one address.
type fleet struct {
	t        *testing.T
	program  cluster.Program
	balancer *balancer
	replicas []*cluster.Replica
	// slowest is the longest time from a start to readiness.
	slowest time.Duration
	starts  int
}

// launch starts n replicas. They are ended with the test.
func (f *fleet) launch(n int) {
	f.t.Helper()
	f.t.Cleanup(func() {
		for _, r := range f.replicas {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			if err := r.Stop(ctx); err != nil {
				f.t.Error(err)
			}
			cancel()
		}
		if f.t.Failed() && len(f.replicas) > 0 {
			f.t.Log(f.replicas[0].Tail())
		}
	})
	for range n {
		if err := f.start(f.t.Context()); err != nil {
			f.t.Fatal(err)
		}
	}
}

// start adds a replica, and puts it into the rotation once it is ready.
func (f *fleet) start(ctx context.Context) error {
	begin := time.Now()
	r, err := f.program.Start()
	if err != nil {
		return err
	}
	f.replicas = append(f.replicas, r)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := r.AwaitReady(ctx); err != nil {
		return err
	}
	f.slowest = max(f.slowest, time.Since(begin))
	f.starts++
	f.balancer.add(address(r))
	return nil
}

// replace is one step of a rolling restart: a new replica first, then the oldest is told to end.
func (f *fleet) replace(ctx context.Context) error {
	if err := f.start(ctx); err != nil {
		return fmt.Errorf("replace a replica: %w", err)
	}
	old := f.shift()
	time.AfterFunc(notice, func() { f.balancer.remove(address(old)) })
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return old.Stop(ctx)
}

// roll restarts all replicas, one after the other.
func (f *fleet) roll(ctx context.Context) error {
	for range len(f.replicas) {
		if err := f.replace(ctx); err != nil {
			return err
		}
	}
	return nil
}

// kill ends the oldest replica without a word, and starts another one. What it had in hand is lost.
func (f *fleet) kill(ctx context.Context, lost *spells) error {
	old := f.shift()
	if err := lost.during(inHand, old.Kill); err != nil {
		return err
	}
	time.AfterFunc(notice, func() { f.balancer.remove(address(old)) })
	return f.start(ctx)
}

func (f *fleet) shift() *cluster.Replica {
	old := f.replicas[0]
	f.replicas = f.replicas[1:]
	return old
}

func address(r *cluster.Replica) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.Port)) }

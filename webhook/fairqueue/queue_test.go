package fairqueue

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func enter(t *testing.T, q *Queue, user string) *Place {
	t.Helper()
	p, ok := q.Enter(Flow{User: user}, 1)
	if !ok {
		t.Fatalf("no room for %s", user)
	}
	return p
}

func TestPlaceWaitsForItsTurn(t *testing.T) {
	q := New(roomy(1))
	first, second := enter(t, q, "a"), enter(t, q, "b")
	if err := first.Sit(t.Context()); err != nil {
		t.Fatal(err)
	}
	sits := make(chan error)
	go func() { sits <- second.Sit(t.Context()) }()
	for q.Waiting() == 0 {
		time.Sleep(time.Millisecond)
	}
	select {
	case err := <-sits:
		t.Fatalf("two have the one seat: %v", err)
	default:
	}
	first.Leave()
	if err := <-sits; err != nil {
		t.Errorf("the second got no seat: %v", err)
	}
	second.Leave()
	if n := q.InHand(); n != 0 {
		t.Errorf("all have left, and %d are in hand", n)
	}
}

func TestPlaceWaitsNoLongerThanItsContext(t *testing.T) {
	q := New(roomy(1))
	first, second := enter(t, q, "a"), enter(t, q, "b")
	if err := first.Sit(t.Context()); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	for range 2 { // while it waits, and when it is over already
		if err := second.Sit(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	}
	second.Leave()
	first.Leave()
	third := enter(t, q, "c")
	if err := third.Sit(t.Context()); err != nil {
		t.Errorf("who gave up holds the seat: %v", err)
	}
	third.Leave()
}

func TestIdleLeavesItsSeatToOthers(t *testing.T) {
	q := New(roomy(1))
	idle, other := enter(t, q, "a"), enter(t, q, "b")
	if err := idle.Sit(t.Context()); err != nil {
		t.Fatal(err)
	}
	idle.Idle(t.Context(), func() {
		if err := other.Sit(t.Context()); err != nil {
			t.Error(err)
		}
		other.Stand()
	})
	if other.Leave(); q.scheduler.free != 0 {
		t.Error("it has no seat again")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	idle.Idle(ended, func() {})
	if idle.Leave(); q.scheduler.free != 1 {
		t.Errorf("%d seats are free, want 1", q.scheduler.free)
	}
}

// However many come, give up, idle and leave, there are never more at work than seats, and none is lost.
func TestCrowd(t *testing.T) {
	const seats = 3
	q := New(roomy(seats))
	var working, most atomic.Int64
	work := func() {
		most.Store(max(most.Load(), working.Add(1)))
		time.Sleep(50 * time.Microsecond)
		working.Add(-1)
	}
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			p, ok := q.Enter(Flow{User: string(rune('a' + i%7))}, 1)
			if !ok {
				t.Error("no room")
				return
			}
			defer p.Leave()
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%5)*time.Millisecond)
			defer cancel()
			if p.Sit(ctx) != nil {
				return
			}
			work()
			p.Idle(t.Context(), func() {})
			work()
		})
	}
	all.Wait()
	if most.Load() > seats {
		t.Errorf("%d at work at once, of %d seats", most.Load(), seats)
	}
	if q.scheduler.free != seats || q.InHand() != 0 || q.Waiting() != 0 {
		t.Errorf("%d seats are free, %d in hand, %d waiting", q.scheduler.free, q.InHand(), q.Waiting())
	}
}

package fairqueue

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// sender sends one request after the other: it thinks, asks, and holds a seat for as long as its request takes.
type sender struct {
	flow         Flow
	thinks, work time.Duration
	flood        bool
}

// event is something that happens in the simulation: a sender asks, or place gives its seat back.
type event struct {
	at     time.Time
	sender *sender
	place  *Place
	asked  time.Time
}

// simulate plays senders for two minutes on a clock of its own, and returns how long the requests of those took that do
// not flood, in order. flowOf is the line in which a sender waits.
func simulate(seats int, senders []*sender, flowOf func(*sender) Flow) []time.Duration {
	random := rand.New(rand.NewPCG(1, 2))
	s := newScheduler(roomy(seats))
	var events []event
	at := func(e event) {
		i, _ := slices.BinarySearchFunc(events, e, func(a, b event) int { return cmp.Or(a.at.Compare(b.at), -1) })
		events = slices.Insert(events, i, e)
	}
	for _, one := range senders {
		at(event{at: start.Add(time.Duration(random.Int64N(int64(time.Second)))), sender: one})
	}
	waiting := map[*Place]event{}
	var took []time.Duration
	for end := start.Add(2 * time.Minute); events[0].at.Before(end); {
		e := events[0]
		events = events[1:]
		now := e.at
		if e.place == nil {
			p := &Place{line: s.enter(flowOf(e.sender), 0)}
			waiting[p] = event{sender: e.sender, place: p, asked: now}
			s.wait(p)
		} else {
			s.release(e.place, e.sender.work, now)
			s.leave(e.place.line, 0)
			if !e.sender.flood {
				took = append(took, now.Sub(e.asked))
			}
			at(event{at: now.Add(e.sender.thinks + time.Duration(random.Int64N(1+int64(e.sender.thinks)))), sender: e.sender})
		}
		for p := s.next(now); p != nil; p = s.next(now) {
			seated := waiting[p]
			delete(waiting, p)
			work := seated.sender.work
			if !seated.sender.flood { // some take twice as long
				work += time.Duration(random.Int64N(int64(work)))
			}
			seated.at = now.Add(work)
			at(seated)
		}
	}
	slices.Sort(took)
	return took
}

// One who floods slows only itself: whatever it sends, and by however many accounts of its own, the 99th percentile of the
// others at most doubles. In one line for all, it would be far beyond that.
func TestFlood(t *testing.T) {
	var regular []*sender
	for i := range 8 {
		regular = append(regular, &sender{flow: FlowOf(fmt.Sprint("ns-", i), "alice"), thinks: 15 * time.Millisecond, work: time.Millisecond})
	}
	flood := func(n int, work time.Duration) (senders []*sender) {
		for i := range n {
			senders = append(senders, &sender{flow: FlowOf("mallory", fmt.Sprint("system:serviceaccount:mallory:", i)), work: work, flood: true})
		}
		return senders
	}
	own := func(s *sender) Flow { return s.flow }
	same := func(*sender) Flow { return Flow{} }
	for _, tc := range []struct {
		name  string
		seats int
		flood []*sender
	}{
		{"20 of 50 ms, two processors", 2, flood(20, 50*time.Millisecond)},
		{"100 of 50 ms, two processors", 2, flood(100, 50*time.Millisecond)},
		{"20 of 700 ms, two processors", 2, flood(20, 700*time.Millisecond)},
		{"100 of 1 ms, two processors", 2, flood(100, time.Millisecond)},
		{"20 of 50 ms, four processors", 4, flood(20, 50*time.Millisecond)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			all := append(slices.Clone(regular), tc.flood...)
			quiet, flooded, oneLine := p99(simulate(tc.seats, regular, own)), p99(simulate(tc.seats, all, own)), p99(simulate(tc.seats, all, same))
			t.Logf("p99 %s, in a flood %s, in one line with it %s", quiet, flooded, oneLine)
			if flooded > 2*quiet {
				t.Errorf("the flood raises p99 from %s to %s", quiet, flooded)
			}
			if oneLine < 4*quiet {
				t.Errorf("in one line with the flood p99 is %s, and %s without it: this flood is none", oneLine, quiet)
			}
		})
	}
}

func p99(took []time.Duration) time.Duration { return took[len(took)*99/100] }
